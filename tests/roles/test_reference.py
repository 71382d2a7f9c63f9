"""What the documentation says about the variables of roles is what their argument specs say."""

from __future__ import annotations

from tests.roles.reference import BEGIN, PAGE, tables


def test_the_page_of_variables_is_that_of_the_argument_specs() -> None:
    _, _, written = PAGE.read_text().partition(BEGIN)
    assert written.strip() == tables().strip(), "run scripts/role-docs"

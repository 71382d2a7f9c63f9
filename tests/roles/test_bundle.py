"""packaging/bundle brings what the roles ask apt for."""

from __future__ import annotations

from pathlib import Path

import yaml

REPOSITORY = Path(__file__).parents[2]
ROLES = ("mongodb", "rabbitmq", "postgresql", "st2", "nginx")


def test_the_list_of_distribution_packages_is_that_of_the_roles() -> None:
    lines = (REPOSITORY / "packaging/host/packages.debian").read_text().splitlines()
    listed = [line for line in lines if not line.startswith("#")]
    assert listed == sorted(set(listed))
    asked = {"openssl", "logrotate", "nginx"}  # in an expression of nginx, which all families share
    for role in ROLES:
        variables = yaml.safe_load((REPOSITORY / f"roles/{role}/vars/debian.yml").read_text())
        for name, value in variables.items():
            if name.endswith("_packages"):
                asked.update(value)
    asked.update(yaml.safe_load((REPOSITORY / "roles/mongodb/defaults/main.yml").read_text())["mongodb_packages"])
    assert set(listed) == asked

"""Services forget what they remember of content as soon as another process writes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from st2lite.auth.api_keys import ApiKeys
from st2lite.auth.authenticate import Credentials
from st2lite.config.load import load
from st2lite.messaging.messages import ContentChanged
from st2lite.models.action import Action, RunnerType
from st2lite.models.errors import Unauthorized
from st2lite.models.policy import Policy
from st2lite.services import api
from st2lite.services.actionrunner import ActionRunner
from st2lite.services.announcing import AnnouncingStore
from st2lite.services.context import AppContext
from st2lite.storage import cached
from st2lite.storage.contract import Equal, find_one
from st2lite.storage.open import open_store

WaitUntil = Callable[[Callable[[], Any]], bool]


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppContext]:
    """A process that remembers for an hour, unless it is told better."""
    monkeypatch.setattr(cached, "SECONDS", 3600.0)
    monkeypatch.setattr("st2lite.policies.index.SECONDS", 3600.0)
    overrides = {
        "database": {"host": f"sqlite://{tmp_path}/st2.db"},
        "messaging": {"url": "memory://"},
        "system": {"base_path": str(tmp_path)},
    }
    context = AppContext(load(None, overrides))
    context.connect()
    context.store.insert(RunnerType(name="noop", runner_module="noop_runner"))
    context.store.insert(Action(name="act", pack="test", runner_type="noop", description="Before."))
    yield context
    context.close()


@pytest.fixture
def other(context: AppContext, tmp_path: Path) -> Iterator[AnnouncingStore]:
    """The store of another process on the same bus."""
    store = AnnouncingStore(open_store(f"sqlite://{tmp_path}/st2.db"), lambda: context.bus)
    yield store
    store.close()


def known(context: AppContext) -> str | None:
    action = find_one(context.store, Action, Equal("ref", "test.act"))
    return action.description if action else None


def change(other: AnnouncingStore) -> None:
    action = find_one(other, Action, Equal("ref", "test.act"))
    assert action is not None
    action.description = "After."
    other.replace(action)


def accepts(context: AppContext, key: str | None) -> bool:
    try:
        return context.authenticator.authenticate(Credentials(header_api_key=key)).user == "joe"
    except Unauthorized:
        return False


def test_the_api_forgets_an_action(context: AppContext, other: AnnouncingStore, wait_until: WaitUntil) -> None:
    api._open(context, lambda _state: None)
    assert known(context) == "Before."
    change(other)
    assert wait_until(lambda: known(context) == "After.")
    action = find_one(other, Action, Equal("ref", "test.act"))
    assert action is not None and other.delete(Action, action.id)
    assert wait_until(lambda: known(context) is None)


def test_a_key_that_another_process_disables_is_good_for_nothing_at_once(
    context: AppContext, other: AnnouncingStore, wait_until: WaitUntil
) -> None:
    heard: list[ContentChanged] = []
    context.bus.subscribe((ContentChanged,), heard.append)  # type: ignore[arg-type]
    api._open(context, lambda _state: None)
    record, key = context.api_keys.create("joe", {})
    theirs = ApiKeys(other)
    for take_away in (lambda: theirs.update(record.id, enabled=False), lambda: theirs.delete(record.id)):
        assert theirs.update(record.id, enabled=True)
        assert wait_until(lambda: accepts(context, key))
        take_away()
        assert wait_until(lambda: not accepts(context, key))
    assert {(message.kind, bytes(message.body)) for message in heard} == {("api_keys", b"{}")}


def test_the_action_runner_forgets_actions_and_policies(
    context: AppContext, other: AnnouncingStore, wait_until: WaitUntil
) -> None:
    service = ActionRunner(context)
    service.start()
    assert known(context) == "Before."
    assert context.policies.of("test.act").limits == ()
    change(other)
    limit = {"threshold": 1, "action": "delay"}
    other.insert(
        Policy(
            name="one", pack="test", resource_ref="test.act", policy_type="action.concurrency", parameters=limit
        )
    )  # fmt: skip
    assert wait_until(lambda: known(context) == "After.")
    assert wait_until(lambda: len(context.policies.of("test.act").limits) == 1)
    service.stop()

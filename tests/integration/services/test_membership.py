"""The service registry: who is in it, and how processes of one service share a place."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from st2lite.models.service import ServiceMember
from st2lite.services.membership import LEASE, Membership, group_of
from st2lite.storage.contract import Store
from tests.processes import wait_for


def member(store: Store, **options: object) -> Membership:
    return Membership(SimpleNamespace(store=store), {"st2api": ("::1", 9101)}, **options)  # type: ignore[arg-type]


def test_a_process_joins_and_leaves(store: Store) -> None:
    joined = member(store)
    joined.start()
    wait_for(lambda: store.find(ServiceMember))
    (found,) = store.find(ServiceMember)
    assert 0 < found.expires - time.time() <= LEASE
    assert (found.group, found.capabilities["listen_host"]) == ("api", "::1")
    joined.stop()
    assert store.find(ServiceMember) == []


def test_processes_of_one_service_share_a_place(store: Store) -> None:
    clock = [1000.0]
    workers = [member(store, pid=7, clock=lambda: clock[0]) for _ in range(2)]
    for worker in (*workers, *workers):
        clock[0] += 10
        worker.renew()
    (found,) = store.find(ServiceMember)
    assert found.expires == 1040 + LEASE
    workers[0].start()
    workers[0].stop()  # one of them ends, the service goes on
    workers[1].renew()
    assert [found.member_id.rpartition("_")[2] for found in store.find(ServiceMember)] == ["7"]


def test_a_member_that_was_removed_comes_back(store: Store) -> None:
    joined = member(store)
    joined.renew()
    (found,) = store.find(ServiceMember)
    store.delete(ServiceMember, found.id)
    joined.renew()
    assert len(store.find(ServiceMember)) == 1


def test_a_store_that_is_away_harms_nobody(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    store.close()
    joined = member(store)
    joined.start()
    joined.stop()
    assert "Traceback" not in caplog.text


def test_groups_have_the_names_that_clients_know() -> None:
    assert [group_of(name) for name in ("st2api", "st2actionrunner", "st2timersengine")] == [
        "api",
        "actionrunner",
        "timer_engine",
    ]

"""The collector on a real SQLite store: what goes, what stays, and that rounds come in bounded batches."""

import time

import pytest

from st2lite.executions.purging import Purge
from st2lite.models.access import Token
from st2lite.models.datastore import KeyValuePair
from st2lite.models.execution import Execution, OutputChunk
from st2lite.models.ids import new_id
from st2lite.models.rule import RuleEnforcement
from st2lite.models.service import ServiceMember
from st2lite.models.throttle import ThrottleState
from st2lite.models.timestamps import from_epoch
from st2lite.models.trigger import INSTANCE_STATUSES, TriggerInstance
from st2lite.services.retention import COLLECTED, DAY, Collector, Periods

NOW = time.time()
OLD = from_epoch(NOW - 31 * DAY)
YOUNG = from_epoch(NOW - 29 * DAY)


@pytest.fixture
def deletions(store, monkeypatch):
    """Sizes of the batches that are removed."""
    sizes = []
    delete_many = store.delete_many

    def spy(kind, filters, limit=1000):
        count = delete_many(kind, filters, limit)
        sizes.append(count)
        return count

    monkeypatch.setattr(store, "delete_many", spy)
    return sizes


@pytest.fixture
def collector(store):
    def collector(batch=500, **periods):
        chosen = {"executions": 30, "outputs": 7, "trigger_instances": 30, "rule_enforcements": 30, **periods}
        return Collector(store, Purge(store, batch), Periods(**chosen), lambda: NOW)

    return collector


@pytest.fixture
def ended(make):
    """An execution that ended then."""

    def ended(moment, **attributes):
        status = attributes.pop("status", "succeeded")
        return make(start_timestamp=moment, end_timestamp=moment, status=status, **attributes)

    return ended


def keep_output(store, execution, moment=OLD):
    chunk = OutputChunk(
        id=new_id(), execution_id=execution.id, action_ref="core.noop", runner_ref="noop", timestamp=moment,
        output_type="stdout", data="x",
    )  # fmt: skip
    store.insert(chunk)
    return chunk


def ids(store, kind=Execution):
    return {document.id for document in store.find(kind)}


def test_old_completed_executions_go_with_their_output_and_others_stay(store, ended, make, collector):
    for status in ("succeeded", "failed", "timeout", "canceled", "abandoned"):
        keep_output(store, ended(OLD, status=status), YOUNG)
    young = ended(YOUNG)
    unfinished = [make(start_timestamp=OLD, status=status) for status in ("requested", "delayed", "running", "pending")]
    assert collector(outputs=0).collect()["executions"] == 5
    assert ids(store) == {young.id, *(execution.id for execution in unfinished)}
    assert ids(store, OutputChunk) == set()


def test_children_go_with_their_parent_and_not_before(store, ended, collector):
    done = ended(OLD)
    child = ended(OLD, parent=done.id)
    ended(OLD, parent=child.id)
    ended(YOUNG, parent=done.id)
    parent = ended(YOUNG)
    kept = ended(OLD, parent=parent.id)
    assert collector().collect()["executions"] == 4
    assert ids(store) == {parent.id, kept.id}


def test_a_family_stays_while_one_of_it_is_unfinished(store, ended, make, collector):
    parent = ended(OLD)
    child = ended(OLD, parent=parent.id)
    grandchild = make(start_timestamp=OLD, status="running", parent=child.id)
    assert collector().collect()["executions"] == 0
    grandchild.status, grandchild.end_timestamp = "succeeded", YOUNG
    store.replace(grandchild)
    assert collector().collect()["executions"] == 3


def test_an_execution_whose_parent_is_gone_goes_like_a_parent(store, ended, collector):
    ended(OLD, parent=new_id())
    assert collector().collect()["executions"] == 1
    assert ids(store) == set()


def test_what_has_to_stay_does_not_keep_the_rest_from_going(store, ended, make, collector):
    """More unfinished families at the front than a batch holds."""
    for _ in range(5):
        make(start_timestamp=OLD, status="running", parent=ended(from_epoch(NOW - 40 * DAY + _)).id)
    for second in range(5):
        ended(from_epoch(NOW - 39 * DAY + second))
    assert collector(batch=2).collect()["executions"] == 5


def test_batches_are_bounded_and_a_rest_follows_each(store, ended, collector, deletions):
    for second in range(25):
        ended(from_epoch(NOW - 40 * DAY + second))
    rests = []
    purge = Purge(store, 10, lambda: bool(rests.append(1)))
    assert purge.executions(from_epoch(NOW - 30 * DAY)) == 25
    assert max(deletions) <= 10
    assert len(rests) >= 3


def test_it_stops_when_it_is_told_to(store, ended, deletions):
    for second in range(25):
        ended(from_epoch(NOW - 40 * DAY + second))
    Purge(store, 10, lambda: True).executions(from_epoch(NOW))
    assert len(ids(store)) == 15


def test_0_days_is_for_ever(store, ended, collector):
    execution = ended(OLD)
    keep_output(store, execution)
    assert collector(executions=0, outputs=0, trigger_instances=0, rule_enforcements=0).collect() == {}
    assert len(ids(store)) == len(ids(store, OutputChunk)) == 1


def test_a_period_may_be_longer_than_the_calendar(store, ended, collector):
    execution = ended(OLD)
    keep_output(store, execution)
    days = 10**9
    collector(executions=days, outputs=days, trigger_instances=days, rule_enforcements=days).collect()
    assert len(ids(store)) == len(ids(store, OutputChunk)) == 1


def test_output_goes_earlier_than_its_execution_but_not_while_that_runs(store, ended, make, collector):
    done, running = ended(YOUNG), make(start_timestamp=OLD, status="running")
    keep_output(store, done)
    kept = keep_output(store, running)
    recent = keep_output(store, done, from_epoch(NOW - 6 * DAY))
    orphan = keep_output(store, Execution(id=new_id(), action_ref="", action_snapshot="", runner_name="",
                                          runner_snapshot="", liveaction_id="", start_timestamp=OLD))  # fmt: skip
    assert collector().collect()["pieces of output"] == 2
    assert ids(store, OutputChunk) == {kept.id, recent.id}
    assert orphan.id not in ids(store, OutputChunk)


def test_trigger_instances_go_when_they_are_done_with(store, collector):
    for moment in (OLD, YOUNG):
        for status in INSTANCE_STATUSES:
            store.insert(
                TriggerInstance(
                    id=new_id(), trigger="core.t", trigger_type="core.t", occurrence_time=moment, status=status
                )
            )
    assert collector().collect()["trigger instances"] == 2
    left = {(instance.occurrence_time, instance.status) for instance in store.find(TriggerInstance)}
    assert left == {(YOUNG, status) for status in INSTANCE_STATUSES} | {(OLD, "pending"), (OLD, "processing")}


def test_old_enforcements_go(store, collector):
    for moment in (OLD, YOUNG):
        rule = {"ref": "a.b", "id": new_id(), "uid": "rule:a:b"}
        store.insert(RuleEnforcement(id=new_id(), trigger_instance_id=new_id(), rule=rule, enforced_at=moment))
    assert collector().collect()["rule enforcements"] == 1
    assert [each.enforced_at for each in store.find(RuleEnforcement)] == [YOUNG]


def test_what_has_run_out_goes(store, collector):
    past, future = from_epoch(NOW - 1), from_epoch(NOW + 60)
    for index, expiry in enumerate((past, future)):
        store.insert(Token(token_hash=f"hash{index}", user="u", expiry=expiry))
        store.insert(KeyValuePair(name=f"item{index}", value="v", expire_timestamp=expiry))
    store.insert(KeyValuePair(name="for ever", value="v"))
    store.insert(ThrottleState(id=new_id(), rule="r", seconds=60.0, expires=NOW - 1))
    store.insert(ThrottleState(id=new_id(), rule="r", seconds=60.0, expires=NOW - 1, due=NOW + 5))
    store.insert(ThrottleState(id=new_id(), rule="r", seconds=60.0, expires=NOW + 60))
    for name, expires in (("gone", NOW - DAY - 1), ("late", NOW - 60), ("alive", NOW + 90)):
        store.insert(ServiceMember(id=name, group="api", expires=expires))
    assert collector().expire() == {"tokens": 1, "datastore items": 1, "throttles": 1, "services": 1}
    assert [token.token_hash for token in store.find(Token)] == ["hash1"]
    assert {item.name for item in store.find(KeyValuePair)} == {"item1", "for ever"}
    assert len(store.find(ThrottleState)) == 2
    assert {member.id for member in store.find(ServiceMember)} == {"late", "alive"}


def test_everything_that_is_to_be_collected_is(store, ended, collector):
    """The table and the collector agree: each kind of the table has lost a document after a round."""
    keep_output(store, ended(YOUNG))
    ended(OLD)
    store.insert(TriggerInstance(trigger="t", trigger_type="t", occurrence_time=OLD, status="processed"))
    store.insert(RuleEnforcement(trigger_instance_id="i", rule={"ref": "r", "id": "r", "uid": "u"}, enforced_at=OLD))
    store.insert(Token(token_hash="hash", user="u", expiry=OLD))
    store.insert(KeyValuePair(name="item", value="v", expire_timestamp=OLD))
    store.insert(ThrottleState(rule="r", seconds=60.0, expires=1.0))
    store.insert(ServiceMember(id="gone", group="api", expires=1.0))
    before = {kind: store.count(kind) for kind in COLLECTED}
    subject = collector()
    subject.collect()
    subject.expire()
    assert {kind for kind in COLLECTED if store.count(kind) < before[kind]} == COLLECTED


@pytest.mark.parametrize("dry", [True, False])
def test_purging_by_hand_can_be_tried_first(store, ended, make, dry):
    parent = ended(OLD)
    ended(OLD, parent=parent.id)
    make(start_timestamp=OLD, status="running")
    purge = Purge(store, 2)
    assert purge.executions(from_epoch(NOW), dry=dry) == 2
    assert len(ids(store)) == (3 if dry else 1)
    assert purge.executions(from_epoch(NOW), incomplete=True, dry=dry) == (3 if dry else 1)
    assert len(ids(store)) == (3 if dry else 0)


def test_purging_one_action_takes_it_wherever_it_ran(store, ended, make):
    chain = ended(YOUNG)
    ended(YOUNG, parent=chain.id)
    task = store.get(Execution, chain.id)
    task.action_ref = "my.chain"
    store.replace(task)
    assert Purge(store).executions(from_epoch(NOW), action="core.noop") == 1
    assert ids(store) == {chain.id}

"""The windows of throttled rules, as changes of their state."""

import copy
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from st2lite.models.throttle import KINDS, MOST_EVENTS, Firing, Throttle, ThrottleState
from st2lite.reactor.windows import advance, close, settle


def fresh(seconds=10):
    return ThrottleState(rule="r", seconds=seconds)


def run(throttle, moments, state=None):
    """Events e0, e1, ... at these moments; the firings that they lead to."""
    state = state or fresh(throttle.seconds)
    return [advance(state, throttle, f"e{n}", moment)[1] for n, moment in enumerate(moments)]


def fired(firings):
    return [(firing.instance, firing.events, firing.count) for firing in firings if firing]


def test_once_within_runs_for_the_first_of_each_window():
    firings = run(Throttle("once_within", 10), [0, 1, 9.9, 10, 12, 30])
    assert fired(firings) == [("e0", ["e0"], 1), ("e3", ["e3"], 1), ("e5", ["e5"], 1)]


def test_once_within_drops_what_is_older_than_its_window():
    assert fired(run(Throttle("once_within", 10), [100, 50])) == [("e0", ["e0"], 1)]


def test_accumulate_within_runs_when_there_are_enough():
    firings = run(Throttle("accumulate_within", 10, 3), [0, 1, 2, 3, 4, 5, 6])
    assert fired(firings) == [("e2", ["e0", "e1", "e2"], 3), ("e5", ["e3", "e4", "e5"], 3)]


def test_accumulate_within_begins_anew_when_there_were_not_enough_in_time():
    firings = run(Throttle("accumulate_within", 10, 3), [0, 1, 10, 11, 12])
    assert fired(firings) == [("e4", ["e2", "e3", "e4"], 3)]


def test_accumulate_within_counts_events_out_of_order_but_none_of_long_ago():
    assert len(fired(run(Throttle("accumulate_within", 10, 3), [5, 4, 3]))) == 1
    assert fired(run(Throttle("accumulate_within", 10, 3), [100, 50, 101])) == []


def test_once_after_collects_until_its_window_is_closed():
    state, throttle = fresh(), Throttle("once_after", 10)
    assert fired(run(throttle, [5, 6, 40], state)) == []
    assert state.due == 15
    assert close(state) == Firing("e2", ["e0", "e1", "e2"], 3)
    assert settle(state, state.pending) and state.due is None and state.opened is None


def test_once_after_collects_on_while_a_firing_is_pending():
    state, throttle = fresh(), Throttle("once_after", 10)
    advance(state, throttle, "a", 0)
    firing = close(state)
    advance(state, throttle, "b", 12)
    assert close(state) == firing and state.due == 10
    assert advance(state, throttle, "a", 0) == (False, None)
    assert settle(state, firing) and not settle(state, firing)
    assert state.due == 22
    assert close(state) == Firing("b", ["b"], 1)


def test_a_window_remembers_a_bounded_number_of_events_and_counts_all():
    state, throttle = fresh(), Throttle("once_after", 10)
    run(throttle, [0] * (MOST_EVENTS + 5), state)
    firing = close(state)
    assert firing.count == MOST_EVENTS + 5
    assert len(firing.events) == MOST_EVENTS and firing.events[-1] == f"e{MOST_EVENTS + 4}"


def throttles():
    return st.builds(Throttle, st.sampled_from(KINDS), st.just(10.0), st.integers(2, 4))


@given(throttles(), st.lists(st.integers(0, 40), min_size=1, max_size=15), st.data())
def test_an_event_that_comes_again_soon_changes_nothing(throttle, moments, data):
    state = fresh()
    firings = {}
    for n, moment in enumerate(sorted(moments)):
        _, firings[n] = advance(state, throttle, f"e{n}", moment)
        again = data.draw(st.integers(max(0, n - 1), n))
        before = copy.deepcopy(state)
        changed, firing = advance(state, throttle, f"e{again}", sorted(moments)[again])
        assert not changed and state == before and firing == firings[again]


@given(throttles(), st.lists(st.integers(0, 100), max_size=30))
def test_no_event_is_part_of_two_firings(throttle, moments):
    state = fresh()
    firings = []
    for n, moment in enumerate(moments):
        if state.due is not None and state.due <= moment:
            firings.append(close(state))
            settle(state, firings[-1])
        firings.append(advance(state, throttle, f"e{n}", moment)[1])
    events = [event for firing in firings if firing for event in firing.events]
    assert len(events) == len(set(events))


@given(st.lists(st.integers(0, 100), min_size=1, max_size=30))
def test_once_within_never_runs_twice_within_its_window(moments):
    moments = sorted(moments)
    firings = run(Throttle("once_within", 10), moments)
    at = [moment for moment, firing in zip(moments, firings, strict=True) if firing]
    assert at and all(later - sooner >= 10 for sooner, later in itertools.pairwise(at))


@pytest.mark.parametrize("kind", KINDS)
def test_state_is_kept_for_a_while_after_its_window(kind):
    state = fresh()
    run(Throttle(kind, 10, 2), [1000], state)
    assert state.expires > 1010 + 600

"""What an event means to the window of a throttled rule: the three kinds of throttles, as changes of their state.

Each function takes the state and an event, that is the id of a trigger instance and when it occurred (epoch seconds);
it changes the state and returns whether it did, and the firing that the event leads to. The same event again, sent
twice or done again after a crash, changes nothing and leads to the same firing.
"""

from __future__ import annotations

from collections.abc import Callable

from st2lite.models.throttle import (
    ACCUMULATE_WITHIN,
    MOST_EVENTS,
    ONCE_AFTER,
    ONCE_WITHIN,
    Firing,
    Throttle,
    ThrottleState,
)

GRACE = 3600.0
"""Seconds after the end of a window that its events are still recognised."""

_MOST_FIRINGS = 5

Step = tuple[bool, "Firing | None"]


def advance(state: ThrottleState, throttle: Throttle, event: str, moment: float) -> Step:
    """Take an event into account; tell whether the state changed, and return the firing it leads to."""
    for firing in state.fired:
        if firing.instance == event:
            return False, firing
    return _KINDS[throttle.kind](state, throttle, event, moment)


def close(state: ThrottleState) -> Firing:
    """End the window of a `once_after` whose time has come; its firing is pending from now on."""
    firing = state.pending
    if firing is None:
        firing = state.pending = Firing(state.events[-1], state.events, state.count)
        _reset(state)
    return firing


def settle(state: ThrottleState, firing: Firing) -> bool:
    """Note that a pending firing is done with; False when that is known already."""
    if state.pending is None or state.pending.instance != firing.instance:
        return False
    state.pending = None
    state.due = None if state.opened is None else state.opened + state.seconds
    return True


def _once_within(state: ThrottleState, throttle: Throttle, event: str, moment: float) -> Step:
    if state.opened is not None and moment < state.opened + throttle.seconds:
        return False, None
    _open(state, moment)
    return True, _fire(state, Firing(event, [event], 1))


def _accumulate_within(state: ThrottleState, throttle: Throttle, event: str, moment: float) -> Step:
    if _is_known(state, event):
        return False, None
    if state.opened is not None and moment <= state.opened - throttle.seconds:
        return False, None  # of a window that is long over
    if state.opened is None or moment >= state.opened + throttle.seconds:
        _reset(state)
        _open(state, moment)
    else:
        _open(state, min(moment, state.opened))
    _count(state, event)
    if state.count < throttle.threshold:
        return True, None
    firing = _fire(state, Firing(event, state.events, state.count))
    _reset(state)
    return True, firing


def _once_after(state: ThrottleState, throttle: Throttle, event: str, moment: float) -> Step:
    if _is_known(state, event):
        return False, None
    if state.opened is None:
        _open(state, moment)
        if state.due is None:
            state.due = moment + throttle.seconds
    _count(state, event)
    return True, None


_KINDS: dict[str, Callable[[ThrottleState, Throttle, str, float], Step]] = {
    ONCE_WITHIN: _once_within,
    ONCE_AFTER: _once_after,
    ACCUMULATE_WITHIN: _accumulate_within,
}


def _open(state: ThrottleState, moment: float) -> None:
    state.opened = moment
    state.expires = max(state.expires, moment + state.seconds + GRACE)


def _reset(state: ThrottleState) -> None:
    state.past, state.events, state.count, state.opened = state.events, [], 0, None


def _count(state: ThrottleState, event: str) -> None:
    state.events = [*state.events, event][-MOST_EVENTS:]
    state.count += 1


def _fire(state: ThrottleState, firing: Firing) -> Firing:
    state.fired = [*state.fired, firing][-_MOST_FIRINGS:]
    return firing


def _is_known(state: ThrottleState, event: str) -> bool:
    pending = state.pending.events if state.pending else ()
    return (
        event in state.events
        or event in state.past
        or event in pending
        or any(event in firing.events for firing in state.fired)
    )

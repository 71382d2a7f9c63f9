from st2lite.executions.backoff import MOST, BackOff


def attempts(backoff, seconds):
    """Moments at which something is tried by who looks every second, from 0 on."""
    tried = []
    for now in range(seconds):
        if not backoff.holds("a", now):
            backoff.note("a", now)
            tried.append(now)
    return tried


def test_waits_double_up_to_a_limit():
    tried = attempts(BackOff(5), 3000)
    assert tried[:5] == [0, 5, 15, 35, 75]
    assert [b - a for a, b in zip(tried[-3:], tried[-2:], strict=False)] == [MOST, MOST]


def test_the_first_wait_is_a_second_at_least():
    assert attempts(BackOff(0), 4) == [0, 1, 3]


def test_each_thing_waits_for_itself_and_begins_anew_once_forgotten():
    backoff = BackOff(10)
    backoff.note("a", 0)
    assert (backoff.holds("a", 1), backoff.holds("b", 1)) == (True, False)
    backoff.note("b", 1)
    backoff.keep(["b", "c"])
    assert (backoff.holds("a", 1), backoff.holds("b", 1)) == (False, True)

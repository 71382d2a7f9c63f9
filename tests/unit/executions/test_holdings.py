"""What a worker has in hand."""

from st2lite.executions.holdings import Holdings


def test_an_execution_is_held_once_and_its_second_message_is_remembered():
    holdings = Holdings(slots=2)
    cancellation = holdings.hold("a")
    assert holdings.get("a") is cancellation is not None
    assert holdings.hold("a") is None
    assert list(holdings) == [("a", cancellation)]
    assert not holdings.let_go_unless_sent_again("a")
    assert holdings.get("a") is cancellation
    assert holdings.let_go_unless_sent_again("a")
    assert not holdings
    assert holdings.get("a") is None


def test_letting_go_tells_whether_a_message_came():
    holdings = Holdings(slots=2)
    for again in (False, True):
        assert holdings.hold("a")
        if again:
            assert holdings.hold("a") is None
        assert holdings.let_go("a") is again


def test_there_is_room_while_there_are_more_slots_than_jobs():
    holdings = Holdings(slots=2)
    holdings.add_job()
    assert holdings.hold_if_room("a")
    assert holdings.hold_if_room("b") is None
    holdings.job_done()
    assert holdings.hold_if_room("a") is None
    assert holdings.hold_if_room("b")
    assert holdings.hold_if_room("c") is None
    assert holdings.hold_if_room("c", leaving=True)
    assert holdings.hold_if_room("d", leaving=True) is None
    assert len(holdings) == 3

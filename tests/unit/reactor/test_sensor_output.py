"""What sensors print, as it comes to the log."""

from __future__ import annotations

import logging

import pytest

from st2lite.reactor.sensors.output import BURST, LONGEST_LINE, RATE, OutputLog


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def output(clock: Clock, caplog: pytest.LogCaptureFixture) -> OutputLog:
    caplog.set_level(logging.DEBUG)
    return OutputLog("examples.Probe", clock)


def test_lines_may_come_in_pieces_and_say_how_severe_they_are(
    output: OutputLog, caplog: pytest.LogCaptureFixture
) -> None:
    output.feed(b"hel")
    output.feed(b"lo\r\n\n<3>bad\n<4>careful\n<7>detail\n<9>odd\nl\xc3")
    output.feed(b"\xa4st")
    output.end()
    assert caplog.record_tuples == [
        ("sensor.examples.Probe", logging.INFO, "hello"),
        ("sensor.examples.Probe", logging.ERROR, "bad"),
        ("sensor.examples.Probe", logging.WARNING, "careful"),
        ("sensor.examples.Probe", logging.DEBUG, "detail"),
        ("sensor.examples.Probe", logging.INFO, "<9>odd"),
        ("sensor.examples.Probe", logging.INFO, "läst"),
    ]


def test_what_would_play_with_a_terminal_or_the_log_is_shown_as_what_it_is(
    output: OutputLog, caplog: pytest.LogCaptureFixture
) -> None:
    output.feed("\x1b[31mred\x00\tgreen\r\x9b2J größe\n".encode())
    assert caplog.messages == ["\\x1b[31mred\\x00\tgreen\\x0d\\x9b2J größe"]


def test_long_lines_are_shortened_whether_they_end_or_not(output: OutputLog, caplog: pytest.LogCaptureFixture) -> None:
    output.feed(b"x" * 5000 + b"\nshort\n")
    for _ in range(10):
        output.feed(b"y" * 5000)
    output.feed(b"the end of it\nnext\n")
    shown = [record.getMessage() for record in caplog.records]
    assert shown == [
        "x" * LONGEST_LINE + "… (shortened)",
        "short",
        "y" * LONGEST_LINE + "… (shortened)",
        "next",
    ]


def test_a_flood_is_cut_and_told(output: OutputLog, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(500):
        output.feed(b"z" * 900 + b"\n")
    logged = len(caplog.records)
    assert logged == BURST // 1000
    assert output.flooded
    clock.now += 0.5
    output.feed(b"too soon\n")
    assert len(caplog.records) == logged
    clock.now += 0.6
    output.feed(b"again\n")
    assert [record.getMessage() for record in caplog.records[logged:]] == [
        f"{501 - logged} lines of output were dropped: it prints too much.",
        "again",
    ]
    assert not output.flooded


def test_no_more_than_the_rate_in_the_long_run(
    output: OutputLog, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    seconds = 60
    for _ in range(seconds * 100):
        clock.now += 0.01
        output.feed(b"z" * 1000 + b"\n")
    assert sum(len(record.getMessage()) for record in caplog.records) < BURST + (seconds + 1) * RATE


def test_what_the_log_does_not_take_costs_nothing(output: OutputLog, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "sensor.examples.Probe")
    for _ in range(10_000):
        output.feed(b"<7>" + b"z" * 900 + b"\n")
    assert not output.flooded
    assert caplog.records == []


def test_the_end_tells_what_was_dropped(output: OutputLog, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(200):
        output.feed(b"z" * 900 + b"\n")
    output.end()
    assert "lines of output were dropped" in caplog.records[-1].getMessage()

"""The event stream and the output stream, over real connections."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import msgspec
import pytest
import requests

from st2lite.config.schema import Stream
from st2lite.http.mounts import Mounts
from st2lite.http.standalone import StandaloneServer
from st2lite.messaging.messages import Announced, ExecutionChanged, ExecutionDeleted, OutputAppended
from st2lite.models import statuses
from st2lite.models.execution import OutputChunk
from st2lite.models.ids import new_id
from st2lite.models.timestamps import now
from tests.integration.http.event_source import EventSource
from tests.processes import PATIENCE

QUICK_HEARTBEAT = 0.2


class Served:
    """All apps on one port, over the same store and bus as `client`."""

    def __init__(self, client) -> None:
        self.client = client
        self.context = client.context
        self.context.config = replace(self.context.config, stream=Stream(heartbeat=QUICK_HEARTBEAT))
        self.mounts = Mounts(self.context)
        self.server = StandaloneServer("127.0.0.1", 0, self.mounts)
        self.server.start()
        self.url = self.server.url

    def events(self, **query: str) -> EventSource:
        source = EventSource(f"{self.url}/stream/v1/stream", **{"x-auth-token": self.client.token, **query})
        assert source.response.status == 200
        assert source.line() == ""  # from now on nothing is missed
        return source

    def output(self, identifier: str, **query: str) -> EventSource:
        url = f"{self.url}/stream/executions/{identifier}/output"
        return EventSource(url, **{"x-auth-token": self.client.token, **query})

    def write(self, identifier: str, text: str, output_type: str = "stdout", stored: bool = True) -> OutputChunk:
        """Output of a running action, as a worker would publish it."""
        execution = self.context.executions.get(identifier)
        chunk = OutputChunk(
            id=new_id(), execution_id=identifier, action_ref=execution.action_ref, runner_ref=execution.runner_name,
            timestamp=now(), output_type=output_type, data=text,
        )  # fmt: skip
        if stored:
            self.context.store.insert(chunk)
        self.context.bus.publish(OutputAppended([chunk]))
        return chunk

    def announce(self, route: str = "general", **payload: str) -> None:
        self.context.bus.publish(Announced(route, payload))


@pytest.fixture
def served(client) -> Iterator[Served]:
    served = Served(client)
    yield served
    served.server.stop()


class TestConnection:
    def test_headers_and_the_first_line(self, served: Served) -> None:
        with served.events() as source:
            headers = source.response.headers
            assert headers["Content-Type"] == "text/event-stream; charset=UTF-8"
            assert headers["Cache-Control"] == "no-cache"
            assert headers["X-Accel-Buffering"] == "no"

    def test_silence_is_filled_with_empty_lines(self, served: Served) -> None:
        with served.events() as source:
            assert [source.line() for _ in range(3)] == ["", "", ""]

    @pytest.mark.parametrize("path", ["/stream/v1/stream", "/stream/executions/last/output"])
    def test_credentials_are_needed(self, served: Served, path: str) -> None:
        result = requests.get(served.url + path, timeout=PATIENCE)
        assert result.status_code == 401
        assert result.json()["faultstring"] == "Unauthorized - One of Token or API key required."

    def test_a_browser_shows_its_cookie(self, served: Served) -> None:
        headers = {"Cookie": f"auth-token={served.client.token}"}
        with EventSource(f"{served.url}/stream/stream", headers) as source:
            assert source.response.status == 200

    def test_a_bot_shows_its_key(self, served: Served) -> None:
        _, key = served.context.api_keys.create("bot", {})
        with EventSource(f"{served.url}/stream/v1/stream", **{"st2-api-key": str(key)}) as source:
            assert source.response.status == 200

    @pytest.mark.parametrize(
        "path",
        ["/stream/stream", "/stream/v1/stream/", "/api/stream", "/api/v1/stream", "/v1/stream", "//stream//stream"],
    )
    def test_all_its_addresses(self, served: Served, path: str) -> None:
        headers = {"X-Auth-Token": served.client.token}
        with EventSource(served.url + path, headers) as source:
            assert source.response.headers["Content-Type"] == "text/event-stream; charset=UTF-8"

    def test_streams_that_ended_leave_no_threads(self, served: Served) -> None:
        def threads() -> int:
            return sum(thread.name.startswith("CP Server") for thread in threading.enumerate())

        identifier = served.client.run("core.noop")
        served.client.end(identifier, result={})
        before = threads()
        for _ in range(12):
            with served.output(identifier) as source:
                assert source.rest() == [("EOF", "''")]
        deadline = time.monotonic() + PATIENCE
        while threads() > before and time.monotonic() < deadline:
            time.sleep(0.01)
        assert threads() == before

    def test_stopping_the_server_ends_streams(self, served: Served) -> None:
        with served.events() as source:
            served.server.stop()
            assert source.rest() == []


class TestEvents:
    def test_the_life_of_an_execution(self, served: Served) -> None:
        with served.events() as source:
            identifier = served.client.run("core.noop")
            name, created = source.next_json()
            assert (name, created["id"], created["status"]) == ("st2.execution__create", identifier, "requested")
            name, liveaction = source.next_json()
            assert (name, liveaction["status"]) == ("st2.liveaction__create", "requested")
            assert liveaction["id"] == created["liveaction"]["id"]
            assert (created["action"]["ref"], liveaction["action"]) == ("core.noop", "core.noop")
            assert "result" not in created  # falsy values are left out
            served.client.end(identifier, result={"x": 1})
            ended = source.until("st2.execution__update")
            assert (ended["status"], ended["result"]) == ("succeeded", {"x": 1})
            assert source.until("st2.liveaction__update")["result"] == {"x": 1}
            served.context.bus.publish(ExecutionDeleted(served.context.executions.get(identifier)))
            assert source.until("st2.execution__delete")["id"] == identifier

    def test_one_that_runs_from_the_beginning_tells_both(self, served: Served) -> None:
        execution = served.context.executions.get(served.client.run("core.noop"))
        execution.status = "running"
        with served.events(events="st2.execution__create,st2.execution__update") as source:
            served.context.bus.publish(ExecutionChanged(execution, created=True))
            told = [source.next_json() for _ in range(2)]
        assert [(name, body["status"]) for name, body in told] == [
            ("st2.execution__create", "running"),
            ("st2.execution__update", "running"),
        ]

    def test_the_view_is_that_of_the_api(self, served: Served) -> None:
        with served.events(events="st2.execution__update") as source:
            identifier = served.client.run("core.local", parameters={"cmd": "true"})
            served.client.end(identifier, result={"stdout": "ü"})
            _, event = source.next_json()
            assert event == served.client.fetch(identifier)

    def test_a_large_result_is_there_too(self, served: Served) -> None:
        with served.events(events="st2.execution__update") as source:
            identifier = served.client.run("core.noop")
            served.client.end(identifier, result={"text": "x" * 200_000})
            _, event = source.next_json()
            assert len(event["result"]["text"]) == 200_000

    def test_announcements(self, served: Served) -> None:
        with served.events() as source:
            served.announce("chatops", message="hello ☃")
            name, body = source.next_json()
            assert name == "st2.announcement__chatops"
            assert body == {"payload": {"message": "hello ☃"}, "trace_context": None}

    def test_output_only_on_request(self, served: Served) -> None:
        identifier = served.client.run("core.noop")
        with served.events() as plain, served.events(events="st2.execution.output__create,other") as asked:
            chunk = served.write(identifier, "a\nb\n")
            served.announce()
            assert plain.next()[0] == "st2.announcement__general"
            name, body = asked.next_json()
            assert name == "st2.execution.output__create"
            assert body == {
                "id": chunk.id, "execution_id": identifier, "action_ref": "core.noop", "runner_ref": "noop",
                "timestamp": chunk.timestamp, "output_type": "stdout", "data": "a\nb\n",
            }  # fmt: skip

    @pytest.mark.parametrize(
        ("events", "seen"),
        [
            ("st2.announcement__a", ["a"]),
            ("st2.announcement__?", ["a", "b"]),
            ("st2.announcement__a, st2.announcement__long*", ["a", "long.name"]),
            ("*", ["a", "b", "long.name"]),
            ("", ["a", "b", "long.name"]),
            ("st2.announcement__[bc]", ["b"]),
        ],
    )
    def test_names_are_globs(self, served: Served, events: str, seen: list[str]) -> None:
        with served.events(events=events, end_event="x") as source:
            for route in ("a", "b", "long.name"):
                served.announce(route)
            found = [source.next()[0].removeprefix("st2.announcement__") for _ in seen]
            assert found == seen

    def test_only_some_actions(self, served: Served) -> None:
        with served.events(action_refs="core.local,core.echo") as source:
            served.client.run("core.noop")
            served.announce()
            wanted = served.client.run("core.local", parameters={"cmd": "true"})
            assert source.next_json()[1]["id"] == wanted
            name, body = source.next_json()
            assert (name, body["action"]) == ("st2.liveaction__create", "core.local")

    def test_only_some_executions(self, served: Served) -> None:
        first, second = served.client.run("core.noop"), served.client.run("core.noop")
        with served.events(execution_ids=f"{second},x", events="*") as source:
            served.client.end(first)
            served.announce()
            served.write(first, "no")
            served.write(second, "yes")
            served.client.end(second)
            served.announce()
            served.write(second, "more")
            # Liveactions and announcements have no execution id: they are left out.
            names = [source.next()[0] for _ in range(3)]
            assert names == ["st2.execution.output__create", "st2.execution__update", "st2.execution.output__create"]

    def test_it_ends_where_it_was_asked_to(self, served: Served) -> None:
        other, wanted = served.client.run("core.noop"), served.client.run("core.noop")
        with served.events(end_event="st2.execution__update", end_execution_id=wanted) as source:
            served.client.end(other)
            served.context.executions.pause  # noqa: B018 - a change that does not complete it must not end the stream
            served.client.end(wanted)
            frames = source.rest()
            assert frames[-1][0] == "st2.execution__update"
            assert msgspec.json.decode(frames[-1][1])["id"] == wanted

    def test_it_tells_at_once_of_an_end_that_the_client_has_missed(self, served: Served) -> None:
        wanted = served.client.run("core.noop")
        served.client.end(wanted, result={"a": 1})
        with served.events(end_event="st2.execution__update", end_execution_id=wanted) as source:
            ((name, data),) = source.rest()
            body = msgspec.json.decode(data)
            assert (name, body["id"], body["status"], body["result"]) == (
                "st2.execution__update", wanted, "succeeded", {"a": 1},
            )  # fmt: skip

    def test_it_tells_first_what_was_written_until_then(self, served: Served) -> None:
        wanted, other = served.client.run("core.noop"), served.client.run("core.noop")
        served.write(wanted, "late\n")
        served.write(other, "of another\n")
        served.client.end(wanted)
        names = "st2.execution__update,st2.execution.output__create"
        with served.events(end_event="st2.execution__update", end_execution_id=wanted, events=names) as source:
            (first, data), (second, _) = source.rest()
            assert (first, msgspec.json.decode(data)["data"]) == ("st2.execution.output__create", "late\n")
            assert second == "st2.execution__update"

    def test_secrets_are_masked(self, served: Served) -> None:
        with served.events(events="st2.*__create") as source:
            served.client.run("core.http", parameters={"url": "http://127.0.0.1:9", "password": "topsecret"})
            for _ in range(2):
                _, data = source.next()
                assert "topsecret" not in data
                assert '"password":"********"' in data


class TestOutput:
    def finish(self, served: Served, identifier: str, status: str = statuses.SUCCEEDED) -> None:
        served.client.end(identifier, result={}, status=status)

    def test_what_was_written_and_what_is_written(self, served: Served) -> None:
        identifier = served.client.run("core.noop")
        served.write(identifier, "before\n")
        with served.output(identifier) as source:
            assert source.next_json()[1]["data"] == "before\n"
            served.write(identifier, "after\n", "stderr")
            name, body = source.next_json()
            assert (name, body["data"]) == ("st2.execution.output__create", "after\n")
            self.finish(served, identifier)
            assert source.next() == ("EOF", "''")
            assert source.next() == ("", "")

    def test_the_end_is_announced_literally(self, served: Served) -> None:
        identifier = served.client.run("core.noop")
        self.finish(served, identifier)
        with served.output("last") as source:
            assert source.response.read() == b"\nevent: EOF\ndata: ''\n\n"

    def test_output_within_the_execution_comes_too(self, served: Served) -> None:
        identifier = served.client.run("core.noop")
        chunk = OutputChunk(
            id=new_id(), execution_id=identifier, action_ref="core.noop", runner_ref="noop", timestamp=now(),
            output_type="stdout", data="short\n",
        )  # fmt: skip
        with served.output(identifier) as source:
            assert source.line() == ""
            served.client.change(identifier, output=msgspec.Raw(msgspec.json.encode([chunk])))
            self.finish(served, identifier)
            assert source.next_json()[1]["data"] == "short\n"
            assert source.next()[0] == "EOF"

    def test_each_piece_comes_once(self, served: Served) -> None:
        identifier = served.client.run("core.noop")
        with served.output(identifier) as source:
            assert source.line() == ""
            for number in range(20):
                served.write(identifier, str(number))
            self.finish(served, identifier)
            frames = source.rest()
            assert [msgspec.json.decode(data)["data"] for _, data in frames[:-1]] == [str(n) for n in range(20)]
            assert frames[-1] == ("EOF", "''")

    @pytest.mark.parametrize(("kind", "seen"), [("all", ["o", "e"]), ("stdout", ["o"]), ("stderr", ["e"])])
    def test_one_kind_of_output(self, served: Served, kind: str, seen: list[str]) -> None:
        identifier = served.client.run("core.noop")
        served.write(identifier, "o")
        with served.output(identifier, output_type=kind) as source:
            assert source.line() == ""
            served.write(identifier, "e", "stderr")
            self.finish(served, identifier)
            assert [msgspec.json.decode(data)["data"] for _, data in source.rest()[:-1]] == seen

    @pytest.mark.parametrize("status", sorted(statuses.COMPLETED | {statuses.PAUSING, statuses.RESUMING}))
    def test_in_these_states_it_ends_at_once(self, served: Served, status: str) -> None:
        identifier = served.client.run("core.noop")
        served.client.change(identifier, status=status)
        with served.output(identifier) as source:
            assert source.rest() == [("EOF", "''")]

    def test_a_viewer_that_is_dropped_is_not_told_that_this_was_all(self, served: Served) -> None:
        identifier = served.client.run("core.noop")
        with served.output(identifier) as source:
            assert source.line() == ""
            served.mounts.hub.stop()
            assert source.rest() == []

    def test_a_lost_message_does_not_matter(self, served: Served) -> None:
        identifier = served.client.run("core.noop")
        with served.output(identifier) as source:
            assert source.line() == ""
            served.client.change(identifier, status=statuses.ABANDONED)
            assert source.rest() == [("EOF", "''")]

    @pytest.mark.parametrize("identifier", ["0" * 24, "nonsense"])
    def test_an_unknown_execution(self, served: Served, identifier: str) -> None:
        with served.output(identifier) as source:
            assert source.response.status == 404
            assert b"Unable to identify resource" in source.response.read()

    def test_a_wrong_kind(self, served: Served) -> None:
        with served.output(served.client.run("core.noop"), output_type="stdin") as source:
            assert source.response.status == 400
            assert b"output_type" in source.response.read()


def test_however_many_streams_are_open_requests_are_answered(served: Served) -> None:
    sources = [served.events() for _ in range(30)]
    assert served.mounts.hub.size == 30
    assert requests.get(f"{served.url}/healthz", timeout=PATIENCE).status_code == 200
    served.announce()
    assert [source.next()[0] for source in sources] == ["st2.announcement__general"] * 30
    for source in sources:
        source.close()
    deadline = time.monotonic() + PATIENCE
    while served.mounts.hub.size and time.monotonic() < deadline:
        time.sleep(0.05)
    assert served.mounts.hub.size == 0
    assert requests.get(f"{served.url}/healthz", timeout=PATIENCE).status_code == 200

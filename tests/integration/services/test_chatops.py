"""A command typed in chat: its acknowledgement, its execution, and its result on the way back to the bot."""

from __future__ import annotations

import json
import queue
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from st2lite.messaging.messages import Announced, Message
from st2lite.services.standalone import Standalone, standalone_config
from tests.processes import PATIENCE


class Chat:
    """A bot: it sends what people say, and hears what is announced on the route `chatops`."""

    def __init__(self, st2: Standalone) -> None:
        self._url = f"{st2.url}/api/v1"
        _, self._token = st2.context.tokens.create("bot")
        self.heard: queue.Queue[dict[str, Any]] = queue.Queue()
        self._subscription = st2.context.bus.subscribe((Announced,), self._hear)

    def close(self) -> None:
        self._subscription.stop()

    def create(self, **alias: Any) -> None:
        self.post("actionalias", {"pack": "default", "action_ref": "core.local", **alias})

    def say(self, text: str) -> Any:
        said = {"command": text, "user": "ada", "source_channel": "ops", "notification_route": "hubot"}
        return self.post("aliasexecution/match_and_execute", said)["results"]

    def post(self, path: str, body: Any) -> Any:
        request = urllib.request.Request(
            f"{self._url}/{path}",
            json.dumps(body).encode(),
            {"X-Auth-Token": self._token, "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            return json.loads(response.read())

    def _hear(self, message: Message) -> None:
        if isinstance(message, Announced) and message.route == "chatops":
            self.heard.put(message.payload)


@pytest.fixture(scope="module")
def st2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standalone]:
    data = tmp_path_factory.mktemp("chatops") / "data"
    running = Standalone(standalone_config(data, "127.0.0.1", 0, []), data)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def chat(st2: Standalone) -> Iterator[Chat]:
    bot = Chat(st2)
    yield bot
    bot.close()


def test_a_command_is_acknowledged_and_its_result_comes_back(chat: Chat) -> None:
    chat.create(name="shell", formats=["run {{ cmd }}"], ack={"format": "on it"})
    (started,) = chat.say("run echo grüß dich")
    assert started["message"] == "on it"
    posted = chat.heard.get(timeout=PATIENCE)
    assert (posted["channel"], posted["user"], posted["whisper"]) == ("ops", "ada", False)
    assert "core.local: succeeded" in posted["message"]
    assert "grüß dich" in posted["message"]
    assert started["execution"]["id"] in posted["message"]


def test_an_alias_shapes_its_result(chat: Chat) -> None:
    result = {
        "format": "It said {{ execution.result.stdout }} and {{ execution.result.nothing.at.all }}.",
        "extra": {"slack": {"color": "{{ execution.status }}"}},
    }
    chat.create(name="shaped", formats=["shape {{ cmd }}"], result=result)
    chat.say("shape echo hello")
    posted = chat.heard.get(timeout=PATIENCE)
    assert posted["message"] == "It said hello and ."
    assert posted["extra"] == {"slack": {"color": "succeeded"}}


def test_a_result_that_nobody_wants_is_not_posted(chat: Chat) -> None:
    chat.create(name="quiet", formats=["hush {{ cmd }}"], result={"enabled": False})
    chat.create(name="loud", formats=["shout {{ cmd }}"], result={"format": "done"})
    chat.say("hush true")
    chat.say("shout true")
    assert chat.heard.get(timeout=PATIENCE)["message"] == "done"
    assert chat.heard.empty()


def test_a_failure_comes_back_too(chat: Chat) -> None:
    chat.create(name="fails", formats=["fail"], immutable_parameters={"cmd": "echo oops >&2; exit 3"})
    chat.say("fail")
    posted = chat.heard.get(timeout=PATIENCE)
    assert "core.local: failed" in posted["message"]
    assert "oops" in posted["message"]

"""What a sensor is given: its configuration, the datastore, loggers, a token; and the constructors that packs have."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from st2lite.http.mounts import Mounts
from st2lite.http.standalone import StandaloneServer
from st2lite.models.access import Token
from st2lite.models.datastore import KeyValuePair
from st2lite.models.pack import ConfigSchema, PackConfig
from tests.processes import wait_for
from tests.sensor_node import SensorNode


@pytest.fixture
def api(node: SensorNode) -> Iterator[StandaloneServer]:
    """The real API over the store of the node."""
    server = StandaloneServer("127.0.0.1", 0, Mounts(node.context))
    server.start()
    node.api_url = f"{server.url}/api/v1"
    yield server
    node.stop()
    server.stop()


def test_the_datastore_through_the_api(node: SensorNode, api: StandaloneServer) -> None:
    node.add(
        """
        def run(self):
            s = self.sensor_service
            s.set_value("a", 5)
            s.set_value("shared", "x", local=False)
            found = [s.get_value("a"), s.datastore_service.get_value("shared", local=False), s.get_value("shared")]
            names = [item.name for item in s.list_values()]
            self.say(found, names, s.delete_value("a"), s.get_value("a"), s.get_user_info()["username"])
        """
    )
    node.start()
    wait_for(node.instances)
    assert node.said() == [["5", "x", None], ["examples.Probe:a"], True, None, "sensors_container"]
    assert [item.name for item in node.store.find(KeyValuePair)] == ["shared"]


def test_the_token_is_good_while_the_container_runs_and_no_longer(node: SensorNode, api: StandaloneServer) -> None:
    node.add("def run(self): self.say(os.environ['ST2_API_URL'], os.environ['ST2_AUTH_TOKEN'], sys.argv)")
    node.start()
    wait_for(node.instances)
    url, text, arguments = node.said()
    assert url == node.api_url
    assert text not in str(arguments)
    owner = node.context.tokens.check(text)
    assert (owner.user, owner.service) == ("sensors_container", True)
    node.access.keep()
    assert node.store.find(Token)[0].expiry == owner.expiry, "not prolonged before half of its life is over"
    node.stop()
    assert node.store.find(Token) == []


def test_the_configuration_of_the_pack(node: SensorNode) -> None:
    node.store.insert(ConfigSchema(id="examples", attributes={"port": {"default": 80}, "host": {}, "name": {}}))
    node.store.insert(PackConfig(id="examples", values={"host": "{{ st2kv.system.host }}", "name": "n"}))
    node.store.insert(KeyValuePair(name="host", scope="st2kv.system", value="db1"))
    node.add(
        """
        def run(self):
            self.say(dict(self.config), self._config is self.config)
            self.config["missing"]
        """
    )
    node.start()
    wait_for(node.instances)
    assert node.said()[:2] == [{"port": 80, "host": "db1", "name": "n"}, True]


def test_a_configuration_that_cannot_be_rendered_is_told(node: SensorNode, caplog: pytest.LogCaptureFixture) -> None:
    node.store.insert(PackConfig(id="examples", values={"host": "{{ nothing.at.all }}"}))
    node.add("pass")
    node.start()
    wait_for(lambda: 'examples.Probe does not run: Failed to render dynamic configuration value for key "host"'
             in caplog.text)  # fmt: skip


def test_loggers_and_prints_come_to_the_log_of_the_container(
    node: SensorNode, caplog: pytest.LogCaptureFixture
) -> None:
    node.add(
        """
        def run(self):
            logger = self.sensor_service.get_logger(name="mine")
            logger.warning("two\\nlines")
            logger.audit("audited")
            print("printed")
            sys.stderr.write("complained\\n")
            self.say(logger.name)
        """
    )
    node.start()
    wait_for(node.instances)
    assert node.said() == ["SensorWrapper.examples.Probe.mine"]
    wait_for(lambda: "complained" in caplog.text)
    logged = [(record.levelname, record.getMessage()) for record in caplog.records if "sensor.exam" in record.name]
    assert ("WARNING", "SensorWrapper.examples.Probe.mine: two") in logged
    assert ("WARNING", "lines") in logged
    assert ("CRITICAL", "SensorWrapper.examples.Probe.mine: audited") in logged
    assert {("INFO", "printed"), ("INFO", "complained")} <= set(logged)


POLLS = """
class Probe(PollingSensor):
    def setup(self): self.polls = 0
    def poll(self):
        self.polls += 1
        self.sensor_service.dispatch("examples.event", {"said": [self.get_poll_interval()]})
        self.set_poll_interval(0.01)
    def cleanup(self): pass
    def add_trigger(self, trigger): pass
    def update_trigger(self, trigger): pass
    def remove_trigger(self, trigger): pass
"""


def test_a_polling_sensor_polls_again_and_again(node: SensorNode) -> None:
    node.add_file(POLLS, poll_interval=3)
    node.start()
    wait_for(lambda: len(node.said()) >= 4)
    assert node.said()[:3] == [3, 0.01, 0.01]


SAYS = "\n    def run(self): self.sensor_service.dispatch('examples.event', {'said': [sorted(self.config), MORE]})"


@pytest.mark.parametrize(
    "constructor",
    [
        "def __init__(self, sensor_service, config=None): super().__init__(sensor_service, config)",
        "def __init__(self, sensor_service, config): self._sensor_service = sensor_service",
        "def __init__(self, sensor_service): self._sensor_service = sensor_service",
        "def __init__(self, service, cfg): super().__init__(service, cfg)",
        "def __init__(self, service): self.mine = service",
        "def __init__(self, **given): super().__init__(**given)",
        "def __init__(self): pass",
    ],
)
def test_constructors_may_take_less(node: SensorNode, constructor: str) -> None:
    node.store.insert(PackConfig(id="examples", values={"a": 1}))
    node.add_file(f"class Probe(Quiet):\n    {constructor}{SAYS}".replace("MORE", "1"))
    node.start()
    wait_for(node.instances)
    assert node.said() == [["a"], 1]


@pytest.mark.parametrize(
    "constructor",
    [
        "def __init__(self, sensor_service, config=None): super().__init__(sensor_service, config)",
        "def __init__(self, sensor_service, config=None, poll_interval=None):\n"
        "        super().__init__(sensor_service=sensor_service, config=config, poll_interval=poll_interval)",
        "def __init__(self, *args, **kwargs): super().__init__(*args, **kwargs)",
    ],
)
def test_constructors_of_polling_sensors(node: SensorNode, constructor: str) -> None:
    source = POLLS.replace("    def setup", f"    {constructor}\n    def setup")
    node.add_file(source, poll_interval=7)
    node.start()
    wait_for(node.instances)
    assert node.said()[0] == (7 if "poll_interval" in constructor or "*args" in constructor else 5)


def test_a_class_that_derives_from_nothing_will_do(node: SensorNode) -> None:
    methods = "".join(
        f"    def {name}(self, *args): pass\n"
        for name in ("setup", "cleanup", "add_trigger", "update_trigger", "remove_trigger")
    )
    start = "    def __init__(self, sensor_service, config): self.sensor_service, self.config = sensor_service, config"
    node.add_file(f"class Probe:\n{methods}{start}{SAYS}".replace("MORE", "2"))
    node.start()
    wait_for(node.instances)
    assert node.said() == [[], 2]


def test_modules_beside_the_sensor_and_in_lib_can_be_imported(node: SensorNode) -> None:
    (node.sensors_dir / "neighbour.py").write_text("WORD = 'beside'\n")
    library = node.sensors_dir.parent / "actions" / "lib"
    library.mkdir(parents=True)
    (library / "shared_words.py").write_text("WORD = 'shared'\n")
    node.add(
        """
        def run(self):
            import neighbour, shared_words
            from st2common import log as logging
            from st2reactor.container.sensor_wrapper import SensorService
            assert isinstance(self.sensor_service, SensorService)
            self.say(neighbour.WORD, shared_words.WORD, logging.getLogger("x").name)
        """
    )
    node.start()
    wait_for(node.instances)
    assert node.said() == ["beside", "shared", "x"]


def test_a_library_that_replaces_threads_and_locks_does_no_harm(node: SensorNode) -> None:
    """Many packs were written for eventlet."""
    node.add_trigger("/a")
    node.add_file(
        """
import eventlet
eventlet.monkey_patch()

class Probe(Quiet):
    def setup(self): self.pool = eventlet.GreenPool(10)
    def add_trigger(self, trigger):
        eventlet.sleep(0.01)
        self.say("trigger")
    def run(self):
        for number in range(20):
            self.pool.spawn(self.say, number)
        self.pool.waitall()
        self.say("all")
        while True:
            eventlet.sleep(600)
    def cleanup(self): self.say("clean")
"""
    )
    node.start()
    wait_for(lambda: "all" in node.said())
    node.stop()
    said = node.said()
    assert said[-1] == "clean"
    assert sorted(fact for fact in said if isinstance(fact, int)) == list(range(20))
    assert said.count("trigger") == 2, "one for each type"


def test_the_client_can_be_used(node: SensorNode, api: StandaloneServer) -> None:
    node.add(
        """
        def run(self):
            from st2client.client import Client
            self.say([key.name for key in Client().keys.get_all()])
        """
    )
    node.store.insert(KeyValuePair(name="known", scope="st2kv.system", value="x"))
    node.start()
    wait_for(node.instances)
    assert node.said() == [["known"]]

import pytest

from st2lite.executions.protocol import Outcome
from tests.integration.workflows.chain_host import ECHO, ChainHost


@pytest.fixture
def make_host(store, bus, tmp_path):
    hosts = []

    def make(**options):
        host = ChainHost(store, bus, tmp_path, **options)
        hosts.append(host)
        host.register("echo", parameters=ECHO)
        host.register("fail")
        host.start()
        return host

    yield make
    for host in hosts:
        host.stop()


@pytest.fixture
def host(make_host):
    host = make_host(config={"region": "Orlå"})
    host.scripted.acts["fail"] = lambda _run: Outcome("failed", {"why": "broken"})
    return host

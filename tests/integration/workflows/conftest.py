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


@pytest.fixture
def before_request(host, monkeypatch):
    """`before_request(ref, act)`: call `act`, once, with the chain that is about to request a task that runs `ref`."""

    def arrange(ref, act):
        request = host.executions.request

        def requesting(action, parameters, user, context=None, *more, **options):
            if action == ref and "parent" in (context or {}):
                monkeypatch.setattr(host.executions, "request", request)
                act(host.executions.get(context["parent"]["execution_id"]))
            return request(action, parameters, user, context, *more, **options)

        monkeypatch.setattr(host.executions, "request", requesting)

    return arrange

"""The truth about every service and dependency of this host."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from st2lite.config.schema import Config
from st2lite.config.urls import coordination_url, database_url, local_url
from st2lite.models.errors import St2liteError
from st2lite.policies.coordination import Locks
from st2lite.services.context import AppContext
from st2lite.services.ctl.managers import Manager, Running

_PATIENCE = 10.0
_WEB = {"st2api": "api", "st2auth": "auth", "st2stream": "stream"}
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class State:
    """One line of a status: a service or dependency, whether it is up, and what else is known."""

    name: str
    up: bool
    text: str


def service_states(names: Sequence[str], manager: Manager, config: Config) -> list[State]:
    """Whether each service runs and, where it has an address, answers."""
    states = []
    for name in names:
        running = manager.running(name)
        if name in _WEB and not running.problem:
            running = Running(running.pids, _web_problem(name, config))
        states.append(State(name, not running.problem, _text(running)))
    return states


def neighbour_states(manager: Manager) -> list[State]:
    """Whether what else belongs to this host runs: web server, database of Mistral."""
    return [State(name, not found.problem, _text(found)) for name, found in manager.neighbours().items()]


def _text(running: Running) -> str:
    if not running.pids or not any(running.pids):
        return running.problem or "runs"
    return f"runs (pid {', '.join(map(str, running.pids))}){f', but {running.problem}' if running.problem else ''}"


def dependency_states(context: AppContext) -> list[State]:
    """Whether database, broker and, where there is one, coordination service answer."""
    checks = dict(_checks(context))
    answers = _ask(checks)
    return [State(name, not answers[name], answers[name] or "answers") for name in checks]


def _checks(context: AppContext) -> Iterator[tuple[str, Callable[[], None]]]:
    url = urlsplit(database_url(context.config))
    kind = "SQLite" if url.scheme == "sqlite" else "MongoDB"
    yield f"{kind} ({url.path if kind == 'SQLite' else _place(url.netloc)})", context.store.ping
    broker = urlsplit(context.config.messaging.url)
    if broker.scheme != "memory":
        yield f"RabbitMQ ({_place(broker.netloc)})", context.bus.ping
    url = urlsplit(coordination_url(context.config) or "")
    locks = context.locks
    if locks is not None and url.scheme not in ("memory", "file"):
        yield f"coordination ({_place(url.netloc)})", lambda: _try_lock(locks)


def _try_lock(locks: Locks) -> None:
    with locks.hold("st2ctl-status", _PATIENCE / 2):
        pass


def _place(netloc: str) -> str:
    """Host and port, without credentials."""
    return netloc.rpartition("@")[2]


def _ask(checks: Mapping[str, Callable[[], None]]) -> dict[str, str]:
    """Ask all at once; map each name to what is wrong, empty if nothing is."""
    answers = dict.fromkeys(checks, f"does not answer within {_PATIENCE:g} seconds")

    def ask(name: str) -> None:
        try:
            checks[name]()
        except St2liteError as error:
            answers[name] = error.message
        else:
            answers[name] = ""

    threads = [threading.Thread(target=ask, args=(name,), daemon=True) for name in checks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_PATIENCE)
    return dict(answers)


def _web_problem(name: str, config: Config) -> str:
    section = getattr(config, _WEB[name])
    url = local_url(section.host, section.port)
    try:
        with _OPENER.open(f"{url}/healthz", timeout=_PATIENCE):
            return ""
    except urllib.error.HTTPError as error:
        return f"{url} answers {error.code}"
    except OSError as error:
        return f"{url} does not answer: {getattr(error, 'reason', error)}"

"""Checks of a running installation, from the API to a timer that fires; they take away what they leave behind."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from st2lite.models import statuses, timestamps
from st2lite.models.access import Token, User
from st2lite.models.errors import St2liteError
from st2lite.models.execution import Execution, OutputChunk
from st2lite.models.ids import new_id
from st2lite.models.rule import RuleEnforcement
from st2lite.models.trigger import TriggerInstance
from st2lite.services.context import AppContext
from st2lite.storage.contract import Equal, In

PATIENCE = 30.0
"""Seconds that an execution or a rule may take."""
_POLL = 0.1
_TIMER_SECONDS = 2.0
_USER = "st2-self-check"
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class CheckFailed(St2liteError):
    """Something does not do what it should; the text says what, and where to look."""


@dataclass
class Check:
    """One check and how it ended: `problem` is empty when all is well."""

    name: str
    run: Callable[[], object]
    seconds: float = 0.0
    problem: str = ""


@dataclass(frozen=True)
class Addresses:
    """Where the services answer, with version."""

    api: str
    stream: str


@dataclass
class SelfCheck:
    """Checks one installation through its API as a user does, and its store to tidy up."""

    context: AppContext
    addresses: Addresses
    _mark: str = field(default_factory=lambda: f"self_check_{new_id()}")
    _token: str = ""
    _executions: set[str] = field(default_factory=set)
    _rules: list[str] = field(default_factory=list)

    def checks(self) -> list[Check]:
        """The checks, in the order in which they build on each other."""
        return [
            Check("the database answers", self.context.store.ping),
            Check("the message broker answers", self.context.bus.ping),
            Check("the API knows its callers", self._api),
            Check("the datastore keeps values", self._datastore),
            Check("a shell action runs", lambda: self._succeeds("core.local", {"cmd": f"echo {self._mark}"})),
            Check("a Python action runs", lambda: self._succeeds("core.uuid", {})),
            Check("an action chain runs", self._chain),
            Check("the stream tells of executions", self._stream),
            Check("a webhook sets a rule off", self._webhook),
            Check("a timer sets a rule off", self._timer),
        ]

    @contextmanager
    def tidy(self) -> Iterator[None]:
        """Take everything away at the end that the checks have made."""
        store = self.context.store
        known = store.get(User, _USER) is not None
        token, self._token = self.context.tokens.create(_USER, 600)
        try:
            yield
        finally:
            for rule in list(self._rules):
                with suppress(CheckFailed):
                    self._delete_rule(rule)
            self._remove_executions()
            store.delete(Token, token.id)
            if not known:
                store.delete(User, _USER)

    def _api(self) -> None:
        user = self._call("GET", "/user")["username"]
        if not self.context.config.auth.enable:
            return  # whoever calls is the system user
        if user != _USER:
            raise CheckFailed("the API takes the token for somebody else's")
        try:
            self._request("GET", "/actions?limit=1", None, {"X-Auth-Token": "0" * 32})
        except CheckFailed:
            return
        raise CheckFailed("the API answers a caller whose token is wrong")

    def _datastore(self) -> None:
        secret = self.context.keyring is not None
        path = f"/keys/{self._mark}"
        self._call("PUT", path, {"name": self._mark, "value": "kept", "secret": secret})
        try:
            if self._call("GET", f"{path}?decrypt=true")["value"] != "kept":
                raise CheckFailed("the datastore gives back another value than it was given")
        finally:
            self._call("DELETE", path)

    def _chain(self) -> None:
        execution = self._succeeds("core.noop", {})
        parameters = {"channel": self._mark, "execution_id": execution["id"], "route": self._mark}
        self._succeeds("chatops.post_result", parameters)

    def _stream(self) -> None:
        request = urllib.request.Request(  # noqa: S310 - an address of ours
            f"{self.addresses.stream}/stream?events=st2.execution__create", headers={"X-Auth-Token": self._token}
        )
        try:
            with _OPENER.open(request, timeout=PATIENCE) as response:
                response.readline()  # sent at once: from now on every event comes
                wanted = self._request_execution("core.noop", {})
                while wanted.encode() not in (line := response.readline()):
                    if not line:
                        raise CheckFailed("the stream ended before it told of an execution")
        except OSError as error:
            raise CheckFailed(f"{self.addresses.stream} does not answer: {error}; is st2stream up?") from None
        self._end(wanted)

    def _webhook(self) -> None:
        rule = self._rule("core.st2.webhook", {"url": self._mark})
        self._call("POST", f"/webhooks/{self._mark}", {"checked": True})
        self._enforced(rule, "st2rulesengine")

    def _timer(self) -> None:
        if not self.context.config.timer.enable:
            return
        # A moment of its own: nobody else's rule listens for it.
        soon = timestamps.from_epoch(time.time() + _TIMER_SECONDS)
        rule = self._rule("core.st2.DateTimer", {"date": soon, "timezone": "UTC"})
        self._enforced(rule, "the timers of st2rulesengine")

    def _rule(self, trigger: str, parameters: dict[str, Any]) -> str:
        made = self._call(
            "POST",
            "/rules",
            {
                "name": f"{self._mark}_{len(self._rules)}",
                "pack": "default",
                "enabled": True,
                "trigger": {"type": trigger, "parameters": parameters},
                "action": {"ref": "core.noop"},
            },
        )
        self._rules.append(made["id"])
        return str(made["id"])

    def _enforced(self, rule: str, who: str) -> None:
        """Wait until a rule has run its action, and take the rule away."""

        def found() -> str | None:
            rows = self._call("GET", f"/ruleenforcements?rule_id={rule}&limit=1")
            if rows and not rows[0].get("execution_id"):
                raise CheckFailed(f"the rule was enforced in vain: {rows[0].get('failure_reason')}")
            return str(rows[0]["execution_id"]) if rows else None

        try:
            self._end(self._wait(found, f"no rule was enforced; is {who.split()[-1]} up? See its log"))
        finally:
            self._delete_rule(rule)

    def _delete_rule(self, rule: str) -> None:
        self._call("DELETE", f"/rules/{rule}")
        self._rules.remove(rule)
        store = self.context.store
        for enforcement in store.find(RuleEnforcement, (Equal("rule_id", rule),)):
            if enforcement.execution_id:
                self._executions.add(enforcement.execution_id)
            store.delete(TriggerInstance, enforcement.trigger_instance_id)
            store.delete(RuleEnforcement, enforcement.id)

    def _succeeds(self, action: str, parameters: dict[str, Any]) -> dict[str, Any]:
        return self._end(self._request_execution(action, parameters))

    def _request_execution(self, action: str, parameters: dict[str, Any]) -> str:
        identifier = str(self._call("POST", "/executions", {"action": action, "parameters": parameters})["id"])
        self._executions.add(identifier)
        return identifier

    def _end(self, identifier: str) -> dict[str, Any]:
        self._executions.add(identifier)

        def ended() -> dict[str, Any] | None:
            execution: dict[str, Any] = self._call("GET", f"/executions/{identifier}")
            return execution if execution["status"] in statuses.COMPLETED else None

        execution = self._wait(ended, f"execution {identifier} does not end; is st2actionrunner up? See its log")
        if execution["status"] != statuses.SUCCEEDED:
            result = json.dumps(execution.get("result"))[:500]
            raise CheckFailed(f"{execution['action']['ref']} ended as {execution['status']}: {result}")
        return dict(execution)

    def _wait(self, look: Callable[[], Any], problem: str) -> Any:
        deadline = time.monotonic() + PATIENCE
        while (found := look()) is None:
            if time.monotonic() > deadline:
                raise CheckFailed(problem)
            time.sleep(_POLL)
        return found

    def _remove_executions(self) -> None:
        store = self.context.store
        waiting = set(self._executions)
        while waiting:
            children = {child.id for child in store.find(Execution, (In("parent", tuple(waiting)),), large=False)}
            waiting = children - self._executions
            self._executions |= children
        for identifier in self._executions:
            store.delete(Execution, identifier)
            store.delete_many(OutputChunk, (Equal("execution_id", identifier),))

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        return self._request(method, path, body, {"X-Auth-Token": self._token})

    def _request(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
        request = urllib.request.Request(  # noqa: S310 - an address of ours
            f"{self.addresses.api}{path}",
            None if body is None else json.dumps(body).encode(),
            {**headers, "Content-Type": "application/json"},
            method=method,
        )
        try:
            with _OPENER.open(request, timeout=PATIENCE) as response:
                data = response.read()
        except urllib.error.HTTPError as error:
            raise CheckFailed(f"{method} {path}: {error.code}: {error.read().decode(errors='replace')[:500]}") from None
        except OSError as error:
            raise CheckFailed(f"{self.addresses.api} does not answer: {error}; is st2api up?") from None
        return json.loads(data) if data else None


def perform(check: Check) -> Check:
    """Run one check; it never raises."""
    start = time.monotonic()
    try:
        check.run()
    except St2liteError as error:
        check.problem = error.message
    except Exception as error:  # noqa: BLE001 - whatever is wrong with an installation is to be told, not to end this
        check.problem = f"{type(error).__name__}: {error}"
    check.seconds = time.monotonic() - start
    return check

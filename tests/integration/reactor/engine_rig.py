"""A rules engine with all that belongs to it, and a few rules for it."""

import time

from st2lite.executions.service import ExecutionService
from st2lite.executions.snapshots import Snapshots
from st2lite.models.action import Action, RunnerType
from st2lite.models.execution import Execution
from st2lite.models.rule import Rule, RuleEnforcement
from st2lite.models.timestamps import now
from st2lite.models.trigger import Trigger, TriggerInstance, TriggerType
from st2lite.reactor.dispatch import Dispatcher
from st2lite.reactor.enforcement import Enforcer
from st2lite.reactor.engine import RulesEngine
from st2lite.reactor.matching import Matcher
from st2lite.reactor.recovery import Recovery
from st2lite.reactor.throttling import Throttles
from st2lite.rendering.configs import PackConfigs
from st2lite.storage.contract import Equal

TRIGGER = "test.event"
PARAMETERS = {"message": {"type": "string"}, "data": {"type": "object"}, "n": {"type": "integer"}, "any": {}}


def fill(store):
    """Store an action, its runner type, a trigger."""
    store.insert(RunnerType(name="noop", runner_module="noop_runner"))
    store.insert(Action(name="act", pack="test", runner_type="noop", parameters=PARAMETERS))
    store.insert(TriggerType(name="event", pack="test"))
    store.insert(Trigger(name="event", pack="test", type=TRIGGER))


class Rig:
    """The engine of one process on a store and a bus; `engine_store`, `engine_bus`: for the engine alone."""

    def __init__(
        self, store, bus, threads=2, redispatch_after=10.0, engine_store=None, engine_bus=None, clock=time.time
    ):
        self.store = store
        own, its_bus = engine_store or store, engine_bus or bus
        self.dispatcher = Dispatcher(store, bus)
        executions = ExecutionService(own, its_bus, Snapshots(own), None, PackConfigs(own, None).resolve)
        enforcer = Enforcer(own, executions, "stanley")
        matcher = Matcher(own, None, "stanley")
        self.throttles = Throttles(own, enforcer, clock)
        self.engine = RulesEngine(own, its_bus, matcher, enforcer, self.throttles, threads, redispatch_after)
        self.recovery = Recovery(own, self.engine, redispatch_after)

    def rule(self, name="rule", action="test.act", enabled=True, trigger=TRIGGER, **attributes):
        """Store a rule; `parameters` are those of its action."""
        parameters = attributes.pop("parameters", {})
        rule = Rule(
            name=name,
            pack="test",
            enabled=enabled,
            type={"ref": attributes.pop("type", "standard"), "parameters": {}},
            trigger={"type": trigger, "parameters": {}, "ref": trigger},
            action={"ref": action, "parameters": parameters},
            **attributes,
        )
        self.store.insert(rule)
        return rule

    def emit(self, payload=None, **more):
        """Store an instance and announce it."""
        return self.dispatcher.dispatch_type(TRIGGER, {"a": 1} if payload is None else payload, **more)

    def instance(self, payload=None, **attributes):
        """Store an instance that nobody hears of."""
        attributes = {"occurrence_time": now(), "trigger": TRIGGER, "trigger_type": TRIGGER, **attributes}
        instance = TriggerInstance(payload={"a": 1} if payload is None else payload, **attributes)
        self.store.insert(instance)
        return instance

    def process(self, payload=None, **attributes):
        """Have the engine process an instance on this thread, and return it as it is stored then."""
        instance = self.instance(payload, **attributes)
        self.engine.process(instance)
        return self.store.get(TriggerInstance, instance.id)

    def status(self, instance):
        return self.store.get(TriggerInstance, instance.id).status

    def executions(self, rule=None):
        return self.store.find(Execution, (Equal("rule", rule.name),) if rule else ())

    def enforcements(self, rule=None):
        return self.store.find(RuleEnforcement, (Equal("rule_id", rule.id),) if rule else ())

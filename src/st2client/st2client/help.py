"""What ``st2 --help`` and ``st2 <group> --help`` say; made from the registry."""

from __future__ import annotations

from st2client import registry

_TOPICS = (
    ("Run things", ("run", "execution", "action", "runner", "inquiry", "workflow")),
    (
        "React to events",
        ("rule", "trigger", "trigger-instance", "rule-enforcement", "sensor", "timer", "webhook", "trace"),
    ),
    ("Content and data", ("pack", "key", "policy", "policy-type", "action-alias")),
    ("Who may", ("login", "whoami", "auth", "apikey", "role", "role-assignment")),
    ("Other", ("service-registry", "completion")),
)

_OPTIONS = (
    ("--url URL", "server: https://host or scheme://host:port (all there), http://host (9100 to 9102) (ST2_BASE_URL)"),
    ("--api-url URL", "API with its version, …/v1 (ST2_API_URL)"),
    ("--auth-url URL", "auth service (ST2_AUTH_URL)"),
    ("--stream-url URL", "stream with its version, …/v1 (ST2_STREAM_URL)"),
    ("--api-version V", "version in the URLs made from --url (ST2_API_VERSION)"),
    ("--cacert FILE", "CA of https servers; false: do not verify them (ST2_CACERT)"),
    ("--basic-auth U:P", "user and password of a proxy in front of the server"),
    ("--config-file FILE", "configuration (ST2_CONFIG_FILE, default ~/.st2/config)"),
    ("--skip-config", "ignore the configuration file (ST2_CLI_SKIP_CONFIG)"),
    ("--print-config", "print the configuration and leave"),
    ("--debug", "show requests, and where errors come from"),
    ("--version", "print the version and leave"),
)

_EXAMPLES = (
    "st2 login st2admin",
    "st2 run core.local date",
    "st2 run core.local -- ls -la /",
    "st2 run --tail core.local cmd='for i in 1 2 3; do echo $i; sleep 1; done'",
    "st2 execution list -n 5",
    "st2 action get core.http",
    "source <(st2 completion bash)",
)


def overview() -> str:
    """The help of the whole command line."""
    lines = ["usage: st2 [global options] <command> [arguments]", "", "Command line of st2lite and StackStorm.", ""]
    for title, names in _TOPICS:
        lines.append(f"{title}:")
        lines.extend(f"  {name:<18}{_help_of(name)}" for name in names)
        lines.append("")
    lines.append("Global options, before the command:")
    lines.extend(f"  {option:<20}{text}" for option, text in _OPTIONS)
    lines.extend(["", "Examples:", *(f"  {example}" for example in _EXAMPLES), ""])
    lines.append("Every command has a help of its own: st2 <command> --help; for an action's: st2 run <action> --help")
    return "\n".join(lines)


def group(name: str) -> str:
    """The help of a group of commands."""
    entry = registry.GROUPS[name]
    width = max(len(command) for command in entry.commands) + 2
    lines = [f"usage: st2 {name} <command> [arguments]", "", entry.help, "", "commands:"]
    lines.extend(f"  {command:<{width}}{text}" for command, text in entry.commands.items())
    lines.extend(["", f"Options and examples of each: st2 {name} <command> --help"])
    return "\n".join(lines)


def _help_of(name: str) -> str:
    return registry.SINGLES[name].help if name in registry.SINGLES else registry.GROUPS[name].help

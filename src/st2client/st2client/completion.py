"""What can come next on a command line, and the shell scripts that ask.

Commands and sub-commands are written into the scripts, so completing them starts no process. Options and names of
actions are asked of ``st2 completion words``.
"""

from __future__ import annotations

from collections.abc import Sequence

from st2client import registry
from st2client.commands.base import GLOBAL_OPTIONS, Session
from st2client.errors import St2ClientError

#: Commands whose first argument is an action.
_TAKE_ACTIONS = (
    "run",
    "action get",
    "action execute",
    "action delete",
    "action update",
    "action enable",
    "action disable",
)

_TIMEOUT = 2.0


def words(line: Sequence[str], session: Session) -> list[str]:
    """What the last word of a line (without ``st2``) can become."""
    *before, current = line or [""]
    path = [word for word in before if not word.startswith("-")]
    name = _command_name(path)
    if not path:
        return _starting(current, [*registry.names(), *GLOBAL_OPTIONS])
    if not name:
        group = registry.GROUPS.get(registry.ALIASES.get(path[0], path[0]))
        return _starting(current, list(group.commands) if group else [])
    if current.startswith("-"):
        return _starting(current, _options(name))
    if name in _TAKE_ACTIONS and len(path) == len(name.split(" ")):
        return _starting(current, _actions(session))
    if name == "run" and len(path) > 1 and "=" not in current:
        return [f"{parameter}=" for parameter in _starting(current, _parameters(session, path[1]))]
    return []


def script(shell: str) -> str:
    """The completion script of a shell."""
    # In zsh, "words" is the line itself.
    template, variable = (_BASH, "words") if shell == "bash" else (_ZSH, "words_of_group")
    groups = "\n".join(
        f"        {name}) {variable}='{' '.join(sorted({sub.split(' ')[0] for sub in group.commands}))}' ;;"
        for name, group in sorted(registry.GROUPS.items())
    )
    return template.replace("@NAMES@", " ".join(registry.names())).replace("@GROUPS@", groups)


def _command_name(path: Sequence[str]) -> str:
    """The name of the command that words begin with; empty while it is not complete."""
    if not path:
        return ""
    first = registry.ALIASES.get(path[0], path[0])
    if first in registry.SINGLES:
        return first
    group = registry.GROUPS.get(first)
    for length in (2, 1):
        name = " ".join(path[1 : 1 + length])
        if group and name in group.commands:
            return f"{first} {name}"
    return ""


def _options(name: str) -> list[str]:
    command = registry.load(*name.split(" ", 1))
    return [option for action in command.parser()._actions for option in action.option_strings]


def _actions(session: Session) -> list[str]:
    """Names of the server's actions; none when it cannot be asked."""
    try:
        found = session.manager("Action").get_all(params={"include_attributes": "ref"}, timeout=_TIMEOUT)
    except (St2ClientError, OSError):
        return []
    return [action.ref for action in found]


def _parameters(session: Session, ref: str) -> list[str]:
    try:
        response = session.client.actions.call("GET", f"/actions/views/parameters/{ref}", timeout=_TIMEOUT)
        return sorted(response.json()["parameters"])
    except (St2ClientError, OSError, KeyError, TypeError):
        return []


def _starting(current: str, candidates: Sequence[str]) -> list[str]:
    return [candidate for candidate in candidates if candidate.startswith(current)]


_BASH = """\
# Completion of st2 for bash. Load it with: source <(st2 completion bash)
_st2() {
    local current="${COMP_WORDS[COMP_CWORD]}" words=''
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ] && [[ $current != -* ]]; then
        words='@NAMES@'
    elif [ "$COMP_CWORD" -eq 2 ]; then
        case "${COMP_WORDS[1]}" in
@GROUPS@
        esac
    fi
    if [ -z "$words" ]; then
        words="$(st2 completion words "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)"
    fi
    COMPREPLY=($(compgen -W "$words" -- "$current"))
    if [ "${#COMPREPLY[@]}" -eq 1 ] && [[ ${COMPREPLY[0]} == *= ]]; then
        compopt -o nospace
    fi
}
complete -o default -F _st2 st2"""

_ZSH = """\
#compdef st2
# Completion of st2 for zsh. Save it as _st2 in a directory of fpath, or load it with: source <(st2 completion zsh)
_st2() {
    local current="${words[CURRENT]}" found=''
    if (( CURRENT == 2 )) && [[ $current != -* ]]; then
        found='@NAMES@'
    elif (( CURRENT == 3 )); then
        local words_of_group=''
        case "${words[2]}" in
@GROUPS@
        esac
        found="$words_of_group"
    fi
    if [[ -z $found ]]; then
        found="$(st2 completion words "${(@)words[2,CURRENT]}" 2>/dev/null)"
    fi
    local -a candidates=(${(s: :)${found//$'\n'/ }})
    local -a parameters=(${(M)candidates:#*=}) others=(${candidates:#*=})
    (( $#parameters )) && compadd -S '' -- $parameters
    (( $#others )) && compadd -- $others
    (( $#candidates )) || _files
}
if [[ $funcstack[1] == _st2 ]]; then
    _st2 "$@"
else
    compdef _st2 st2
fi"""

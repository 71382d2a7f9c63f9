"""One run of an action, in a process forked for it: from the request to the exit code.

The request is a JSON object: `path` (the action's file), `pack`, `parameters`, `config`, `env`, `log_level`, and the
lists `first` and `last` of directories to put before and after the interpreter's own on the import path.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import sys
import threading
import time
from types import ModuleType
from typing import Any, Callable

from st2common.runners.base_action import Action
from st2common.runners.utils import PYTHON_ACTIONS_LOGGER

from st2lite_actions.config import PackConfig
from st2lite_actions.loading import load_module
from st2lite_actions.service import ActionService

INVALID_STATUS = 220
"""Exit code of an action that returned `(status, result)` with a status that is not a boolean."""

AUDIT = logging.CRITICAL + 10

_LOG_FORMAT = "%(name)-12s: %(levelname)-8s %(message)s"
_OUR_FILES = os.path.dirname(os.path.abspath(__file__))
_VARKEYWORDS = 0x08


def execute(request: dict[str, Any], deliver: Callable[[bytes], None]) -> int:
    """Run the action and return the exit code of its process; the result, if there is one, goes to `deliver`.

    What is delivered is a JSON object `{"status": true | false | null, "result": …}`.
    """
    code = 0
    try:
        _prepare(request)
        status, result = _outcome(_run(request))
        deliver(b'{"status":%s,"result":%s}' % (json.dumps(status).encode(), _json(result)))
    except SystemExit as error:
        code = _exit_code(error.code)
    except BaseException as error:  # noqa: BLE001 - as at the end of any program
        _forget_our_frames(error)
        sys.excepthook(type(error), error, error.__traceback__)
        code = 1
    _wind_up()
    return code


def warm_up() -> None:
    """Do once, before anything is forked, what would cost each child a millisecond: compiler and log are made ready."""
    compile("class A:\n    def run(self, x=1):\n        return {'x': x}\n", "warm-up", "exec")
    logger = logging.getLogger(PYTHON_ACTIONS_LOGGER)
    logger.propagate = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(_LOG_FORMAT))
    logger.addHandler(handler)


def _prepare(request: dict[str, Any]) -> None:
    _set_environment(request["env"])
    sys.path[:] = dict.fromkeys(request["first"] + sys.path + request["last"])
    sys.argv[:] = [request["path"]]
    level = request["log_level"]
    logging.getLogger(PYTHON_ACTIONS_LOGGER).setLevel(AUDIT if level == "AUDIT" else level)


def _set_environment(wanted: dict[str, str]) -> None:
    # Most variables are as they were when the host started; what is not written is not copied for the child.
    present = dict(os.environ)
    for name in present.keys() - wanted.keys():
        del os.environ[name]
    for name, value in wanted.items():
        if present.get(name) != value:
            os.environ[name] = value
    if wanted.get("TZ") != present.get("TZ"):
        time.tzset()


def _run(request: dict[str, Any]) -> Any:
    module = load_module(request["path"])
    action_class = _action_class(module, request["path"])
    name = action_class.__name__
    service = ActionService(request["pack"], name, logging.getLogger(f"{PYTHON_ACTIONS_LOGGER}.{name}"))
    config = PackConfig(request["pack"], request["config"])
    if _takes_service(action_class):
        action = action_class(config=config, action_service=service)
    else:
        action = action_class(config=config)
    action.action_service = service
    return action.run(**request["parameters"])


def _action_class(module: ModuleType, path: str) -> type[Any]:
    members = [member for _, member in sorted(vars(module).items()) if isinstance(member, type)]
    own = [member for member in members if _is_complete(member, module)]
    derived = (member for member in own if issubclass(member, Action))
    similar = (member for member in own if callable(getattr(member, "run", None)))
    for found in (*derived, *similar):  # some packs bring along a base class of their own
        return found
    sys.stderr.write(
        f"{path} has no action: define a class with a method run that derives from Action "
        "(from st2common.runners.base_action import Action).\n"
    )
    raise SystemExit(1)


def _is_complete(member: type[Any], module: ModuleType) -> bool:
    return member.__module__ == module.__name__ and not getattr(member, "__abstractmethods__", None)


def _takes_service(action_class: type[Any]) -> bool:
    code = getattr(action_class.__init__, "__code__", None)
    if code is None:
        return True
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return bool(code.co_flags & _VARKEYWORDS) or "action_service" in names


def _outcome(returned: Any) -> tuple[bool | None, Any]:
    if not isinstance(returned, tuple) or len(returned) != 2:
        return None, returned
    status, result = returned
    if not isinstance(status, bool):
        sys.stderr.write(
            f"run() returned a pair, which is read as (status, result), but the status {status!r} is neither True nor "
            "False.\n"
        )
        raise SystemExit(INVALID_STATUS)
    return status, result


def _json(result: Any) -> bytes:
    try:
        text = json.dumps(result, ensure_ascii=False, allow_nan=False)
    except ValueError:  # a number JSON does not know, which becomes null
        text = _json_without_nan(result)
    except (TypeError, RecursionError):
        text = json.dumps(_text(result), ensure_ascii=False)
    return text.encode("utf-8", "replace")


def _json_without_nan(result: Any) -> str:
    try:
        known: Any = json.loads(json.dumps(result), parse_constant=_null)
    except (ValueError, TypeError, RecursionError):
        known = _text(result)
    return json.dumps(known, ensure_ascii=False)


def _text(result: Any) -> str:
    try:
        return str(result)
    except RecursionError:
        sys.stderr.write("The result is nested too deeply to be written as JSON or text: flatten it.\n")
        raise SystemExit(1) from None


def _null(_: str) -> None:
    return None


def _exit_code(code: Any) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    sys.stderr.write(f"{code}\n")
    return 1


def _forget_our_frames(error: BaseException) -> None:
    traceback = error.__traceback__
    while traceback is not None and _is_ours(traceback.tb_frame.f_code.co_filename):
        traceback = traceback.tb_next
    error.__traceback__ = traceback


def _is_ours(filename: str) -> bool:
    return filename.startswith(("<frozen importlib", _OUR_FILES))


def _wind_up() -> None:
    """Do what an interpreter does at its end, except to take itself apart, which costs more than a short action."""
    steps: list[Callable[[], Any]] = [
        threading._shutdown,  # type: ignore[attr-defined]  # joins the threads that are not daemons
        atexit._run_exitfuncs,
        sys.stdout.flush,
        sys.stderr.flush,
    ]
    for step in steps:
        try:
            step()
        except BaseException as error:  # noqa: BLE001 - a broken exit function must not keep the others from running
            sys.excepthook(type(error), error, error.__traceback__)

"""Reads the parameters of an `http-request` action and sends the request they describe."""

from __future__ import annotations

import ast
import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from st2lite import __version__
from st2lite.executions.protocol import Run
from st2lite.models.errors import InvalidInput
from st2lite.runners.basic_auth import wire_text
from st2lite.runners.url_hosts import UrlHosts

if TYPE_CHECKING:
    import requests
    from requests.adapters import HTTPAdapter

DEFAULT_TIMEOUT_S = 60.0
_JSON = "application/json"


@dataclass(frozen=True)
class HttpRequest:
    """A request ready to be sent. `timeout` in seconds covers everything from connecting to the last byte.

    `options` are further keyword arguments of `requests.Session.request`.
    """

    method: str
    url: str
    timeout: float
    hosts: UrlHosts
    options: dict[str, Any]

    @classmethod
    def of(cls, run: Run) -> HttpRequest:
        """Read the parameters of a run; raise `InvalidInput` naming the parameter that cannot be used."""
        given = {**run.action_parameters, **run.runner_parameters}
        headers = _texts("headers", given.get("headers"))
        named = {name.lower() for name in headers}
        if "user-agent" not in named:
            headers["User-Agent"] = f"st2/v{__version__}"
        if "x-stanley-action" not in named:
            headers["X-Stanley-Action"] = run.action.name
        name, separator, value = str(given["auth"] if isinstance(given.get("auth"), str) else "").partition("=")
        if separator:  # a credential in a header of its own, as core.http documents it
            headers[name] = value
        body = _body(given.get("body"), headers)
        files = _files(given)
        default_method = "GET" if body is None and files is None else "POST"
        proxies = {scheme: given[f"{scheme}_proxy"] for scheme in ("http", "https") if given.get(f"{scheme}_proxy")}
        return cls(
            method=str(given.get("method") or default_method).upper(),
            url=_url(given.get("url")),
            timeout=_timeout(given.get("timeout")),
            hosts=UrlHosts.of(given.get("url_hosts_blacklist"), given.get("url_hosts_whitelist")),
            options={
                "params": given.get("params") or None,
                "data": body,
                "files": files,
                "headers": headers,
                "cookies": _texts("cookies", given.get("cookies")),
                "auth": _credentials(given),
                "proxies": proxies,
                "allow_redirects": bool(given.get("allow_redirects")),
                "verify": given.get("verify_ssl_cert") is not False,
            },
        )

    @contextmanager
    def send(self, before_each: Callable[[], None]) -> Iterator[requests.Response]:
        """Open the answer, its body still unread. `before_each` is called before every request, redirected ones too.

        Raises `InvalidInput` when the URL, or the target of a redirect, is refused by the host lists, and the
        exceptions of `requests`.
        """
        import requests
        import urllib3

        if not self.options["verify"]:
            # The user asked for an unverified connection; a warning per request would tell them nothing new.
            warnings.simplefilter("ignore", urllib3.exceptions.InsecureRequestWarning)
        with requests.Session() as session:
            adapter = _guarded_adapter(self.hosts, before_each)
            session.mount("http://", adapter)
            session.mount("https://", adapter)
            with session.request(self.method, self.url, timeout=self.timeout, stream=True, **self.options) as response:
                yield response


def _guarded_adapter(hosts: UrlHosts, before_each: Callable[[], None]) -> HTTPAdapter:
    # An adapter sees every request of a chain of redirects in the spelling that is connected to.
    from requests.adapters import HTTPAdapter

    class Guarded(HTTPAdapter):
        def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
            before_each()
            hosts.check(request.url or "")
            return super().send(request, *args, **kwargs)

    return Guarded()


def _url(value: object) -> str:
    url = value.strip() if isinstance(value, str) else ""
    if not url:
        raise InvalidInput("Parameter url is missing: give an http:// or https:// URL.")
    if not url.lower().startswith(("http://", "https://")):
        raise InvalidInput("Parameter url must start with http:// or https://.")
    return url


def _timeout(value: Any) -> float:
    if value is None:
        return DEFAULT_TIMEOUT_S
    try:
        timeout = float(value)
    except (TypeError, ValueError):
        raise InvalidInput("Parameter timeout must be a number of seconds.") from None
    if not timeout > 0:
        raise InvalidInput("Parameter timeout must be greater than 0 seconds.")
    return timeout


def _texts(name: str, value: object) -> dict[str, str]:
    """Take a map of headers or cookies; what is null is left out."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InvalidInput(f"Parameter {name} must be an object of names and values.")
    given = ((str(key), item) for key, item in value.items() if item is not None)
    return {key: item if isinstance(item, str) else json.dumps(item) for key, item in given}


def _body(body: Any, headers: Mapping[str, str]) -> Any:
    """Give what goes on the wire; with exactly the JSON media type, text is read as a value and encoded anew."""
    if body is None or body == "":
        return None
    content_type = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    if content_type.lower() == _JSON:
        return json.dumps(_value(body)).encode()
    if isinstance(body, str):
        return body.encode()
    return body if isinstance(body, Mapping) else json.dumps(body).encode()


def _value(body: Any) -> Any:
    if not isinstance(body, str):
        return body
    try:
        return json.loads(body)
    except ValueError:
        pass
    try:
        value = ast.literal_eval(body)
        json.dumps(value)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise InvalidInput("Parameter body is not JSON although the header Content-Type says so.") from None
    return value


def _files(given: Mapping[str, Any]) -> dict[str, tuple[str, ...]] | None:
    content = given.get("file_content")
    if content is None or content == "":
        return None
    if not isinstance(content, str):
        raise InvalidInput("Parameter file_content must be a text.")
    part = (str(given.get("file_name") or "file"), content)
    return {"file": (*part, str(given["file_content_type"])) if given.get("file_content_type") else part}


def _credentials(given: Mapping[str, Any]) -> tuple[str, str] | None:
    """Take username and password, else the action parameter `auth`: a pair or an object with these two keys.

    Text in `auth` of the form `header=value` is not for basic authentication.
    """
    username, password, auth = given.get("username"), given.get("password"), given.get("auth")
    if isinstance(auth, str) and "=" in auth:
        auth = None
    if not username and not password and auth:
        if isinstance(auth, Mapping):
            username, password = auth.get("username"), auth.get("password")
        elif isinstance(auth, (list, tuple)) and len(auth) == 2:
            username, password = auth
        if not username:
            raise InvalidInput(
                "Parameter auth must be header=value, an object with username and password, or a list of the two."
            )
    if not username and not password:
        return None
    return wire_text(str(username or "")), wire_text(str(password or ""))

"""Who the command line acts as: the token cache, and getting a token when there is none.

Tokens are cached in ``~/.st2/token-<user>``, a file only its owner can read, as
``{"token": …, "expire_timestamp": <seconds since 1970>}``.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from typing import Any

from st2client.client import Client
from st2client.errors import ConnectionFailed, HTTPError, St2ClientError
from st2client.models.auth import Token
from st2client.settings import Options, config_directory

#: A token this close to its end (seconds) is not used any more.
GRACE_PERIOD = 15


def authenticate(client: Client, options: Options, given: Mapping[str, str | None], environ: Mapping[str, str]) -> None:
    """Give the client its credentials, in this order:

    the token and API key of the command's options, those of the environment, a token for the user of the
    configuration file (cached, or fetched with the password there), the API key of the configuration file.
    When the auth service is down, the command goes on without and the server says what it thinks of that.
    """
    token = given.get("token") or environ.get("ST2_AUTH_TOKEN")
    api_key = given.get("api_key") or environ.get("ST2_API_KEY")
    if token or api_key:
        client.token, client.api_key = token, api_key
        return
    configured = options["credentials"]
    if configured["username"]:
        client.token = _token_for(client, configured["username"], configured["password"], options["cli"]["cache_token"])
    elif configured["api_key"]:
        client.api_key = configured["api_key"]


def request_token(client: Client, username: str, password: str, ttl: int | None = None) -> Token:
    """Ask the auth service for a token.

    :raises HTTPError: it refuses, usually because of a wrong password.
    """
    wanted = Token(ttl=ttl) if ttl else Token()
    token: Token = client.tokens.create(wanted, auth=(username, password))
    return token


def cache_path(username: str) -> str:
    """Where the token of a user is cached: in ``ST2_TOKEN_DIRECTORY``, by default ``~/.st2``.

    The variable keeps servers apart on which a user has the same name.
    """
    directory = os.environ.get("ST2_TOKEN_DIRECTORY") or config_directory()
    return os.path.join(directory, "token-" + username.replace(os.sep, "_"))


def cached_token(username: str) -> str | None:
    """Return the cached token of a user; None when there is none that is still good."""
    path = cache_path(username)
    try:
        with open(path, encoding="utf-8") as file:
            data: Any = json.load(file)
        if data["expire_timestamp"] - GRACE_PERIOD < time.time():
            return None
        return str(data["token"])
    except FileNotFoundError:
        return None
    except PermissionError:
        _warn(f'The cached token "{path}" cannot be read, so a new one is requested each time.')
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise St2ClientError(
            f'File "{path}" with cached token is corrupted or invalid ({error}).', hint=f"Delete it: rm '{path}'"
        ) from error


def cache_token(token: Token) -> None:
    """Remember a token for its user. Where that is not possible, warn and go on."""
    from st2client.output.timestamps import to_unix

    data = {"token": token.token, "expire_timestamp": to_unix(token.expiry)}
    try:
        write_private(cache_path(token.user), json.dumps(data))
    except OSError as error:
        _warn(f"The token cannot be cached, so a new one is requested each time: {error}")


def write_private(path: str, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all; its directory is made private when created."""
    directory = os.path.dirname(path)
    if not os.path.isdir(directory):
        os.makedirs(directory, mode=0o700)
    temporary = f"{path}.{os.getpid()}.new"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _token_for(client: Client, username: str, password: str | None, use_cache: bool) -> str | None:
    token = cached_token(username) if use_cache else None
    if token:
        return token
    if not password:
        raise St2ClientError(
            f"The token of {username} has expired and no password is configured.",
            hint=f"Log in again: st2 login {username}",
        )
    try:
        fresh = request_token(client, username, password)
    except ConnectionFailed as error:
        _warn(f"Going on without authentication, for the auth service cannot be reached. {error}")
        return None
    except HTTPError as error:
        error.args = (f"Failed to authenticate with credentials provided in the config.\n{error}",)
        raise
    if use_cache:
        cache_token(fresh)
    return str(fresh.token)


def _warn(message: str) -> None:
    print(f"WARNING: {message}", file=sys.stderr)

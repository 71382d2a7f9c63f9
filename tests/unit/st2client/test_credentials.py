"""Settings, logging in and the cache of tokens."""

from __future__ import annotations

import base64
import json
import stat
import time
from pathlib import Path

import pytest

from st2client import credentials, endpoints, settings
from st2client.errors import ConfigError
from tests.servers.api import FakeApi, fault
from tests.unit.st2client.conftest import Cli

TOKEN = "0123456789abcdef0123456789abcdef"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def configure(home: Path, text: str) -> Path:
    path = home / ".st2" / "config"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def anonymous(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> FakeApi:
    monkeypatch.delenv("ST2_AUTH_TOKEN")
    return api


def sent(api: FakeApi, header: str) -> list[str | None]:
    return [request.headers.get(header) for request in api.received]


def test_endpoints() -> None:
    default = endpoints.resolve(environ={})
    assert default == (
        "http://127.0.0.1",
        "http://127.0.0.1:9101/v1",
        "http://127.0.0.1:9100",
        "http://127.0.0.1:9102/v1",
    )
    environ = {"ST2_BASE_URL": "https://h/", "ST2_API_URL": "https://h/api/v1/", "ST2_API_VERSION": "v2"}
    assert endpoints.resolve(environ=environ) == (
        "https://h",
        "https://h/api/v1",
        "https://h/auth",
        "https://h/stream/v2",
    )
    assert endpoints.resolve("http://arg", api="http://a//", environ=environ)[:2] == ("http://arg", "http://a/")


@pytest.mark.parametrize("base", ["http://127.0.0.1:9101", "https://[::1]:443", "https://[::1]", "https://h"])
def test_a_base_url_with_a_port_or_tls_has_all_services(base: str) -> None:
    assert endpoints.resolve(f"{base}/", environ={}) == (base, f"{base}/api/v1", f"{base}/auth", f"{base}/stream/v1")


def test_the_colons_of_an_address_are_no_port() -> None:
    assert endpoints.resolve("http://[::1]", environ={}).auth == "http://[::1]:9100"


def test_every_option_of_the_config_file(home: Path, cli: Cli) -> None:
    configure(home, "[general]\nbase_url = http://h\nsilence_ssl_warnings = yes\n[cli]\ntimezone = Europe/Madrid\n"
                    "[credentials]\npassword = 50%off\n[unknown]\nx = 1\n")  # fmt: skip
    outcome = cli("--print-config")
    assert outcome.code == 3
    assert "[general]\nbase_url = http://h\napi_version = None\n" in outcome.out
    assert "silence_ssl_warnings = True" in outcome.out
    assert "password = 50%off" in outcome.out
    assert "unknown" not in outcome.out
    assert "base_url = None" in cli("--skip-config", "--print-config").out


@pytest.mark.parametrize(
    ("text", "reason"),
    [("no section", "not a valid INI file"), ("[cli]\ndebug = maybe\n", "cli.debug must be true or false")],
)
def test_broken_config_files_are_named(home: Path, cli: Cli, text: str, reason: str) -> None:
    path = configure(home, text)
    outcome = cli("action", "list")
    assert outcome.code == 1
    assert str(path) in outcome.err
    assert reason in outcome.err


def test_a_config_file_asked_for_must_exist(home: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    assert 'nowhere" not found' in cli("--config-file", "/nowhere", "action", "list").err
    monkeypatch.setenv("ST2_CONFIG_FILE", "/nowhere")
    with pytest.raises(ConfigError):
        settings.config_path(None)


def test_urls_of_the_config_file_and_of_options(
    home: Path, cli: Cli, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ST2_API_URL", "ST2_AUTH_URL", "ST2_STREAM_URL"):
        monkeypatch.delenv(name)
    configure(home, f"[api]\nurl = {api.url}/v1\n[cli]\ntimezone = UTC\n")
    assert cli("timer", "list").code == 0
    configure(home, "[api]\nurl = http://127.0.0.1:1\n")
    assert cli("timer", "list").code == 1
    assert cli("--api-url", f"{api.url}/v1", "timer", "list").code == 0


def test_login_keeps_token_and_user_private(home: Path, anonymous: FakeApi, cli: Cli) -> None:
    outcome = cli("login", "st2admin", "-p", "secret")
    assert outcome.code == 0
    assert outcome.out.startswith("Logged in as st2admin\n")
    basic = base64.b64encode(b"st2admin:secret").decode()
    assert sent(anonymous, "Authorization") == [f"Basic {basic}"]
    token, config = home / ".st2" / "token-st2admin", home / ".st2" / "config"
    assert (mode(token), mode(config), mode(home / ".st2")) == (0o600, 0o600, 0o700)
    assert json.loads(token.read_text()) == {"token": TOKEN, "expire_timestamp": 32472144000}
    assert config.read_text().split() == ["[credentials]", "username", "=", "st2admin"]
    assert not [path for path in (home / ".st2").iterdir() if path not in (token, config)]


def test_login_then_commands_use_the_cached_token(home: Path, anonymous: FakeApi, cli: Cli) -> None:
    cli("login", "st2admin", "-p", "secret")
    cli("timer", "list")
    assert anonymous.requests == ["POST /tokens", "GET /timers"]
    assert sent(anonymous, "X-Auth-Token")[-1] == TOKEN


def test_login_writes_the_password_only_when_told(home: Path, anonymous: FakeApi, cli: Cli) -> None:
    config = configure(home, "[cli]\ntimezone = UTC\n")
    cli("login", "st2admin", "-p", "sec%ret", "-w")
    assert "password = sec%ret" in config.read_text()
    assert "timezone = UTC" in config.read_text()
    assert mode(config) == 0o600
    cli("login", "st2admin", "-p", "secret")
    assert "password" not in config.read_text()


def test_login_creates_the_config_file_it_is_given(home: Path, anonymous: FakeApi, cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "new" / "config"
    assert cli("--config-file", str(path), "login", "st2admin", "-p", "x").code == 0
    assert mode(path) == 0o600


def test_login_takes_the_password_from_a_pipe(anonymous: FakeApi, cli: Cli) -> None:
    assert cli("login", "st2admin", stdin="from pipe\n").code == 0
    assert sent(anonymous, "Authorization") == ["Basic " + base64.b64encode(b"st2admin:from pipe").decode()]
    assert "No password given." in cli("login", "st2admin").err


def test_failed_login(home: Path, anonymous: FakeApi, cli: Cli) -> None:
    anonymous.answers["POST", "/tokens"] = fault(401, "Invalid or missing credentials")
    outcome = cli("login", "st2admin", "-p", "wrong")
    assert outcome.code == 1
    assert "Failed to log in as st2admin: 401 Client Error: Unauthorized\nMESSAGE: Invalid or missing" in outcome.err
    assert "Check the user name and the password." in outcome.err
    assert not (home / ".st2").exists()


def test_configured_password_fetches_and_caches_a_token(home: Path, anonymous: FakeApi, cli: Cli) -> None:
    configure(home, "[credentials]\nusername = bob\npassword = pw\n")
    assert cli("timer", "list").code == 0
    assert anonymous.requests == ["POST /tokens", "GET /timers"]
    configure(home, "[credentials]\nusername = st2admin\npassword = pw\n[cli]\ncache_token = false\n")
    cli("timer", "list")
    cli("timer", "list")
    assert anonymous.requests[2:] == ["POST /tokens", "GET /timers"] * 2


def test_tokens_that_end_soon_are_not_used(home: Path, anonymous: FakeApi, cli: Cli) -> None:
    configure(home, "[credentials]\nusername = st2admin\npassword = pw\n")
    path = home / ".st2" / "token-st2admin"
    path.write_text(json.dumps({"token": "old", "expire_timestamp": int(time.time()) + 10}))
    assert cli("timer", "list").code == 0
    assert sent(anonymous, "X-Auth-Token") == [None, TOKEN]
    assert mode(path) == 0o600


def test_expired_token_without_password_says_to_log_in(home: Path, anonymous: FakeApi, cli: Cli) -> None:
    configure(home, "[credentials]\nusername = bob\n")
    outcome = cli("timer", "list")
    assert outcome.code == 1
    assert "Log in again: st2 login bob" in outcome.err


def test_corrupt_token_cache_is_named(home: Path, anonymous: FakeApi, cli: Cli) -> None:
    configure(home, "[credentials]\nusername = bob\n")
    (home / ".st2" / "token-bob").write_text("{}")
    outcome = cli("timer", "list")
    assert outcome.code == 1
    assert "token-bob" in outcome.err
    assert "Delete it" in outcome.err


def test_auth_service_down_goes_on_without(
    home: Path, anonymous: FakeApi, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(home, "[credentials]\nusername = bob\npassword = pw\n")
    monkeypatch.setenv("ST2_AUTH_URL", "http://127.0.0.1:1")
    outcome = cli("timer", "list")
    assert outcome.code == 0
    assert outcome.err.startswith("WARNING: Going on without authentication")
    assert sent(anonymous, "X-Auth-Token") == [None]


def test_who_counts(home: Path, anonymous: FakeApi, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(home, "[credentials]\napi_key = from-config\n")
    cli("timer", "list")
    monkeypatch.setenv("ST2_API_KEY", "from-env")
    cli("timer", "list")
    monkeypatch.setenv("ST2_AUTH_TOKEN", "token-env")
    cli("timer", "list")
    cli("timer", "list", "-t", "token-option", "--api-key", "key-option")
    assert sent(anonymous, "St2-Api-Key") == ["from-config", "from-env", "from-env", "key-option"]
    assert sent(anonymous, "X-Auth-Token") == [None, None, "token-env", "token-option"]


def test_basic_auth_of_a_proxy_is_not_sent_with_logins(anonymous: FakeApi, cli: Cli) -> None:
    cli("--basic-auth", "u:p", "timer", "list", "-t", "x")
    cli("--basic-auth", "u:p", "auth", "bob", "-p", "q")
    wanted = ["Basic " + base64.b64encode(pair).decode() for pair in (b"u:p", b"bob:q")]
    assert sent(anonymous, "Authorization") == wanted
    assert "username:password" in cli("--basic-auth", "nonsense", "timer", "list").err


def test_whoami(api: FakeApi, cli: Cli) -> None:
    assert cli("whoami").out == (
        'Currently logged in as "st2admin".\n\nAuthentication method: authentication token\n'
        "Authentication token expire time: 2999-01-01T00:00:00Z\n\nRBAC:\n - Enabled: False\n - Roles: \n"
    )
    assert json.loads(cli("whoami", "-j").out)["username"] == "st2admin"
    api.answers["GET", "/user"] = fault(401, "Unauthorized")
    outcome = cli("whoami")
    assert (outcome.code, outcome.out) == (0, "Not authenticated\n")
    assert "st2 login" in outcome.err


def test_only_token(api: FakeApi, cli: Cli) -> None:
    assert cli("auth", "st2admin", "-p", "x", "-t").out == f"{TOKEN}\n"


def test_user_names_stay_inside_the_directory(home: Path) -> None:
    assert Path(credentials.cache_path("../../etc/passwd")).parent == home / ".st2"

"""What nginx tells browsers, and how it slows down who guesses passwords; tests/appliance asks a running one."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.roles.hosts import each_host
from tests.roles.rendering import Host, files_on
from tests.roles.role import ROOT, Role

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

_NGINX = Role(ROOT / "roles" / "nginx")
_SITE = "/etc/nginx/conf.d/st2.conf"


def _site(**variables: Any) -> str:
    files = Host(_NGINX, "debian-12", variables).files() if variables else files_on(_NGINX, "debian-12")
    return next(file.text for file in files if file.path == _SITE)


def _location(site: str, name: str) -> str:
    return re.findall(rf"^    location {re.escape(name)} {{\n(.*?)^    }}$", site, re.MULTILINE | re.DOTALL)[0]


@each_host
def test_the_site_is_where_stackstorm_s_package_has_it_too(kind: str) -> None:
    files = {file.path: file.text for file in files_on(_NGINX, kind)}
    assert files["/usr/share/doc/st2/conf/nginx/st2.conf"] == files[_SITE]


def test_guessing_is_slowed_down() -> None:
    site = _site(nginx_logins_per_minute=20, nginx_login_burst=5)
    assert "limit_req_zone $st2_guess zone=st2_guesses:10m rate=20r/m;" in site
    assert "limit_req zone=st2_guesses burst=5 nodelay;" in _location(site, "/auth/")
    assert "limit_req" not in _location(site, "/api/") + _location(site, "/stream/")
    answer = _location(site, "@too_many")
    assert "Retry-After 3 always;" in answer
    assert 'return 429 \'{"faultstring": ' in answer


def test_guessing_may_be_left_to_others() -> None:
    site = _site(nginx_logins_per_minute="0")
    assert not re.search("limit_req|guess|429", site)


def test_every_answer_of_ours_has_the_same_headers() -> None:
    """One `add_header` in a location takes away all those of the server."""
    site = _site()
    server = site[site.index("listen 443") :]
    own = set(re.findall(r"^    add_header (\S+)", server, re.MULTILINE))
    assert own >= {
        "Content-Security-Policy", "Referrer-Policy", "Strict-Transport-Security", "X-Content-Type-Options",
        "X-Frame-Options",
    }  # fmt: skip
    for name in re.findall(r"^    location (\S+) {", server, re.MULTILINE):
        headers = set(re.findall(r"^        add_header (\S+)", _location(server, name), re.MULTILINE))
        assert not headers or headers >= own, name


def test_headers_can_be_left_out() -> None:
    site = _site(nginx_content_security_policy="", nginx_hsts_seconds=0)
    assert "Content-Security-Policy" not in site
    assert "Strict-Transport-Security" not in site

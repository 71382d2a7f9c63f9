import pytest

from st2lite.config.schema import Api, Auth, Config, Coordination, Messaging
from st2lite.config.urls import api_url, coordination_url


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:9101/v1"),
        ("st2.example.org", "http://st2.example.org:9101/v1"),
        ("0.0.0.0", "http://127.0.0.1:9101/v1"),
        ("::", "http://127.0.0.1:9101/v1"),
        ("::1", "http://[::1]:9101/v1"),
    ],
)
def test_actions_call_the_address_that_the_api_listens_on(host, url):
    assert api_url(Config(api=Api(host=host))) == url


def test_actions_call_the_public_address_where_one_is_given():
    assert api_url(Config(auth=Auth(api_url="https://st2.example.org/api/"))) == "https://st2.example.org/api/v1"


def test_one_process_needs_nobody_to_agree_on_locks_with():
    assert coordination_url(Config()) is None
    assert coordination_url(Config(messaging=Messaging(url="memory://"))) == "memory://"
    assert coordination_url(Config(coordination=Coordination(url="redis://127.0.0.1"))) == "redis://127.0.0.1"

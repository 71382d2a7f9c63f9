"""Configuration of packs at run time."""

import pytest

from st2lite.models.datastore import USER_SCOPE, KeyValuePair
from st2lite.models.errors import InvalidInput
from st2lite.models.pack import ConfigSchema, PackConfig
from st2lite.rendering.configs import PackConfigs, with_defaults

SCHEMA = {
    "url": {"type": "string", "required": True},
    "region": {"type": "string", "default": "eu"},
    "password": {"type": "string", "secret": True},
    "connection": {
        "type": "object",
        "properties": {
            "port": {"type": "integer", "default": 443},
            "token": {"type": "string", "secret": True},
        },
    },
    "accounts": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"key": {"type": "string", "secret": True}, "retries": {"type": "integer", "default": 3}},
        },
    },
    "extra": {"type": "object", "additionalProperties": {"type": "string", "secret": True}},
    "patterned": {"type": "object", "patternProperties": {"_pw$": {"type": "string", "secret": True}}},
}


@pytest.fixture
def configs(store, ring):
    store.insert(ConfigSchema(id="web", attributes=SCHEMA))
    store.insert_many(
        [
            KeyValuePair(name="url", value="http://x"),
            KeyValuePair(name="pw", value=ring.encrypt("s3cret"), secret=True),
            KeyValuePair(name="jane:own", value="of jane", scope=USER_SCOPE),
        ]
    )
    return PackConfigs(store, ring)


def keep(store, values):
    store.insert(PackConfig(id="web", values=values))


def test_a_pack_without_configuration_has_defaults_or_nothing(configs):
    assert configs.resolve("web", "jane") == {"region": "eu", "connection": {"port": 443}}
    assert configs.resolve("other", "jane") == {}


def test_values_are_resolved_at_any_depth(configs, store):
    secret = "{{ st2kv.system.pw }}"
    keep(
        store,
        {
            "url": "{{ st2kv.system.url }}/api",
            "region": "{{ st2kv.user.own }}",
            "password": secret,
            "connection": {"token": secret},
            "accounts": [{"key": secret, "retries": 1}, {"key": secret}],
            "extra": {"a": secret},
            "patterned": {"db_pw": secret, "plain": secret},
            "free": ["{{ st2kv.system.url }}"],
            "number": 5,
        },
    )
    resolved = configs.resolve("web", "jane")
    ciphertext = resolved["patterned"].pop("plain")
    assert ciphertext.isalnum() and ciphertext != "s3cret", "only what the schema calls secret is decrypted"
    assert resolved == {
        "url": "http://x/api",
        "region": "of jane",
        "password": "s3cret",
        "connection": {"token": "s3cret", "port": 443},
        "accounts": [{"key": "s3cret", "retries": 1}, {"key": "s3cret", "retries": 3}],
        "extra": {"a": "s3cret"},
        "patterned": {"db_pw": "s3cret"},
        "free": ["http://x"],
        "number": 5,
    }
    assert configs.resolve("web", "bob")["region"] is None, "an empty item becomes None"


def test_literal_secrets_are_not_decrypted(configs, store):
    keep(store, {"password": "plain"})
    assert configs.resolve("web", "jane")["password"] == "plain"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("{{ st2kv.system.url }}", "not encrypted"),
        ("{{ nobody }}", "'nobody' is undefined"),
        ("{{ st2kv.system.pw | nope }}", "No filter named"),
    ],
)
def test_what_cannot_be_resolved_is_named(configs, store, value, text):
    keep(store, {"password": value})
    with pytest.raises(InvalidInput, match=text) as caught:
        configs.resolve("web", "jane")
    assert caught.value.message.startswith(
        f'Failed to render dynamic configuration value for key "password" with value "{value}" for pack "web" config: '
    )


def test_secrets_without_a_key(configs, store):
    keep(store, {"password": "{{ st2kv.system.pw }}"})
    with pytest.raises(InvalidInput, match="No encryption key is configured"):
        PackConfigs(store, None).resolve("web", "jane")


def test_defaults_do_not_change_what_is_given():
    values = {"connection": {"port": 1}}
    filled = with_defaults(values, SCHEMA)
    filled["connection"]["port"] = 2
    assert values == {"connection": {"port": 1}}
    assert with_defaults({"connection": None}, SCHEMA)["connection"] is None

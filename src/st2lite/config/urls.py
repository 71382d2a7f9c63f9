"""Addresses that several options make up together."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from st2lite.config.schema import Config


def database_url(config: Config) -> str:
    """URL of the database: `[database] host` when it is one, else made of the other options of that section."""
    database = config.database
    if "://" in database.host:
        return database.host
    credentials = ""
    if database.username:
        password = f":{quote(database.password, safe='')}" if database.password else ""
        credentials = f"{quote(database.username, safe='')}{password}@"
    query: dict[str, str] = {"serverSelectionTimeoutMS": str(database.connection_timeout)}
    if database.ssl:
        query["tls"] = "true"
        if not database.ssl_match_hostname:
            query["tlsAllowInvalidHostnames"] = "true"
        if database.ssl_ca_certs:
            query["tlsCAFile"] = database.ssl_ca_certs
        if database.ssl_certfile:
            query["tlsCertificateKeyFile"] = database.ssl_certfile
    if database.authentication_mechanism:
        query["authMechanism"] = database.authentication_mechanism
    host = f"[{database.host}]" if ":" in database.host else database.host
    return f"mongodb://{credentials}{host}:{database.port}/{database.db_name}?{urlencode(query)}"


def coordination_url(config: Config) -> str | None:
    """URL of what services agree on locks with; `memory://` where one process is everything, None if there is none."""
    return config.coordination.url or ("memory://" if config.messaging.url.startswith("memory://") else None)


def api_base_url(config: Config) -> str:
    """Base URL of the API as clients see it, without version and without trailing slash."""
    return config.auth.api_url.rstrip("/") or local_url(config.api.host, config.api.port)


def api_url(config: Config) -> str:
    """URL that actions call, with version."""
    return f"{api_base_url(config)}/v1"


def local_url(host: str, port: int) -> str:
    """URL at which programs on this host reach what listens on `host`, which may stand for all addresses."""
    if host in ("", "0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

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


def api_base_url(config: Config) -> str:
    """Base URL of the API as clients see it, without version and without trailing slash."""
    if config.auth.api_url:
        return config.auth.api_url.rstrip("/")
    host = "127.0.0.1" if config.api.host in ("", "0.0.0.0", "::") else config.api.host  # noqa: S104 - compared, not bound
    return f"http://{host}:{config.api.port}"


def api_url(config: Config) -> str:
    """URL that actions call, with version."""
    return f"{api_base_url(config)}/v1"

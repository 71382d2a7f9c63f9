#!/usr/bin/python
"""Which databases a MongoDB server holds besides one's own, and the end of one's own."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

try:
    from pymongo import MongoClient
    from pymongo.errors import OperationFailure, PyMongoError
except ImportError:
    MongoClient = None

DOCUMENTATION = r"""
---
module: mongodb_others
short_description: List the databases of others, drop one's own
description:
  - Logs in as the administrator and names all databases except those of the server itself and the given one.
  - If told so, it logs in as the user of the given database, drops that, and then has the administrator drop the user.
options:
  port:
    type: int
    default: 27017
    description: The port of the server on 127.0.0.1.
  timeout:
    type: int
    default: 20
    description: How long to wait for the server, in seconds.
  admin_name:
    type: str
    required: true
    description: The administrator, an account of the database admin that may list databases and manage users.
  admin_password:
    type: str
    required: true
    description: Its password.
  database:
    type: str
    required: true
    description: One's own database.
  drop:
    type: bool
    default: false
    description: Drop that database and its user. They may be gone already.
  name:
    type: str
    default: ""
    description: The user, an account of that database that may drop it.
  password:
    type: str
    default: ""
    description: Its password.
author:
  - The st2lite authors
"""

EXAMPLES = r"""
- name: Ask whether others use the server
  mongodb_others:
    admin_name: admin
    admin_password: "{{ admin_password }}"
    database: st2
"""

RETURN = r"""
others:
  description: Names of the databases of others.
  returned: success
  type: list
  elements: str
"""

_OF_THE_SERVER = {"admin", "config", "local"}
_USER_NOT_FOUND, _AUTHENTICATION_FAILED = 11, 18


def others(client: Any, database: str) -> list[str]:
    """Names of the databases that are neither the server's nor `database`. Raises `PyMongoError`."""
    listed = client.admin.command({"listDatabases": 1, "nameOnly": True})["databases"]
    return sorted({entry["name"] for entry in listed} - _OF_THE_SERVER - {database})


def drop(client: Any, own: Any, database: str, name: str) -> bool:
    """Drop `database` with the client `own` of its user, and the user with `client`; whether anything was there."""
    try:
        own.drop_database(database)
    except OperationFailure as error:
        if error.code != _AUTHENTICATION_FAILED:
            raise
    try:
        client[database].command("dropUser", name)
    except OperationFailure as error:
        if error.code != _USER_NOT_FOUND:
            raise
        return False
    return True


def main() -> None:
    """Run as a module of Ansible."""
    text = {"type": "str", "required": True}
    module = AnsibleModule(
        argument_spec={
            "port": {"type": "int", "default": 27017},
            "timeout": {"type": "int", "default": 20},
            "admin_name": text,
            "admin_password": {**text, "no_log": True},
            "database": text,
            "drop": {"type": "bool", "default": False},
            "name": {"type": "str", "default": ""},
            "password": {"type": "str", "default": "", "no_log": True},
        },
        supports_check_mode=True,
    )
    if MongoClient is None:
        module.fail_json(msg=missing_required_lib("pymongo"))
    given = module.params
    server = {
        "host": "127.0.0.1",
        "port": given["port"],
        "directConnection": True,
        "serverSelectionTimeoutMS": given["timeout"] * 1000,
    }
    login = {"username": given["admin_name"], "password": given["admin_password"], "authSource": "admin"}
    own = {"username": given["name"], "password": given["password"], "authSource": given["database"]}
    dropped = False
    try:
        with MongoClient(**server, **login) as client:
            found = others(client, given["database"])
            if given["drop"] and not module.check_mode:
                with MongoClient(**server, **own) as user:
                    dropped = drop(client, user, given["database"], given["name"])
    except PyMongoError as error:
        module.fail_json(msg=f"MongoDB at 127.0.0.1:{given['port']}: {error}")
    module.exit_json(changed=dropped, others=found)


if __name__ == "__main__":
    main()

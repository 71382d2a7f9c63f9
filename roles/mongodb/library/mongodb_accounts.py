#!/usr/bin/python
"""The administrator of a MongoDB server, and one user with rights on one database."""

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
module: mongodb_accounts
short_description: Make the administrator and the user of one database
description:
  - Logs in as the administrator. If nobody can, it makes the administrator first, which a server with authorization
    allows over a loopback address as long as it has no account at all.
  - Then makes the user, or gives it the roles and the password that it should have.
options:
  host:
    type: str
    default: 127.0.0.1
    description: The loopback address of the server.
  port:
    type: int
    default: 27017
    description: The port of the server.
  timeout:
    type: int
    default: 60
    description: How long to wait for the server to be up, in seconds.
  admin_name:
    type: str
    required: true
    description: The administrator, an account of the database admin.
  admin_password:
    type: str
    required: true
    description: Its password.
  admin_roles:
    type: list
    elements: str
    required: true
    description: Its roles on the database admin. They are set when the account is made.
  database:
    type: str
    required: true
    description: The database of the user.
  name:
    type: str
    required: true
    description: The user, an account of that database.
  password:
    type: str
    required: true
    description: Its password.
  roles:
    type: list
    elements: str
    required: true
    description: Its roles on that database, and no others.
author:
  - The st2lite authors
"""

EXAMPLES = r"""
- name: Make the accounts
  mongodb_accounts:
    admin_name: admin
    admin_password: "{{ admin_password }}"
    admin_roles: [userAdminAnyDatabase]
    database: st2
    name: st2
    password: "{{ password }}"
    roles: [readWrite, dbAdmin]
"""

RETURN = r"""
done:
  description: What was changed, in words.
  returned: always
  type: list
  elements: str
"""

_UNAUTHORIZED, _AUTHENTICATION_FAILED, _USER_EXISTS = 13, 18, 51003


class Refused(Exception):
    """The server is up and does not let us do it; the message says what to do."""


class Server:
    """One MongoDB server, reached directly whatever it is a member of."""

    def __init__(self, host: str, port: int, timeout: int) -> None:
        self._options = {
            "host": host,
            "port": port,
            "directConnection": True,
            "serverSelectionTimeoutMS": timeout * 1000,
        }

    def connect(self, name: str | None = None, password: str | None = None, database: str = "admin") -> Any:
        """A client without a login, or one that logs in with its first command."""
        login = {"username": name, "password": password, "authSource": database} if name else {}
        return MongoClient(**self._options, **login)

    def accepts(self, name: str, password: str, database: str) -> bool:
        """Whether the account can log in."""
        with self.connect(name, password, database) as client:
            try:
                client[database].command("connectionStatus")
            except OperationFailure as error:
                if error.code == _AUTHENTICATION_FAILED:
                    return False
                raise
        return True


def make_admin(server: Server, name: str, password: str, roles: list[str]) -> None:
    """Make the first account, or set its password on a server that runs without authorization. Raises `Refused`."""
    with server.connect() as client:
        try:
            client.admin.command("createUser", name, pwd=password, roles=roles)
        except OperationFailure as error:
            if error.code == _USER_EXISTS:
                client.admin.command("updateUser", name, pwd=password)
            elif error.code == _UNAUTHORIZED:
                raise Refused(
                    f"MongoDB has accounts already, and does not accept the stored password of {name}. Put the right "
                    "one back into its secret file; if nobody knows it, run the playbook once with "
                    "mongodb_authorization=false, which sets it anew, and then once more without."
                ) from error
            else:
                raise


def settle_user(client: Any, server: Server, user: dict[str, Any], check: bool) -> list[str]:
    """Make the user, or mend its roles and password; answers what was (or in check mode would be) done."""
    database = client[user["database"]]
    wanted = sorted((role, user["database"]) for role in user["roles"])
    found = database.command("usersInfo", {"user": user["name"], "db": user["database"]})["users"]
    if not found:
        if not check:
            database.command("createUser", user["name"], pwd=user["password"], roles=user["roles"])
        return [f"made the user {user['name']}"]
    done = []
    if sorted((role["role"], role["db"]) for role in found[0]["roles"]) != wanted:
        if not check:
            database.command("updateUser", user["name"], roles=user["roles"])
        done.append(f"gave {user['name']} its roles")
    if not server.accepts(user["name"], user["password"], user["database"]):
        if not check:
            database.command("updateUser", user["name"], pwd=user["password"])
        done.append(f"set the password of {user['name']}")
    return done


def settle(params: dict[str, Any], check: bool) -> list[str]:
    """Bring both accounts to the wanted state; answers what was done. Raises `Refused` or `PyMongoError`."""
    server = Server(params["host"], params["port"], params["timeout"])
    done = []
    if not server.accepts(params["admin_name"], params["admin_password"], "admin"):
        done.append(f"made the administrator {params['admin_name']}")
        if check:
            return done
        make_admin(server, params["admin_name"], params["admin_password"], params["admin_roles"])
    with server.connect(params["admin_name"], params["admin_password"]) as client:
        user = {key: params[key] for key in ("database", "name", "password", "roles")}
        return done + settle_user(client, server, user, check)


def main() -> None:
    """Run as a module of Ansible."""
    text = {"type": "str", "required": True}
    names = {"type": "list", "elements": "str", "required": True}
    module = AnsibleModule(
        argument_spec={
            "host": {"type": "str", "default": "127.0.0.1"},
            "port": {"type": "int", "default": 27017},
            "timeout": {"type": "int", "default": 60},
            "admin_name": text,
            "admin_password": {**text, "no_log": True},
            "admin_roles": names,
            "database": text,
            "name": text,
            "password": {**text, "no_log": True},
            "roles": names,
        },
        supports_check_mode=True,
    )
    if MongoClient is None:
        module.fail_json(msg=missing_required_lib("pymongo"))
    try:
        done = settle(module.params, module.check_mode)
    except Refused as error:
        module.fail_json(msg=str(error))
    except PyMongoError as error:
        module.fail_json(msg=f"MongoDB at {module.params['host']}:{module.params['port']}: {error}")
    module.exit_json(changed=bool(done), done=done)


if __name__ == "__main__":
    main()

#!/usr/bin/python
"""Whether a MongoDB server can be used the way its users will, and what it lets strangers do."""

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
module: mongodb_login
short_description: Log in to MongoDB, write and read a document
description:
  - Logs in by URI, writes a document to a collection of its own, reads it and drops the collection.
  - Asks without credentials for the list of databases, which a server with authorization refuses.
options:
  uri:
    type: str
    required: true
    description: The whole address, with credentials.
  database:
    type: str
    required: true
    description: The database to write to.
  timeout:
    type: int
    default: 30
    description: How long to wait for the server, in seconds.
author:
  - The st2lite authors
"""

EXAMPLES = r"""
- name: Log in
  mongodb_login:
    uri: mongodb://st2:secret@127.0.0.1/st2
    database: st2
"""

RETURN = r"""
version:
  description: The version of the server.
  returned: success
  type: str
authorization:
  description: Whether the server refuses those who have not logged in.
  returned: success
  type: bool
"""

_PROBE = "installation_probe"


def probe(uri: str, database: str, timeout: int) -> dict[str, Any]:
    """Use the server as the product does; answers version and authorization. Raises `PyMongoError`."""
    with MongoClient(uri, serverSelectionTimeoutMS=timeout * 1000) as client:
        collection = client[database][_PROBE]
        collection.replace_one({"_id": 1}, {"_id": 1}, upsert=True)
        collection.create_index("at")
        collection.find_one({"_id": 1})
        collection.drop()
        version = client.server_info()["version"]
    return {"version": version, "authorization": _asks_for_login(uri, timeout)}


def _asks_for_login(uri: str, timeout: int) -> bool:
    with MongoClient(without_credentials(uri), serverSelectionTimeoutMS=timeout * 1000) as client:
        try:
            client.admin.command("listDatabases")
        except OperationFailure:
            return True
    return False


def without_credentials(uri: str) -> str:
    """The same servers with the same options, for somebody without an account."""
    scheme, rest = uri.split("://", 1)
    servers, _, query = rest.rsplit("@", 1)[-1].partition("?")
    options = [option for option in query.split("&") if option and not option.lower().startswith("auth")]
    return f"{scheme}://{servers.split('/')[0]}/" + ("?" + "&".join(options) if options else "")


def main() -> None:
    """Run as a module of Ansible."""
    module = AnsibleModule(
        argument_spec={
            "uri": {"type": "str", "required": True, "no_log": True},
            "database": {"type": "str", "required": True},
            "timeout": {"type": "int", "default": 30},
        },
        supports_check_mode=True,
    )
    if MongoClient is None:
        module.fail_json(msg=missing_required_lib("pymongo"))
    try:
        module.exit_json(changed=False, **probe(**module.params))
    except PyMongoError as error:
        module.fail_json(
            msg=f"MongoDB cannot be used with this address and account: {error}. It has to be reachable, "
            "and the account needs the roles readWrite and dbAdmin on the database."
        )


if __name__ == "__main__":
    main()

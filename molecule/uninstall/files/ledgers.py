"""Make or read the ledger of others in MongoDB. The administrator's password comes on standard input.

python3 ledgers.py make|read|drop
"""

from __future__ import annotations

import sys

from pymongo import MongoClient
from pymongo.errors import OperationFailure

_SERVER = {"host": "127.0.0.1", "port": 27017}
_OWNER = {"username": "accountant", "password": "nobody-else-knows", "authSource": "ledger"}


def make(admin_name: str, admin_password: str) -> None:
    """The administrator if there is none, the owner of the ledger, a tenant for st2, and an entry."""
    with MongoClient(**_SERVER) as client:
        try:
            client.admin.command("createUser", admin_name, pwd=admin_password, roles=["userAdminAnyDatabase"])
        except OperationFailure:
            print("there is an administrator")
    with MongoClient(**_SERVER, username=admin_name, password=admin_password, authSource="admin") as client:
        client.ledger.command("createUser", _OWNER["username"], pwd=_OWNER["password"], roles=["readWrite", "dbAdmin"])
        if admin_name == "landlord":
            client.st2.command("createUser", "tenant", pwd="rent-is-paid", roles=["readWrite", "dbAdmin"])
    with MongoClient(**_SERVER, **_OWNER) as client:
        client.ledger.entries.insert_one({"_id": 1, "amount": 42})


def main() -> None:
    """Do what the argument says."""
    if sys.argv[1] == "make":
        make(sys.argv[2], sys.stdin.read())
        return
    with MongoClient(**_SERVER, **_OWNER) as client:
        assert client.ledger.entries.find_one() == {"_id": 1, "amount": 42}
        if sys.argv[1] == "drop":
            client.drop_database("ledger")


if __name__ == "__main__":
    main()

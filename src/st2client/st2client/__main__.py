"""``python -m st2client`` is the ``st2`` command."""

from st2client.shell import entry

if __name__ == "__main__":
    entry()

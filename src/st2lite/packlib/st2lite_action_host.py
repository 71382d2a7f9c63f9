"""Starts the host of python actions; a script of its own so that the import path begins with this directory."""

import sys

from st2lite_actions.host import main

if __name__ == "__main__":
    main(sys.argv[1:])

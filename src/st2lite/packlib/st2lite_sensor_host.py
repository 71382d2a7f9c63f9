"""Starts the host of one sensor; a script of its own so that the import path begins with this directory."""

import sys

from st2lite_sensors.host import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

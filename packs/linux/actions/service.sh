#!/bin/sh
# service act
case $1 in -*) echo "service: \"$1\" is not the name of a service" >&2; exit 2 ;; esac
if command -v systemctl >/dev/null && [ -d /run/systemd/system ]; then
    exec systemctl "$2" -- "$1"
fi
exec service "$1" "$2"

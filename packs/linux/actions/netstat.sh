#!/bin/sh
# args
set -f
if command -v netstat >/dev/null; then
    # shellcheck disable=SC2086  # options are words of their own
    exec netstat $1
fi
# shellcheck disable=SC2086
exec ss $1

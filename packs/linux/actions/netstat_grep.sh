#!/bin/sh
# Ids, separated by commas; ss names the owner pid=N, netstat N/program.
pattern=$(printf '%s' "$1" | tr ',' '|')
if command -v netstat >/dev/null; then
    netstat -tupan | grep -E "[[:space:]]($pattern)/"
else
    ss -tupan | grep -E "pid=($pattern),"
fi

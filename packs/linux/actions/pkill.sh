#!/bin/sh
# process_filter signal
# This script carries the pattern on its own command line, too: it must not be its own target.
found=0
for pid in $(pgrep -f -- "$1"); do
    [ "$pid" = $$ ] || [ "$pid" = "$PPID" ] && continue
    [ "$(ps -o ppid= -p "$pid" | tr -d ' ')" = $$ ] && continue
    kill -s "$2" "$pid" && found=1
done
[ $found = 1 ] || { echo "No process matches $1" >&2; exit 1; }

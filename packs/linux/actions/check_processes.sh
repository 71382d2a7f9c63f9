#!/bin/sh
# criteria action
if [ "$2" = pid ]; then
    exec ps -o pid,ppid,user,pcpu,pmem,etime,args -p "$1"
fi
# This script carries the pattern on its own command line, too.
ps -eo pid,ppid,user,pcpu,pmem,etime,args |
    awk -v text="$1" -v own=$$ 'NR == 1 || (index($0, text) && $1 != own && $2 != own && $1 != '"$PPID"')'

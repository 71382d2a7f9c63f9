#!/bin/sh
# target recursive force args
set -f
options=
[ "$2" = 1 ] && options="$options -r"
[ "$3" = 1 ] && options="$options -f"
# shellcheck disable=SC2086  # options are words of their own
exec rm $options $4 -- "$1"

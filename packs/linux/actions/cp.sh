#!/bin/sh
# source destination recursive force args
set -f
options=
[ "$3" = 1 ] && options="$options -r"
[ "$4" = 1 ] && options="$options -f"
# shellcheck disable=SC2086  # options are words of their own
exec cp $options $5 -- "$1" "$2"

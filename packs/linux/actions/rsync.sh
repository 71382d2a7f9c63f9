#!/bin/sh
# source dest_server dest_dir args
set -f
# shellcheck disable=SC2086  # options are words of their own
exec rsync -e 'ssh -o BatchMode=yes' $4 -- "$1" "$2:$3"

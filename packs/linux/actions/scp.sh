#!/bin/sh
# source destination args
set -f
# shellcheck disable=SC2086  # options are words of their own
exec scp -B $3 -- "$1" "$2"

#!/bin/sh
# args
set -f
# shellcheck disable=SC2086  # options are words of their own
exec lsof $1

#!/bin/sh
# examples.largest_files: size in bytes and path of the largest files; what cannot be read is left out.
find "$1" -xdev -type f -printf '%s %p\n' 2>/dev/null | sort -rn | head -n "$2"

#!/bin/sh
exec vmstat "$1" "$2"

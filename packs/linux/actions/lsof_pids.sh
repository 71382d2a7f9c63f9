#!/bin/sh
exec lsof -p "$1"

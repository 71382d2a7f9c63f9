#!/bin/sh
exec touch -- "$1"

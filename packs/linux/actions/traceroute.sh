#!/bin/sh
# host max_hops max_queries_to_hop
exec traceroute -m "$2" -q "$3" -- "$1"

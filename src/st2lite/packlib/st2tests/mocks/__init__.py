"""What stands in for the services of a running host in the unit tests of packs."""

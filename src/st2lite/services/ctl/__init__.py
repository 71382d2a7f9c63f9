"""Starting, stopping and judging the services of this host."""

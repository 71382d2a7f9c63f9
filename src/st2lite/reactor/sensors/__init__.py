"""Sensors: which of them run on this node, a process for each, and what they dispatch."""

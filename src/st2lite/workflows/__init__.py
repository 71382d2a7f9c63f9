"""Workflows: executions that run other executions."""

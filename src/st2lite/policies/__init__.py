"""Limits on executions: concurrency and retries, and the coordination they need."""

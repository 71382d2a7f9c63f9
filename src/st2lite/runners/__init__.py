"""One module per runner, behind the protocol of `executions.protocol`."""

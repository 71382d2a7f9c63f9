"""The life of an execution, from request to final status."""

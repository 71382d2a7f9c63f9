"""Moving in from StackStorm: what an exported database or a live API holds becomes ours."""

"""Who may call: password backends, tokens and API keys."""

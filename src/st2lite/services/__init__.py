"""One small module per daemon: builds the app context, starts, stops, reports health."""

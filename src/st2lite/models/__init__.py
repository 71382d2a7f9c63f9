"""The domain documents and their states; pure data, no I/O."""

"""What sensors name in their annotations."""

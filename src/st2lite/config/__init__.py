"""The schema of st2.conf: every option once, typed, with default and help."""

"""One narrow storage contract (`contract`) and its two backends, `sqlite` and `mongodb`."""

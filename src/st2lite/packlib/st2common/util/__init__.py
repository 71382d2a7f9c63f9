"""The helpers of `st2common` that public packs use."""

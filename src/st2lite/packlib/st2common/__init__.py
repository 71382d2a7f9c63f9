"""The part of StackStorm's `st2common` that code of packs imports."""

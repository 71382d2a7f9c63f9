"""The store on one SQLite file: the standard library only, for one host."""

"""The falcon apps `api`, `auth` and `stream`: thin resources that call the rooms above."""

"""decrypt_kv: the plain value of a secret datastore item."""

from __future__ import annotations

from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context

from st2lite.models.errors import RenderError
from st2lite.rendering.crypto import KEY_RING, KeyRing, require
from st2lite.rendering.datastore import Item


@pass_context
def decrypt_kv(context: Context, value: Any) -> str:
    """Decrypt a datastore item, or text that holds the value of one."""
    if isinstance(value, Item) and not str(value):
        raise RenderError(f'Referenced datastore item "{value._path}" doesn\'t exist or it contains an empty string')
    ring: KeyRing | None = context.parent.get(KEY_RING)
    return require(ring).decrypt(str(value))

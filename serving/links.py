"""Links from an item into the platform's own tool."""

from collections.abc import Mapping
from string import Formatter
from typing import Any
from urllib.parse import quote

LINKED = ("message_id", "conversation_id", "author_id")


def link(template: str, item: Mapping[str, Any]) -> str:
    """Fill a template such as ``https://forum.example/m/{message_id}``; ids are quoted, missing ones are empty.

    Raises:
        LookupError, ValueError: The template has other parts in braces.
    """
    if {name for _, name, _, _ in Formatter().parse(template) if name is not None} - set(LINKED):
        raise LookupError("unknown part")  # an attribute of a part, such as {message_id.x}, is one too
    return template.format_map({name: quote(item.get(name) or "", safe="") for name in LINKED})

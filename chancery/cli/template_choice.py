"""Which template a command means, and what ``everybody`` means in it."""

import re
from typing import Any

import click

from chancery.sdk.errors import Misused
from chancery.sdk.organization import Organization
from chancery.texts import message

WHICH = click.argument("which", metavar="NAME|ID")


def chosen(place: Organization, which: str, *, deleted: bool = False) -> dict[str, Any]:
    """Return the template with this name, in any of its languages, or id.  Raises Misused."""
    known = place.call("GET", f"/api/v1/templates{'/deleted' if deleted else ''}")["results"]
    for found in known:
        if which == found["id"] or which.casefold() in {text.casefold() for text in found["names"].values()}:
            return dict(found)
    names = ", ".join(sorted(found["name"] for found in known)) or message("none")
    raise Misused(
        message("There is no deleted template called {name!r}.", name=which)
        if deleted
        else message("There is no template called {name!r}.", name=which),
        remedy=message("Choose one of: {names}.", names=names),
    )


def meant(place: Organization, texts: tuple[str, ...]) -> tuple[str, ...]:
    """Put the organization in the place of ``everybody``, alone or before a grant's rights."""
    return tuple(re.sub(r"^everybody(?=:|$)", f"organization:{place.id}", text) for text in texts)

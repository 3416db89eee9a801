"""``--super-user``: open files under a super-user grant instead of by one's own access."""

from typing import Final
from uuid import UUID

import click

from chancery.errors import NotFound
from chancery.sdk.organization import Organization
from chancery.sdk.session import Session
from chancery.texts import message

PATH: Final = "/api/v1/super-user-grants"
SUPER_USER: Final = click.option(
    "--super-user", "grant", default="", metavar="GRANT", help="Open under this super-user grant (number or id)."
)


def open_under(session: Session, named: str) -> None:
    """Let the session open files under a grant, which is named by number or id; "" for none.  Raises NotFound."""
    if named:
        session.super_user_grant = id_of(named) or grant_named(session.own_organization(None), named)


def grant_named(place: Organization, named: str) -> UUID:
    """Return the id of a grant that a person names by its number or id.  Raises NotFound."""
    known = id_of(named)
    if known is not None:
        return known
    found = next((one for one in place.each(PATH) if str(one["number"]) == named.removeprefix("#")), None)
    if found is None:
        raise NotFound(
            message("There is no super-user grant {name} that you may see.", name=named),
            remedy=message("See: chancery super-user list"),
        )
    return UUID(found["id"])


def id_of(named: str) -> UUID | None:
    """Return an id, or None for what is none."""
    try:
        return UUID(named)
    except ValueError:
        return None

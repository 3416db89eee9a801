"""``--super-user`` and ``--read-permission``: open files by what is named instead of by one's own access."""

from typing import Final
from uuid import UUID

import click

from chancery.cli.scopes import id_of
from chancery.errors import NotFound
from chancery.sdk.application import permission_named
from chancery.sdk.errors import Misused
from chancery.sdk.named_access import NamedAccess
from chancery.sdk.organization import Organization
from chancery.sdk.session import Session
from chancery.texts import message

PATH: Final = "/api/v1/super-user-grants"
SUPER_USER: Final = click.option(
    "--super-user", "grant", default="", metavar="GRANT", help="Open under this super-user grant (number or id)."
)
READ_PERMISSION: Final = click.option(
    "--read-permission",
    "permission",
    default="",
    metavar="PERMISSION",
    help="As an application, read by this permission (number or id).",
)
FOR_PERSON: Final = click.option(
    "--for-person", default="", metavar="ADDRESS|ID", help="Read for this person what they may read themselves."
)


def open_under(session: Session, named: str, permission: str = "", person: str = "") -> None:
    """Let the session open files under a grant or by a permission, named by number or id; "" for none.

    Raises NotFound and Misused.
    """
    if (named and permission) or (person and not permission):
        raise Misused(
            message("Files are opened under a grant, or by a read permission, which may be for a person."),
            remedy=message("Give --super-user or --read-permission, and --for-person with the latter only."),
        )
    if permission:
        session.named = NamedAccess(
            read_permission=permission_named(session.own_organization(None), permission), for_person=person
        )
    if named:
        grant = id_of(named) or grant_named(session.own_organization(None), named)
        session.named = NamedAccess(super_user_grant=grant)


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

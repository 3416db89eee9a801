"""Ways to let somebody in without a browser or without a mailbox; each is recorded where it is issued."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from portal.identity import origins
from tenants.actor import Actor
from tenants.directory.errors import NotHere
from tenants.directory.selectors.people import memberships_of, person_with_login
from tenants.directory.services.issue_sign_in_link import issue_sign_in_link


class NotPossibleHere(Exception):
    """The step exists in the embedded mode only, or leads to an address that is not ours."""


@dataclass(frozen=True, slots=True)
class IssuedLink:
    """A link that works once; it is shown to who asked for it and kept nowhere."""

    url: str = field(repr=False)


def sign_in_link(*, address: str, goes_to: str = "", actor: Actor) -> IssuedLink:
    """Return a link that signs this person in once; it leads to their organization when they have exactly one."""
    require_embedded()
    person_id = person_named(address)
    target = goes_to or _only_organization(person_id)
    parts = urlsplit(target)
    if target and not origins.is_ours(f"{parts.scheme}://{parts.netloc}"):
        raise NotPossibleHere(f"{target} is not an address of this installation.")
    token = issue_sign_in_link(person_id=person_id, goes_to=target, actor=actor)
    return IssuedLink(f"{settings.CHANCERY_BASE_URL}/signin/link/{token}/")


def require_embedded() -> None:
    """Raise NotPossibleHere outside the embedded mode."""
    if not settings.CHANCERY_EMBEDDED:
        raise NotPossibleHere("This is possible in the embedded mode only.")


def person_named(address: str) -> UUID:
    """Return who signs in with an address.  Raises NotHere."""
    person_id = person_with_login(address)
    if person_id is None:
        raise NotHere(_("There is no account with the address {address}.").format(address=address))
    return person_id


def _only_organization(person_id: UUID) -> str:
    places = [place for place in memberships_of(person_id) if not place.guest and not place.disabled]
    return f"{settings.CHANCERY_BASE.origin_of(places[0].host)}/signin/" if len(places) == 1 else ""

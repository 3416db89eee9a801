"""Which organization the navigation of pages at the base domain is about, so that it is the one of the pages before."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from portal.web.account_pages import person_of
from tenants.directory.roles import permissions_of
from tenants.directory.selectors.people import MembershipFacts, memberships_of
from tenants.directory.selectors.roles import roles_by_place

LATEST: Final = "organization"
"""In the address and in the session: the organization from whose pages the person came last."""


@dataclass(frozen=True, slots=True)
class Place:
    """The organization, where its pages are, and what the person may do there."""

    id: UUID
    name: str
    origin: str
    permissions: frozenset[str]


def navigation(request: HttpRequest) -> dict[str, object]:
    """Return the place for templates; it is looked up only where a page of the base domain leads around."""
    return {"place": SimpleLazyObject(lambda: _place(request))}


def _place(request: HttpRequest) -> Place | None:
    """Return the organization that the person came from last, or their only one."""
    places = {str(one.organization_id): one for one in memberships_of(person_of(request)) if not one.disabled}
    asked = request.GET.get(LATEST, "")
    if asked in places and request.session.get(LATEST) != asked:
        request.session[LATEST] = asked
    found = places.get(request.session.get(LATEST, "")) or (next(iter(places.values())) if len(places) == 1 else None)
    return None if found is None else _shown(found, person_of(request))


def _shown(found: MembershipFacts, person: UUID) -> Place:
    permissions = permissions_of(roles_by_place(person, {found.organization_id: found.guest})[found.organization_id])
    return Place(
        id=found.organization_id,
        name=found.name,
        origin=settings.CHANCERY_BASE.origin_of(found.host),
        permissions=frozenset(permission.value for permission in permissions),
    )

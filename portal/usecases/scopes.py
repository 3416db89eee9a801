"""The scope of what is asked for, a super-user grant or a read permission: from what a person names to documents."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chancery.errors import NotFound
from chancery.texts import message
from portal.subjects.owners import owner_meant
from portal.usecases.confirmation import if_any
from portal.words.scopes import scope_in_words
from protection.selectors.scopes import Scope, documents_in
from tenants.directory.selectors.groups import groups_at
from tenants.directory.selectors.subject import GroupOf


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeRequest:
    """Which documents are asked for; every condition narrows, and without one all are.

    ``owner`` is an address or a person's id, ``group`` the address of a group of the organization.
    """

    cids: tuple[UUID, ...] = ()
    template: UUID | None = None
    label: UUID | None = None
    owner: str = ""
    group: str = ""
    since: datetime | None = None
    until: datetime | None = None


def scope_meant(organization: UUID, requested: ScopeRequest) -> Scope:
    """Return the scope that is meant.  Raises NotFound and SeveralOwners."""
    owner = owner_meant(organization, requested.owner) if requested.owner else None
    if requested.owner and owner is None:
        raise NotFound(message("No document here is owned by {owner}.", owner=requested.owner))
    group = group_meant(organization, requested.group) if requested.group else None
    return Scope(
        cids=requested.cids or None,
        template=requested.template,
        label=requested.label,
        owner=None if owner is None else owner.id,
        owner_address="" if owner is None else owner.address,
        group=None if group is None else group.id,
        group_address=requested.group,
        since=requested.since,
        until=requested.until,
    )


def group_meant(organization: UUID, address: str) -> GroupOf:
    """Return the group of the organization with an address.  Raises NotFound."""
    held = groups_at(organization, [address]).get(address)
    if not held:
        raise NotFound(message("There is no group with the address {address} here.", address=address))
    return held[0]


def covered_in_words(scope: Scope) -> Iterator[str]:
    """Yield what a scope covers, and how many documents that are now."""
    yield from scope_in_words(scope)
    number = documents_in(scope).count()
    covered = ngettext("It covers {number} document now.", "It covers {number} documents now.", number)
    yield from if_any(number, covered) or (_("It covers no document now."),)

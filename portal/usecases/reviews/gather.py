"""What there is to review at an organization, as it is now."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Final
from uuid import UUID

from audit.selectors.people import last_seen
from portal import clock
from protection.models import ReviewKind
from protection.selectors.read_permissions import active_permissions, last_used
from protection.selectors.super_users import super_user_settings
from protection.services.reviews import MOST_ITEMS, NewItem
from tenants.directory.selectors.domains import applications_in
from tenants.directory.selectors.people import shown_names
from tenants.directory.selectors.reviewed import MemberSince, members_since
from tenants.directory.selectors.roles import assignments_in

OF_PERSON, OF_GROUP, OF_ADDRESS = "person:", "group:", "address:"
"""How the subject of a group's member names them; a super user or group that may ask is named likewise."""


def gathered(organization: UUID, kinds: Collection[str], groups: Collection[UUID]) -> list[NewItem]:
    """Return an item for everything of these kinds, with when its holder last did something here.

    Of more than a review holds, one more is returned, so that it is refused, and no further ones are loaded.
    """
    every = (one for kind in dict.fromkeys(kinds) if kind in _KINDS for one in _KINDS[kind](organization, groups))
    found = list(islice(every, MOST_ITEMS + 1))
    seen = last_seen({one.person for one in found if one.person is not None and one.last_used is None})
    return [replace(one, last_used=one.last_used or _seen(one, seen)) for one in found]


def _seen(one: NewItem, seen: Mapping[UUID, datetime]) -> datetime | None:
    # Of a read permission, the person is who asked for it, and not who uses it.
    return None if one.person is None or one.kind == ReviewKind.READ_PERMISSIONS else seen.get(one.person)


def _roles(organization: UUID, _groups: Collection[UUID]) -> Iterator[NewItem]:
    rows = assignments_in(organization, limit=MOST_ITEMS + 1)
    names = shown_names(one.given_by for one in rows if one.given_by is not None)
    for one in rows:
        yield NewItem(
            kind=ReviewKind.ROLES,
            subject=str(one.id),
            person=one.person_id,
            group=one.group_id,
            whom=one.whom if one.kind != "application" else one.name,
            what=one.role,
            since=one.since,
            given_by=names.get(one.given_by, "") if one.given_by else "",
        )


def _super_users(_organization: UUID, _groups: Collection[UUID]) -> Iterator[NewItem]:
    found = super_user_settings()
    givers = {one.added_by for one in found.people} | ({found.group_by} if found.group_by else set())
    names = shown_names(givers)
    for one in found.people:
        yield NewItem(
            kind=ReviewKind.SUPER_USERS,
            subject=f"{OF_PERSON}{one.id}",
            person=one.id,
            whom=one.address,
            since=one.added_at,
            given_by=names.get(one.added_by, ""),
        )
    if found.group is not None:
        yield NewItem(
            kind=ReviewKind.SUPER_USERS,
            subject=f"{OF_GROUP}{found.group}",
            group=found.group,
            whom=found.group_address,
            since=found.group_at,
            given_by=names.get(found.group_by, "") if found.group_by else "",
        )


def _read_permissions(_organization: UUID, _groups: Collection[UUID]) -> Iterator[NewItem]:
    rows = active_permissions(clock.now())
    used = last_used([one.id for one in rows])
    for one in rows:
        yield NewItem(
            kind=ReviewKind.READ_PERMISSIONS,
            subject=str(one.id),
            person=one.asked_by,
            whom=one.application,
            what=str(one.number),
            since=one.starts,
            given_by=f"{one.asked_address}, {one.answered_address}",
            last_used=used.get(one.id),
        )


def _applications(organization: UUID, _groups: Collection[UUID]) -> Iterator[NewItem]:
    for one in applications_in(organization):
        if not one.disabled:
            yield NewItem(
                kind=ReviewKind.APPLICATIONS,
                subject=one.client_id,
                person=one.person_id,
                whom=one.name,
                what=" ".join(one.roles),
                since=one.created_at,
            )


def _guests(organization: UUID, _groups: Collection[UUID]) -> Iterator[NewItem]:
    yield from (
        _member(ReviewKind.GUESTS, one) for one in members_since(organization, guests=True, limit=MOST_ITEMS + 1)
    )


def _members(organization: UUID, groups: Collection[UUID]) -> Iterator[NewItem]:
    yield from (
        _member(ReviewKind.GROUPS, one) for one in members_since(organization, groups=groups, limit=MOST_ITEMS + 1)
    )


def _member(kind: ReviewKind, one: MemberSince) -> NewItem:
    if one.person_id is not None:
        subject = f"{OF_PERSON}{one.person_id}"
    elif one.member_group_id is not None:
        subject = f"{OF_GROUP}{one.member_group_id}"
    else:
        subject = f"{OF_ADDRESS}{one.address}"
    return NewItem(
        kind=kind,
        subject=subject,
        person=one.person_id,
        group=one.group_id,
        whom=one.called,
        what=one.group_address,
        since=one.added_at,
    )


_KINDS: Final[Mapping[str, Callable[[UUID, Collection[UUID]], Iterator[NewItem]]]] = {
    ReviewKind.ROLES: _roles,
    ReviewKind.SUPER_USERS: _super_users,
    ReviewKind.READ_PERMISSIONS: _read_permissions,
    ReviewKind.APPLICATIONS: _applications,
    ReviewKind.GUESTS: _guests,
    ReviewKind.GROUPS: _members,
}

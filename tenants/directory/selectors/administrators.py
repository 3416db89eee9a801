"""Which people count as one when administrators watch each other (docs/protocol.md P18)."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from tenants.directory.models import Membership, RoleReceipt


def people_connected_to(organization_id: UUID, person_id: UUID, *, within: timedelta) -> frozenset[UUID]:
    """Return the person and everybody whom a chain of recent favours joins to them.

    A favour is that one entered the other or gave the other a role, within the given time; it joins both, since either
    may be the straw person of the other.
    """
    favours = _favours(organization_id, within)
    return _reached({person_id}, [*favours, *((got, giver) for giver, got in favours)])


def people_possibly_made_by(organization_id: UUID, person_id: UUID, *, within: timedelta) -> frozenset[UUID]:
    """Return those connected to an administrator, and whoever may be an account of theirs without such a chain.

    These are applications, which any administrator can act as, those who just came by one or by proving an address of
    the organization's domain themselves, and whoever has a recent favour from one of these.
    """
    favours = _favours(organization_id, within)
    applications = Membership.objects.within(organization_id).filter(person__is_service=True)
    unseen = {*applications.values_list("person_id", flat=True), *(got for giver, got in favours if giver == got)}
    return people_connected_to(organization_id, person_id, within=within) | _reached(unseen, favours)


def _favours(organization_id: UUID, within: timedelta) -> list[tuple[UUID, UUID]]:
    """Return who did a favour to whom within the given time; who joined by themselves did it to themselves."""
    since = timezone.now() - within
    given = RoleReceipt.objects.within(organization_id).filter(at__gte=since)
    added = Membership.objects.within(organization_id).filter(created_at__gte=since).annotate(giver=F("added_by"))
    return [
        (giver, person)
        for rows in (given.values_list("giver", "person_id"), added.values_list("giver", "person_id"))
        for giver, person in rows
        if giver is not None
    ]


def _reached(beginning: Iterable[UUID], steps: Iterable[tuple[UUID, UUID]]) -> frozenset[UUID]:
    """Return what can be reached from the beginning by any number of steps."""
    following: dict[UUID, list[UUID]] = {}
    for one, other in steps:
        following.setdefault(one, []).append(other)
    reached: set[UUID] = set()
    waiting = list(beginning)
    while waiting:
        one = waiting.pop()
        if one not in reached:
            reached.add(one)
            waiting.extend(following.get(one, ()))
    return frozenset(reached)

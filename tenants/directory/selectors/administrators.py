"""Which people count as one when administrators watch each other (docs/protocol.md P18)."""

from datetime import timedelta
from uuid import UUID

from django.db.models import F, Q
from django.utils import timezone

from tenants.directory.models import Membership


def people_connected_to(organization_id: UUID, person_id: UUID, *, within: timedelta) -> frozenset[UUID]:
    """Return the person and everybody whom a chain of recent favours joins to them.

    A favour is that one entered the other or gave the other a role, within the given time; it joins both, since either
    may be the straw person of the other.
    """
    since = timezone.now() - within
    places = Membership.objects.within(organization_id)
    given = places.filter(role_changed_at__gte=since).annotate(giver=F("role_given_by"))
    added = places.filter(created_at__gte=since).annotate(giver=F("added_by"))
    pairs = [pair for rows in (given, added) for pair in rows.filter(~Q(giver=None)).values_list("giver", "person_id")]
    connected, grown = {person_id}, True
    while grown:
        more = {one for pair in pairs if not connected.isdisjoint(pair) for one in pair} - connected
        connected |= more
        grown = bool(more)
    return frozenset(connected)

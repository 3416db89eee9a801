"""What people and devices lost, kept until every organization has put it into its feed.

A row is here in the transaction of the change itself, so a revocation is never lost and the change touches no
organization's feed: two changes to the same organizations cannot wait for each other.  The directory knows no feed;
the portal takes the rows, one organization after the other.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from tenants.directory.models import Group, Membership, PendingRevocation, Revocation
from tenants.organizations.models import Organization

_BELOW = """
WITH RECURSIVE below(id) AS (
  SELECT unnest(%(groups)s::uuid[])
  UNION
  SELECT m.member_group_id FROM public.directory_groupmember m JOIN below b ON m.group_id = b.id
  WHERE m.member_group_id IS NOT NULL
)
SELECT m.person_id FROM public.directory_groupmember m JOIN below b ON m.group_id = b.id WHERE m.person_id IS NOT NULL
UNION
SELECT a.person_id FROM public.directory_groupmember m JOIN below b ON m.group_id = b.id
JOIN public.directory_address a ON a.address = m.address AND a.proven_by <> ''
"""

_ABOVE = """
WITH RECURSIVE above(id) AS (
  SELECT m.group_id FROM public.directory_groupmember m
  WHERE m.organization_id = %(organization)s::uuid AND (m.person_id = %(person)s::uuid OR m.address IN (
    SELECT a.address FROM public.directory_address a WHERE a.person_id = %(person)s::uuid AND a.proven_by <> ''))
  UNION
  SELECT m.group_id FROM public.directory_groupmember m JOIN above a ON m.member_group_id = a.id
)
SELECT id FROM above
"""

_when_committed: list[Callable[[], object]] = []


def when_committed(act: Callable[[], object]) -> None:
    """Let this be done in this process after each transaction that noted something; the layer that knows the feed asks.

    So no change of the directory can forget it, no matter who makes it.  An error in it harms nothing: a sweep follows.
    """
    _when_committed.append(act)


@dataclass(frozen=True, slots=True)
class Due:
    """One revocation that one organization has not put into its feed yet."""

    id: int
    people: tuple[UUID, ...]
    groups: tuple[UUID, ...]
    addresses: tuple[str, ...]
    """Those of the groups that still exist."""
    joined: bool
    device_feed_id: bytes | None
    made_at: datetime
    last_look: bool
    """Whether it is so old that nothing decided before it can still be on its way."""


def record_revocation(
    people: Iterable[UUID],
    *,
    groups: Iterable[UUID] = (),
    joined: bool = False,
    device_feed_id: bytes | None = None,
    organization_id: UUID | None = None,
) -> None:
    """Note, in the current transaction, that these people may have lost access to something.

    ``groups`` are the groups by which they had it, if it was by groups, or, with ``joined``, those that hold them now
    and may be shut out of something; ``device_feed_id`` names the one device that
    lost it.  Without an organization every active one is concerned, since a policy may name anybody.
    """
    concerned = sorted(set(people))
    if not concerned:
        return
    row = Revocation.objects.create(
        people=concerned, groups=sorted(set(groups)), joined=joined, device_feed_id=device_feed_id
    )
    active = Organization.objects.filter(state=Organization.State.ACTIVE).order_by("id")
    ids = active.values_list("id", flat=True) if organization_id is None else [organization_id]
    PendingRevocation.objects.bulk_create(PendingRevocation(revocation=row, organization_id=one) for one in ids)
    for act in _when_committed:
        transaction.on_commit(act, robust=True)


def record_revocation_of_members(organization_id: UUID) -> None:
    """Note that an organization no longer speaks for its members, nor its groups for anybody they hold."""
    record_revocation(
        Membership.objects.within(organization_id).filter(guest=False).values_list("person_id", flat=True)
    )
    # Guests and bare addresses lose only what its groups gave, so only where these gave something is it news.
    groups = list(Group.objects.within(organization_id).values_list("id", flat=True))
    record_revocation(people_below(groups), groups=groups)


def record_revocation_of_groups(organization_id: UUID, person_id: UUID) -> None:
    """Note that a person lost what this organization's groups gave them anywhere."""
    with connection.cursor() as cursor:
        cursor.execute(_ABOVE, {"organization": organization_id, "person": person_id})
        groups = [group for (group,) in cursor.fetchall()]
    if groups:
        record_revocation([person_id], groups=groups)


def people_below(groups: Sequence[UUID]) -> set[UUID]:
    """Return everybody whom these groups hold, directly, by proven address or through other groups."""
    with connection.cursor() as cursor:
        cursor.execute(_BELOW, {"groups": list(groups)})
        return {person for (person,) in cursor.fetchall()}


def organizations_due(settled: timedelta) -> list[UUID]:
    """Return the organizations that have something to look at, for the first time or once it has settled."""
    ids = PendingRevocation.objects.filter(_worth_a_look(settled)).order_by("organization_id")
    return list(ids.values_list("organization_id", flat=True).distinct())


def _worth_a_look(settled: timedelta) -> Q:
    return Q(looked_at=False) | Q(revocation__made_at__lt=Now() - settled)


def due(organization_id: UUID, settled: timedelta) -> list[Due]:
    """Lock and return what one organization has to look at, oldest first; what another worker holds is left to it."""
    rows = PendingRevocation.objects.select_for_update(skip_locked=True, of=("self",)).select_related("revocation")
    rows = rows.annotate(last_look=Q(revocation__made_at__lt=Now() - settled))
    rows = rows.filter(_worth_a_look(settled), organization_id=organization_id).order_by("id")
    named = {group for row in rows for group in row.revocation.groups}
    addresses = dict(Group.objects.of_installation().filter(id__in=named).values_list("id", "address"))
    return [
        Due(
            id=row.id,
            people=tuple(row.revocation.people),
            groups=tuple(row.revocation.groups),
            addresses=tuple(addresses[group] for group in row.revocation.groups if group in addresses),
            joined=row.revocation.joined,
            device_feed_id=None if row.revocation.device_feed_id is None else bytes(row.revocation.device_feed_id),
            made_at=row.revocation.made_at,
            last_look=row.last_look,
        )
        for row in rows
    ]


def done(ids: Iterable[int]) -> None:
    """Forget what an organization has done."""
    PendingRevocation.objects.filter(id__in=list(ids)).delete()


def looked_at(ids: Iterable[int]) -> None:
    """Note that these were looked at for the first time and did not concern everybody they name."""
    PendingRevocation.objects.filter(id__in=list(ids)).update(looked_at=True)


def forget_done() -> int:
    """Delete revocations that no organization has to do any more; return how many."""
    deleted, _by_model = Revocation.objects.filter(pending__isnull=True).delete()
    return deleted

"""Groups of another installation that a person is in, as their home says (docs/protocol.md P32)."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from tenants.directory.change import raise_epochs
from tenants.directory.models import GroupClaim
from tenants.directory.revocations import record_revocation
from tenants.directory.selectors.subject import claimed_group


@transaction.atomic
def claim_groups(*, person_id: UUID, home_id: UUID, addresses: Collection[str], until: datetime) -> None:
    """Keep which groups the home names now, until then; what those gave that it names no more is taken back."""
    row, created = GroupClaim.objects.select_for_update().get_or_create(
        person_id=person_id, home_id=home_id, defaults={"addresses": sorted(addresses), "until": until}
    )
    lost = set() if created or row.until <= timezone.now() else set(row.addresses) - set(addresses)
    if not created:
        GroupClaim.objects.filter(id=row.pk).update(addresses=sorted(addresses), until=until)
    raise_epochs([person_id])
    _taken_back(person_id, home_id, lost)


@transaction.atomic
def end_claims(*, home_id: UUID) -> None:
    """End what a home said of groups, of everybody."""
    rows = list(GroupClaim.objects.select_for_update().filter(home_id=home_id).order_by("person_id"))
    GroupClaim.objects.filter(home_id=home_id).delete()
    raise_epochs(row.person_id for row in rows)
    for row in rows:
        if row.until > timezone.now():
            _taken_back(row.person_id, home_id, row.addresses)


def expire_claims() -> int:
    """Delete claims that count no more; licenses that rested on them have ended with them."""
    return int(GroupClaim.objects.filter(until__lte=timezone.now()).delete()[0])


def _taken_back(person_id: UUID, home_id: UUID, addresses: Collection[str]) -> None:
    if addresses:
        record_revocation([person_id], groups=[claimed_group(home_id, address) for address in addresses])

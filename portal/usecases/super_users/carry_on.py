"""What happens to grants by itself: their time is over, nobody answered, or an owner is to be told."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from django.db import transaction

from portal.notifications.super_users import mail_owner_told
from portal.usecases.super_users.answer import told_of_end
from protection.selectors.documents import titles_by_id
from protection.selectors.super_users import Opened, grant_facts
from protection.services.super_user_grants import close_due, due_to_tell
from tenants.directory.selectors.people import enabled_among, person_in
from tenants.organizations.selectors import OrganizationFacts, organization_by_id

LISTED: Final = 20
"""Documents that one mail names; of others it says how many there were."""


def close_and_tell(organization_id: UUID) -> int:
    """End what is over in the current organization, and tell owners what is due; return how much was done."""
    organization = organization_by_id(organization_id)
    if organization is None:
        return 0
    with transaction.atomic():
        ended = close_due()
        for made in ended:
            told_of_end(organization, made)
    told = 0
    while number := _tell(organization):
        told += number
    return len(ended) + told


@transaction.atomic
def _tell(organization: OrganizationFacts) -> int:
    """Write the mails of some openings in the transaction that takes them off what is due: each is told once."""
    due = due_to_tell()
    titles = titles_by_id({one.cid for one in due})
    there = enabled_among(organization.id, {one.owner for one in due})
    by_owner: dict[tuple[UUID, UUID], list[Opened]] = {}
    for one in due:
        by_owner.setdefault((one.owner, one.grant), []).append(one)
    for (owner, grant), opened in by_owner.items():
        reader = person_in(organization.id, owner) if owner in there else None
        if reader is not None and reader.email:
            names = _names(opened, titles)
            mail_owner_told(reader, grant_facts(grant), names[:LISTED], len(names[LISTED:]), organization=organization)
    return len(due)


def _names(opened: Iterable[Opened], titles: dict[UUID, str]) -> list[str]:
    return sorted({titles.get(one.cid) or str(one.cid) for one in opened})

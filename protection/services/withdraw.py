"""Take back what people and devices keep of this organization's documents, after the directory withdrew them (P24)."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from django.db import transaction

from audit.selectors.people import known_people
from protection.models import GrantBinding, ServiceSettings
from protection.services.feed import kill_all_of, kill_issued_until_now

MANY: Final = 1_000
"""From so many people on one entry kills what everybody keeps: the feed of a month has room for some ten thousand."""


@transaction.atomic
def withdraw(*, people: Collection[UUID], groups: Collection[UUID], device_feed_id: bytes | None) -> bool:
    """Kill what those of the people hold who were ever licensed here; tell whether there was anybody.

    With ``groups`` only what these gave was lost: when none of them ever gave anybody anything here, nobody is
    concerned, however often an organization that this one has nothing to do with changes its groups.
    """
    if groups and not GrantBinding.objects.filter(identity__in=groups).exists():
        return False
    concerned = known_people(people)
    if not concerned:
        return False
    if device_feed_id is not None:
        kill_issued_until_now(device_feed_id)
    elif len(concerned) >= MANY:
        kill_all_of(ServiceSettings.objects.values_list("organization_id", flat=True).get(id=1))
    else:
        for person in sorted(concerned):
            kill_all_of(person)
    return True

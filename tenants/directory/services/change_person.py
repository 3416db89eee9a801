"""Change how a person is called and in which language and time zone he reads."""

import zoneinfo
from uuid import UUID

from django.db import transaction

from tenants.actor import Actor
from tenants.directory.change import note_of_person
from tenants.directory.errors import DirectoryRefused, NotHere
from tenants.directory.models import Person


@transaction.atomic
def change_person(*, person_id: UUID, name: str, language: str, time_zone: str, actor: Actor) -> None:
    """Write the person's own settings; an organization may call this for people who are its members."""
    if time_zone not in zoneinfo.available_timezones():
        raise DirectoryRefused(f"{time_zone} is not a time zone.")
    changed = Person.objects.filter(id=person_id).update(
        name=name.strip()[:200], language=language[:10], time_zone=time_zone
    )
    if not changed:
        raise NotHere("There is no such person.")
    note_of_person(kind="person.changed", person_id=person_id, actor=actor, title=name.strip())

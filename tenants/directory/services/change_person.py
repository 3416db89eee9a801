"""Change how a person is called, and in which language and time zone they read."""

import zoneinfo
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from tenants import naming
from tenants.actor import Actor
from tenants.directory.change import note_of_person
from tenants.directory.errors import DirectoryRefused, NotHere
from tenants.directory.models import Person
from tenants.events import DirectoryKind


@transaction.atomic
def change_person(
    *,
    person_id: UUID,
    actor: Actor,
    name: str | None = None,
    language: str | None = None,
    time_zone: str | None = None,
) -> list[dict[str, str]]:
    """Write the person's own settings; what is None stays, language "" follows the browser.

    Returns what differs: the member, and its value before and after.

    Raises DirectoryRefused for a time zone that does not exist and a language that the service does not speak.
    """
    languages = dict(settings.LANGUAGES)
    if language and language not in languages:
        raise DirectoryRefused(
            _("{language} is not among the languages: {languages}.").format(
                language=language, languages=", ".join(languages)
            )
        )
    if time_zone is not None and time_zone not in zoneinfo.available_timezones():
        raise DirectoryRefused(
            _("{time_zone} is not a time zone; write it like Europe/Berlin.").format(time_zone=time_zone)
        )
    wanted = {
        "name": None if name is None else naming.one_line(name),
        "language": language,
        "time_zone": time_zone,
    }
    person = Person.objects.select_for_update().filter(id=person_id).values(*wanted).first()
    if person is None:
        raise NotHere(_("There is no such person."))
    changed = {member: value for member, value in wanted.items() if value not in (None, person[member])}
    changes = [{"member": name, "before": person[name], "after": value} for name, value in changed.items()]
    if not changes:
        return []
    Person.objects.filter(id=person_id).update(**changed)
    note_of_person(
        kind=DirectoryKind.PERSON_CHANGED,
        person_id=person_id,
        actor=actor,
        title=", ".join(sorted(changed)),
        changes=changes,
    )
    return changes

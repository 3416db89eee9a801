"""Record that somebody was invited again."""

from uuid import UUID

from django.db import transaction

from tenants.actor import Actor
from tenants.directory.change import note
from tenants.directory.selectors.people import PersonFacts
from tenants.events import DirectoryKind


@transaction.atomic
def note_invitation(*, organization_id: UUID, person: PersonFacts, actor: Actor) -> None:
    """Record that a person of the organization was mailed the invitation again."""
    note(
        kind=DirectoryKind.PERSON_INVITED_AGAIN,
        organizations=[organization_id],
        actor=actor,
        person_id=person.id,
        addresses=[person.email],
        title=person.name,
        details={},
    )

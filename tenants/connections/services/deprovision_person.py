"""A provider deletes a person: they are disabled and in no group, and wait for an administrator (decision 36)."""

from uuid import UUID

from django.db import transaction

from tenants.actor import Actor
from tenants.connections.services.keep import note_shut_out
from tenants.directory.change import note
from tenants.directory.members import leave_groups
from tenants.directory.revocations import record_revocation_of_groups
from tenants.directory.selectors.people import PersonFacts
from tenants.events import DirectoryKind


@transaction.atomic
def deprovision_person(*, organization_id: UUID, person: PersonFacts, actor: Actor) -> None:
    """Take a person who was disabled out of the groups, and hide them from the provider.

    Their account, documents and address stay, since a deletion by mistake must not lose them.
    """
    record_revocation_of_groups(organization_id, person.id)
    leave_groups(organization_id, person.id)
    note_shut_out(organization_id=organization_id, person_id=person.id, removed=True)
    note(
        kind=DirectoryKind.PERSON_DEPROVISIONED,
        organizations=[organization_id],
        actor=actor,
        person_id=person.id,
        addresses=[person.email],
        title=person.name,
    )

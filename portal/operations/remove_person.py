"""Remove a person who left: what it would do is shown first, then done once, for pages, calls and commands alike."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from portal.operations.roles import require_roles
from portal.operations.withdraw import work_off_at_once
from portal.standing import Standing
from protection.errors import InvalidObject
from protection.selectors.documents import owned_by
from protection.selectors.reach import reach_of_person
from protection.texts import say
from tenants.directory.selectors.groups import groups_holding
from tenants.directory.selectors.people import PersonFacts, person_in
from tenants.directory.services.remove_person import remove_person as directory_remove
from tenants.naming import free_text


@dataclass(frozen=True, slots=True)
class Removal:
    """What removing a person means: documents that stay with the old identity, groups that lose a member.

    ``until`` is the latest moment at which licenses that the person keeps on devices can open anything.
    """

    person: PersonFacts
    documents: int
    groups: tuple[str, ...]
    until: datetime | None


def removal_of(standing: Standing, person_id: UUID) -> Removal:
    """Return what removing the person would do.  Raises NotHere."""
    person = person_in(standing.organization, person_id)
    groups = groups_holding(standing.organization, person_id)
    return Removal(person, owned_by(person_id), groups, reach_of_person(person_id).until)


@transaction.atomic
def remove_person(*, standing: Standing, person_id: UUID, reason: str) -> Removal:
    """Remove the person for good and return what it did.  Raises DirectoryRefused; InvalidObject without a reason."""
    reason = free_text(reason)
    if not reason:
        raise InvalidObject(say("Removing a person takes a reason."), remedy=say("State why the person is removed."))
    done = removal_of(standing, person_id)
    require_roles(standing, done.person.role)
    directory_remove(
        organization_id=standing.organization,
        person_id=person_id,
        reason=reason,
        actor=standing.directory_actor,
    )
    work_off_at_once()
    return done

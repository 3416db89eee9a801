"""Disable a person in an organization: from the next request on nothing opens for them there."""

from uuid import UUID

from django.db import transaction

from tenants.actor import Actor
from tenants.directory import address_holders
from tenants.directory.access import end_access
from tenants.directory.administrators import locked_membership, require_another
from tenants.directory.change import note
from tenants.directory.known_secrets import note_known_secrets
from tenants.directory.revocations import record_revocation, record_revocation_of_groups
from tenants.events import DirectoryKind


@transaction.atomic
def disable_person(*, organization_id: UUID, person_id: UUID, reason: str = "", actor: Actor) -> bool:
    """Disable the person's place; return whether anything changed.

    Their sessions and tokens end when the organization speaks for them.  One that merely entered their address must not
    be able to sign them out everywhere else.
    """
    membership = locked_membership(organization_id, person_id)
    if membership.disabled:
        return False
    require_another(membership)
    membership.disabled = True
    membership.save(update_fields=["disabled"])
    # The organization that vouches for a member speaks for them everywhere; any other one for itself alone.
    everywhere = not membership.guest and address_holders.vouches(organization_id, person_id)
    if everywhere:
        end_access(person_id)
    record_revocation([person_id], organization_id=None if everywhere else organization_id)
    if not everywhere:
        # Its groups hold them no more, no matter who granted them something; a feed that does not know them gets
        # nothing.
        record_revocation_of_groups(organization_id, person_id)
    note(
        kind=DirectoryKind.PERSON_DISABLED,
        organizations=[organization_id],
        actor=actor,
        person_id=person_id,
        addresses=[membership.known_address],
        title=membership.known_name,
        details={"reason": reason} if reason else None,
    )
    note_known_secrets(membership, actor)
    return True

"""Remove a person who left: the old identity stays refused for ever, and the address is free for a successor."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from tenants.actor import Actor
from tenants.directory import address_holders
from tenants.directory.access import end_access, end_credentials, forget_sign_in
from tenants.directory.administrators import locked_membership, require_another
from tenants.directory.change import note, raise_epochs
from tenants.directory.known_secrets import note_known_secrets
from tenants.directory.members import leave_groups
from tenants.directory.models import Address, Membership, Person, RoleAssignment
from tenants.directory.revocations import record_revocation, record_revocation_of_groups
from tenants.events import DirectoryKind


@transaction.atomic
def remove_person(*, organization_id: UUID, person_id: UUID, reason: str, actor: Actor) -> None:
    """End the person's place in the organization.  Raises NotHere and LastAdministrator.

    The id is never given again: grants, documents and events stay with it, and the person who gets the address next is
    another person.  Addresses in the organization's domains leave the account; with nothing proven left it is closed.
    """
    place = locked_membership(organization_id, person_id)
    require_another(place)
    address, name = place.known_address, place.known_name
    everywhere = not place.guest and address_holders.vouches(organization_id, person_id)
    record_revocation([person_id], organization_id=None if everywhere else organization_id)
    record_revocation_of_groups(organization_id, person_id)
    leave_groups(organization_id, person_id)
    freed = _free_addresses(organization_id, person_id)
    Membership.objects.within(organization_id).filter(id=place.id).update(disabled=True, removed_at=timezone.now())
    RoleAssignment.objects.within(organization_id).filter(person_id=person_id).delete()
    if everywhere:
        end_access(person_id)
    if everywhere and not address_holders.has_proof(person_id):
        end_credentials(person_id)
        Person.objects.filter(id=person_id).update(is_active=False)
    raise_epochs([person_id])
    note(
        kind=DirectoryKind.PERSON_REMOVED,
        organizations=[organization_id],
        actor=actor,
        person_id=person_id,
        addresses=[address],
        title=name,
        details={"reason": reason, "freed": len(freed)},
    )
    if not place.disabled:
        place.address = address
        note_known_secrets(place, actor)


def _free_addresses(organization_id: UUID, person_id: UUID) -> list[str]:
    """Take the addresses that the organization manages or entered, and return them.

    An address by which the person opens documents of others with mailed codes stays theirs: inviting and removing them
    must not part them from what they were granted there.
    """
    rows = Address.objects.filter(person_id=person_id)
    freed = [
        row.address
        for row in rows
        if address_holders.owns_domain(organization_id, row.domain)
        or (row.asserted_by_id == organization_id and not row.proven_by and row.coded_until is None)
    ]
    address_holders.unlink_addresses(rows.filter(address__in=freed))
    rows.filter(address__in=freed).delete()
    for address in freed:
        forget_sign_in(person_id, address)
    return freed

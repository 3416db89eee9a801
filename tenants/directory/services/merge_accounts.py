"""One person has two accounts: one takes the other in, with addresses, places and groups (decision 48)."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from tenants.actor import Actor
from tenants.directory import address_holders
from tenants.directory.access import end_access, end_credentials, forget_sign_in, let_sign_in
from tenants.directory.change import note, raise_epochs
from tenants.directory.errors import DirectoryRefused
from tenants.directory.models import (
    Address,
    Block,
    FormerAddressHolder,
    GroupMember,
    LicensedAt,
    Membership,
    Operator,
    Person,
    RoleReceipt,
)
from tenants.directory.revocations import record_revocation
from tenants.directory.selectors.roles import held_roles
from tenants.events import DirectoryKind


def require_mergeable(*, kept: UUID, merged: UUID) -> None:
    """Refuse accounts of which one may not take the other in.  Raises DirectoryRefused.

    Roles stay out of it, so that nobody comes to hold one by two accounts.  Who was disabled or removed by an
    organization is not let back in by another account of theirs.
    """
    if kept == merged:
        raise DirectoryRefused(_("This code is of the account that you are signed in to. Get one from the other one."))
    people = {row.id: row for row in Person.objects.filter(id__in=[kept, merged])}
    if len(people) < 2 or any(row.is_service or not row.is_active for row in people.values()):
        raise DirectoryRefused(_("Only accounts of people that are in use can be merged."))
    if Operator.objects.filter(person_id=merged).exists():
        raise DirectoryRefused(_("An operator's account is not merged into another one. Merge the other one into it."))
    places = {person: _places(person) for person in (kept, merged)}
    for role in held_roles(list(places[merged]), people=[merged]):
        raise DirectoryRefused(
            _(
                "The other account holds a role at {organization}. End the role or that organization first, or keep"
                " that account and merge this one into it."
            ).format(organization=places[merged][role.organization_id].organization.name)
        )
    for one, other in ((kept, merged), (merged, kept)):
        for organization, place in places[one].items():
            if place.disabled and place.removed_at is None:
                raise DirectoryRefused(
                    _("{organization} has disabled one of the accounts.").format(organization=place.organization.name)
                )
            if place.removed_at is not None and organization in places[other]:
                raise DirectoryRefused(
                    _("One of the accounts has left {organization}, the other one has not.").format(
                        organization=place.organization.name
                    )
                )
    for row in Address.objects.filter(person_id=merged).exclude(proven_by=""):
        _refuse_of_former_place(places[kept].values(), row)


@transaction.atomic
def merge_accounts(*, kept: UUID, merged: UUID, actor: Actor) -> None:
    """Let ``kept`` take ``merged`` in: what the directory has under its id is under the other's from now on.

    Nothing that signed somebody in as ``merged`` is left; its id stays, closed.  Raises what ``require_mergeable``
    raises.
    """
    addresses = _locked(kept, merged)
    require_mergeable(kept=kept, merged=merged)
    roles = _roles(kept)
    known = {
        organization: place.known_address
        for organization, place in _places(merged).items()
        if not place.guest and place.removed_at is None
    }
    _take_addresses(kept, merged, addresses)
    _take_places(kept, merged)
    _take_groups(kept, merged)
    _take_what_counts_against(kept, merged)
    if _roles(kept) != roles:
        raise DirectoryRefused(_("A group of the other account gives a role. Ask an administrator to take it out."))
    end_access(merged)
    end_credentials(merged)
    Person.objects.filter(id=merged).update(is_active=False)
    # What the other account was shut out of shuts this one out, too.
    record_revocation([kept, merged])
    raise_epochs([kept, merged])
    for organization, address in sorted(known.items()):
        note(
            kind=DirectoryKind.PERSON_MERGED,
            organizations=[organization],
            actor=actor,
            person_id=kept,
            addresses=[address],
        )


def _locked(kept: UUID, merged: UUID) -> list[Address]:
    """Lock both accounts, in the order in which every service does, and return the addresses of the one that ends.

    Raises DirectoryRefused where they change at this moment: one that came meanwhile would stay with a closed account.
    """
    addresses = _addresses(merged)
    for domain in sorted({row.domain for row in addresses}):
        address_holders.lock_domain(domain)
    address_holders.lock_addresses(row.address for row in addresses)
    both = [kept, merged]
    list(Membership.objects.of_installation().select_for_update().filter(person_id__in=both).order_by("id"))
    list(GroupMember.objects.of_installation().select_for_update().filter(person_id__in=both).order_by("id"))
    list(Person.objects.select_for_update().filter(id__in=both).order_by("id"))
    found = _addresses(merged)
    if [row.address for row in found] != [row.address for row in addresses]:
        raise DirectoryRefused(_("The addresses of the other account change at this moment. Try again."))
    return found


def _addresses(person: UUID) -> list[Address]:
    return list(Address.objects.filter(person_id=person).order_by("address"))


def _places(person: UUID) -> dict[UUID, Membership]:
    rows = Membership.objects.of_person(person).select_related("organization", "person")
    return {row.organization_id: row for row in rows}


def _roles(person: UUID) -> set[tuple[UUID, str]]:
    return {(one.organization_id, one.role) for one in held_roles(list(_places(person)), people=[person])}


def _refuse_of_former_place(places: Iterable[Membership], address: Address) -> None:
    """Refuse an address of an organization that the person left: it is a successor's, as when they prove it."""
    for place in places:
        left = place.removed_at is not None or place.returned_at is not None
        if left and address_holders.owns_domain(place.organization_id, address.domain):
            raise DirectoryRefused(
                _("{address} belongs to an organization that you have left.").format(address=address.address)
            )


def _take_addresses(kept: UUID, merged: UUID, addresses: Iterable[Address]) -> None:
    """Move addresses with their proofs; where both have one, the proven row stays.

    One that only administrators gave signs nobody in, here as there (decision 35).
    """
    for row in addresses:
        signs_in = address_holders.signs_in_with(merged, row.address)
        own = Address.objects.filter(person_id=kept, address=row.address).first()
        if own is not None and row.proven_by:
            own.delete()
        if own is None or row.proven_by:
            Address.objects.filter(pk=row.pk).update(person_id=kept)
        else:
            row.delete()
        forget_sign_in(merged, row.address)
        if signs_in:
            let_sign_in(kept, row.address, proven=True)
    rows = FormerAddressHolder.objects.filter(holder_id=merged)
    own_rows = FormerAddressHolder.objects.filter(holder_id=kept)
    rows.filter(address__in=own_rows.values("address")).delete()
    rows.update(holder_id=kept)


def _take_places(kept: UUID, merged: UUID) -> None:
    """Move places; where both have one, a member's stays, and of two the kept account's."""
    own = _places(kept)
    for organization, place in _places(merged).items():
        mine = own.get(organization)
        if mine is not None and (place.guest or not mine.guest):
            place.delete()
            continue
        if mine is not None:
            mine.delete()
        Membership.objects.within(organization).filter(pk=place.pk).update(person_id=kept)
    Membership.objects.of_installation().filter(added_by=merged).update(added_by=kept)


def _take_groups(kept: UUID, merged: UUID) -> None:
    rows = GroupMember.objects.of_installation().filter(person_id=merged)
    own = GroupMember.objects.of_installation().filter(person_id=kept)
    rows.filter(group_id__in=own.values("group_id")).delete()
    rows.update(person_id=kept)


def _take_what_counts_against(kept: UUID, merged: UUID) -> None:
    """Let blocks, and whom the person made an administrator or was made one by, count for the account that is left."""
    Block.objects.of_installation().filter(person_id=merged).update(person_id=kept)
    RoleReceipt.objects.of_installation().filter(person_id=merged).update(person_id=kept)
    RoleReceipt.objects.of_installation().filter(giver=merged).update(giver=kept)
    rows = LicensedAt.objects.filter(person_id=merged)
    known = LicensedAt.objects.filter(person_id=kept).values_list("organization_id", flat=True)
    LicensedAt.objects.bulk_create(
        LicensedAt(person_id=kept, organization_id=one)
        for one in rows.exclude(organization_id__in=list(known)).values_list("organization_id", flat=True)
    )
    rows.delete()

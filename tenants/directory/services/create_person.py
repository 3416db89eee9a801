"""Create a person in an organization, or give a person who exists already a place in it."""

from collections.abc import Callable
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants import naming
from tenants.actor import Actor
from tenants.directory import address_holders
from tenants.directory.access import let_sign_in
from tenants.directory.change import note
from tenants.directory.errors import DirectoryRefused
from tenants.directory.fresh_start import start_afresh
from tenants.directory.models import Membership, Person, RoleAssignment
from tenants.directory.role_receipts import remember_roles
from tenants.directory.roles import OF_PEOPLE, USER
from tenants.directory.selectors.domains import organization_of_domain
from tenants.directory.selectors.people import PersonFacts, person_in
from tenants.directory.services.outsiders import lapse_outsider
from tenants.events import DirectoryKind
from tenants.organizations.models import Organization

LetGo = Callable[[UUID], object]


@transaction.atomic
def create_person(
    *,
    organization_id: UUID,
    address: str,
    name: str = "",
    role: str = "user",
    guest: bool = False,
    founder: bool = False,
    language: str = "",
    time_zone: str = "UTC",
    reason: str = "",
    let_go: LetGo | None = None,
    actor: Actor,
) -> PersonFacts:
    """Give the holder of the address a place in the organization and return the person.

    A person who has proven the address keeps their account: the organization gains a guest, or a member when it has
    proven the address's domain.  A founder is a member in any case, or the organization would have no administrator.
    Nobody gets a password here; the mailbox is what a new person signs in with, also where somebody had signed up with
    the address before.  A person who was removed and whose account goes on elsewhere comes back as somebody new:
    ``let_go`` is called with their id, and leaves what was theirs here to an identity of before.
    """
    normal = _locked(address)
    ours = address_holders.owns_domain(organization_id, naming.domain_of(normal))
    proven = address_holders.prover_of(normal)
    lapse_outsider(normal)
    known = proven or address_holders.sole_claimant(normal)
    person = known or _new_person(normal, name, language, time_zone)
    first_proof = address_holders.assert_address(person=person, address=normal, organization_id=organization_id)
    as_guest = guest or _stays_elsewhere(normal, known=proven is not None, ours=ours, founder=founder)
    role = USER if as_guest else role
    values = {"guest": as_guest, "address": normal, "name": naming.one_line(name)}
    _enter(organization_id, person, actor, let_go, values)
    _give(organization_id, person, role, reason, actor)
    Person.objects.filter(id=person.id, email="").update(email=normal)
    let_sign_in(person.id, normal, proven=first_proof or proven is not None)
    if first_proof and known is not None:
        # A stranger may have signed up with the address, or another organization entered it under a name of its own.
        Person.objects.filter(id=person.id).update(name=naming.one_line(name), email=normal)
        start_afresh(person.id, address=normal, actor=actor)
    note(
        kind=DirectoryKind.PERSON_INVITED if as_guest else DirectoryKind.PERSON_CREATED,
        organizations=[organization_id],
        actor=actor,
        person_id=person.id,
        addresses=[normal],
        title=name,
        details={"role": role, "guest": as_guest, **({"reason": reason} if reason else {})},
    )
    return person_in(organization_id, person.id)


def _give(organization_id: UUID, person: Person, role: str, reason: str, actor: Actor) -> None:
    """Give the person their first role; that of a user comes with the place."""
    if role == USER:
        return
    if role not in OF_PEOPLE:
        raise DirectoryRefused(_("A person cannot hold this role."))
    RoleAssignment.objects.create(
        organization_id=organization_id, role=role, person=person, given_by=actor.person_id, reason=reason[:500]
    )
    remember_roles(organization_id, [person.id], actor)


def _locked(address: str) -> str:
    """Lock an address and its domain; return it in its normal form.  Raises NameRefused and DirectoryRefused."""
    normal = naming.address(address)
    address_holders.lock_domain(naming.domain_of(normal))
    address_holders.lock_address(normal)
    address_holders.refuse_group_address(normal)
    return normal


def _stays_elsewhere(address: str, *, known: bool, ours: bool, founder: bool) -> bool:
    """Tell whether the organization only gains a guest.

    A person who has an address of a domain that another organization has proven is its own, whether or not they are
    known here already: the answer must not tell.
    """
    if ours or founder:
        return False
    return known or organization_of_domain(naming.domain_of(address)) is not None


def _new_person(address: str, name: str, language: str, time_zone: str) -> Person:
    person = Person(email=address, name=naming.one_line(name), language=language, time_zone=time_zone)
    person.set_unusable_password()
    person.save()
    return person


def _enter(
    organization_id: UUID, person: Person, actor: Actor, let_go: LetGo | None, values: dict[str, object]
) -> None:
    """Write the person's place; one who was removed may come back, anybody else who is here already may not."""
    _refuse_in_personal(organization_id, person)
    values |= {"added_by": actor.person_id}
    place, created = Membership.objects.of_installation().get_or_create(
        organization_id=organization_id, person=person, defaults=values
    )
    if created:
        return
    if place.removed_at is None or let_go is None:
        raise DirectoryRefused(_("{address} is in the organization already.").format(address=values["address"]))
    let_go(person.id)
    now = timezone.now()
    back = {**values, "disabled": False, "removed_at": None, "created_at": now, "returned_at": now}
    Membership.objects.within(organization_id).filter(id=place.id).update(**back)


def _refuse_in_personal(organization_id: UUID, person: Person) -> None:
    """Keep a personal organization to its person: it was made for them without asking an operator."""
    others = Organization.objects.filter(id=organization_id).exclude(individuals_person=person.id)
    if others.filter(individuals_person__isnull=False).exists():
        raise DirectoryRefused(_("A personal organization has one member. Others open what you grant them without it."))

"""What a connection does to people: add, change, disable, enable and delete them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from portal.notifications.addresses import mail_addresses_changed
from portal.usecases import roles
from portal.usecases.provisioning.guard import require_allowance
from portal.usecases.provisioning.provisioner import Provisioner
from protection.services.unlink_identity import unlink_identity
from tenants import naming
from tenants.connections.people import PersonRecord, person_record
from tenants.connections.services.deprovision_person import deprovision_person
from tenants.connections.services.keep import (
    forget_person,
    keep_person,
    lock_resource,
    note_let_in,
    note_shut_out,
    removed_person_with,
)
from tenants.directory.address_holders import owns_domain
from tenants.directory.errors import AddressTaken, DirectoryRefused, DomainRefused, NotPermitted
from tenants.directory.selectors.addresses import mailed_about
from tenants.directory.selectors.people import PersonFacts, person_in
from tenants.directory.services.add_address import add_address
from tenants.directory.services.change_person import change_person
from tenants.directory.services.create_person import create_person
from tenants.directory.services.remove_address import remove_address
from tenants.directory.services.remove_person import remove_person


@dataclass(frozen=True, slots=True)
class WantedPerson:
    """How a connection wants a person to be.

    ``name`` is how the directory calls them, ``attributes`` are kept as they are, ``aliases`` are their further
    addresses, of which those in the organization's own domains become theirs.
    """

    user_name: str
    active: bool
    external_id: str
    name: str
    aliases: tuple[str, ...]
    attributes: Mapping[str, Any] = field(hash=False)


@transaction.atomic
def add_person(*, provisioner: Provisioner, wanted: WantedPerson) -> PersonRecord:
    """Add a person as a member; nobody is mailed.

    A person whom this provider deleted and who is the same one there, by their id, comes back as who they were;
    anybody else with that address is a new person, and the one of before is removed for good.

    Raises DomainRefused for an address outside the organization's domains, AddressTaken for one in use, NotPermitted
    and NameRefused.
    """
    provisioner.require("people")
    organization, actor = provisioner.organization.id, provisioner.caller.directory_actor
    address = _own_address(provisioner, wanted.user_name)
    lock_resource(address)
    removed = removed_person_with(organization, address)
    if removed is not None and removed[1] and removed[1] == wanted.external_id:
        return _brought_back(provisioner, removed[0], wanted)
    if removed is not None:
        roles.require_scope(provisioner.caller, person_in(organization, removed[0]))
        remove_person(organization_id=organization, person_id=removed[0], reason="", actor=actor)
        forget_person(organization, removed[0])
    try:
        made = create_person(
            organization_id=organization, address=address, name=wanted.name, let_go=unlink_identity, actor=actor
        )
    except AddressTaken:
        raise
    except DirectoryRefused as error:
        raise AddressTaken(_("{address} is in the organization already.").format(address=address)) from error
    if made.guest:
        raise AddressTaken(_("{address} belongs to a person of another organization.").format(address=address))
    _keep(provisioner, made.id, wanted)
    give_aliases(provisioner, made, wanted)
    if not wanted.active:
        _shut_out(provisioner, made)
    return person_record(organization, made.id)


@transaction.atomic
def change_provisioned_person(*, provisioner: Provisioner, before: PersonRecord, wanted: WantedPerson) -> PersonRecord:
    """Let a person be as the connection wants; ``before`` was read under ``locked_person``.

    Raises what ``add_person`` raises.
    """
    provisioner.require("people")
    organization = provisioner.organization.id
    person = person_in(organization, before.id)
    if wanted.name and wanted.name != person.name:
        change_person(person_id=before.id, actor=provisioner.caller.directory_actor, name=wanted.name)
    if naming.address(wanted.user_name) != before.user_name:
        _rename(provisioner, person, _own_address(provisioner, wanted.user_name))
    give_aliases(provisioner, person, wanted)
    _take_aliases(provisioner, person, before, wanted)
    if _differs(before, wanted):
        _keep(provisioner, before.id, wanted)
    if before.active and not wanted.active:
        _shut_out(provisioner, person)
    if wanted.active and not before.active:
        roles.enable_person(caller=provisioner.caller, person_id=before.id)
        note_let_in(organization_id=organization, person_id=before.id)
    return person_record(organization, before.id)


@transaction.atomic
def delete_person(*, provisioner: Provisioner, person_id: UUID) -> None:
    """Delete a person as far as the provider sees: they are disabled, in no group, and listed for administrators.

    Raises NotHere, NotPermitted and TooManyShutOut.
    """
    provisioner.require("people")
    organization = provisioner.organization.id
    before = locked_person(provisioner=provisioner, person_id=person_id)
    person = person_in(organization, person_id)
    roles.require_scope(provisioner.caller, person)
    kept = before.attributes if before.attributes is not None else {}
    keep_person(
        organization_id=organization,
        connection_id=provisioner.connection.id,
        person_id=person_id,
        user_name=before.user_name,
        external_id=before.external_id,
        attributes=kept,
    )
    _shut_out(provisioner, person)
    deprovision_person(organization_id=organization, person=person, actor=provisioner.caller.directory_actor)


def locked_person(*, provisioner: Provisioner, person_id: UUID) -> PersonRecord:
    """Return a person whom no other connection changes until this transaction ends.  Raises NotHere."""
    lock_resource(person_id)
    return person_record(provisioner.organization.id, person_id)


def _brought_back(provisioner: Provisioner, person_id: UUID, wanted: WantedPerson) -> PersonRecord:
    organization = provisioner.organization.id
    person = person_in(organization, person_id)
    roles.require_scope(provisioner.caller, person)
    _keep(provisioner, person_id, wanted)
    if wanted.active:
        roles.enable_person(caller=provisioner.caller, person_id=person_id)
    return change_provisioned_person(
        provisioner=provisioner, before=person_record(organization, person_id), wanted=wanted
    )


def _own_address(provisioner: Provisioner, user_name: str) -> str:
    """Return a user name as an address of the organization's own.  Raises NameRefused and DomainRefused."""
    address = naming.address(user_name)
    domain = naming.domain_of(address)
    if not owns_domain(provisioner.organization.id, domain):
        raise DomainRefused(
            _("userName is an address in a mail domain that the organization has proven; {domain} is none.").format(
                domain=domain
            )
        )
    return address


def _shut_out(provisioner: Provisioner, person: PersonFacts) -> None:
    """Disable a person within the connection's allowance; one who is disabled already counts for nothing."""
    roles.require_scope(provisioner.caller, person)
    if person.disabled:
        return
    require_allowance(provisioner)
    roles.disable_person(caller=provisioner.caller, person_id=person.id, reason="")
    note_shut_out(organization_id=provisioner.organization.id, person_id=person.id, removed=False)


def _rename(provisioner: Provisioner, person: PersonFacts, address: str) -> None:
    """Give a person the address under which the provider knows them from now on; they sign in with it once proven."""
    _give(provisioner, person, address)


def give_aliases(provisioner: Provisioner, person: PersonFacts, wanted: WantedPerson) -> None:
    """Give a person those of the wanted aliases that are the organization's own.  Raises AddressTaken."""
    have = {one.address for one in person.addresses if one.proven_by}
    for address in _own_aliases(provisioner, wanted.aliases):
        if address not in have:
            _give(provisioner, person, address)


def _give(provisioner: Provisioner, person: PersonFacts, address: str) -> None:
    """Give a person an address, and mail them; who holds a role is left alone."""
    _refuse_role(person)
    actor = provisioner.caller.directory_actor
    given = add_address(organization_id=provisioner.organization.id, person_id=person.id, address=address, actor=actor)
    if given:
        mail_addresses_changed(person.id, mailed_about(person.id), address=address, change="added", by=actor.name)


def _take_aliases(provisioner: Provisioner, person: PersonFacts, before: PersonRecord, wanted: WantedPerson) -> None:
    """Take the aliases that the provider gave and names no more; the address that signs the person in stays."""
    emails = (before.attributes or {}).get("emails") or []
    given = {one.get("value", "").lower() for one in emails}
    named = {one.lower() for one in wanted.aliases} | {wanted.user_name.lower(), person.email}
    have = {one.address for one in person.addresses if one.proven_by}
    for address in sorted((given & have) - named):
        if owns_domain(provisioner.organization.id, naming.domain_of(address)):
            _take(provisioner, person, address)


def _take(provisioner: Provisioner, person: PersonFacts, address: str) -> None:
    """Take an address from a person, and mail them; who holds a role is left alone."""
    _refuse_role(person)
    actor = provisioner.caller.directory_actor
    remove_address(person_id=person.id, address=address, organization_id=provisioner.organization.id, actor=actor)
    mail_addresses_changed(person.id, mailed_about(person.id), address=address, change="removed", by=actor.name)


def _own_aliases(provisioner: Provisioner, aliases: tuple[str, ...]) -> list[str]:
    normal = [naming.address(one) for one in aliases]
    return [one for one in normal if owns_domain(provisioner.organization.id, naming.domain_of(one))]


def _refuse_role(person: PersonFacts) -> None:
    if roles.given(person):
        raise NotPermitted(
            _("{address} holds a role. Only an administrator changes their addresses.").format(address=person.email)
        )


def _differs(before: PersonRecord, wanted: WantedPerson) -> bool:
    return (
        before.attributes is None
        or before.external_id != wanted.external_id
        or before.user_name != naming.address(wanted.user_name)
        or dict(before.attributes) != dict(wanted.attributes)
    )


def _keep(provisioner: Provisioner, person_id: UUID, wanted: WantedPerson) -> None:
    keep_person(
        organization_id=provisioner.organization.id,
        connection_id=provisioner.connection.id,
        person_id=person_id,
        user_name=naming.address(wanted.user_name),
        external_id=wanted.external_id,
        attributes=wanted.attributes,
    )

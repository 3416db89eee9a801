"""Operators: who may look after the installation in the browser, and what the console and the commands show them."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from portal.identity.second_factors import has_second_factor
from portal.subjects.subject import may_act
from portal.usecases.effects import Effect, effect
from protection.selectors.counts import count_documents
from tenants import naming
from tenants.actor import Actor
from tenants.context import in_schema
from tenants.directory.errors import NotHere, NotPermitted
from tenants.directory.selectors.operators import OperatorFacts, operator_with_id
from tenants.directory.selectors.people import holder_of
from tenants.directory.services.add_operator import add_operator as add_operator_service
from tenants.directory.services.remove_operator import remove_operator as remove_operator_service
from tenants.organizations.selectors import ListedOrganization, listed_organizations


@dataclass(frozen=True, slots=True)
class Installed:
    """An organization in the operators' list; ``documents`` is None once it is erased."""

    listed: ListedOrganization
    documents: int | None


def operator_here(person_id: UUID) -> OperatorFacts | None:
    """Return the operator that a signed-in person is, None when they are none or may not act at all."""
    found = operator_with_id(person_id)
    return found if found is not None and may_act(person_id) else None


@transaction.atomic
def add_operator(*, address: str, actor: Actor) -> Effect:
    """Make the person who has proven an address an operator.

    They need a second factor before: else who reads their mailbox could sign in and set one up.  Raises NotHere,
    NotPermitted and NameRefused.
    """
    person_id = holder_of(address)
    if person_id is None:
        raise NotHere(
            _("The address {address} is not proven. A person proves it by a sign-in with a mailed code.").format(
                address=naming.address(address)
            )
        )
    if not has_second_factor(person_id):
        raise NotPermitted(
            _("{address} has no second factor yet. They set one up in their account.").format(address=address)
        )
    changed, normal = add_operator_service(person_id=person_id, address=address, actor=actor), naming.address(address)
    done, already = _("{address} is an operator."), _("{address} is an operator already.")
    return effect(changed, done.format(address=normal), already.format(address=normal))


def remove_operator(*, address: str, actor: Actor) -> Effect:
    """Remove an operator.  Raises NotHere and NameRefused."""
    if not remove_operator_service(address=address, actor=actor):
        raise NotHere(_("{address} is not the address of an operator.").format(address=address))
    return effect(True, _("{address} is no longer an operator.").format(address=naming.address(address)), "")


def installed(first: int, number: int) -> tuple[Installed, ...]:
    """Return a part of all organizations by short name, with how large each is."""
    return tuple(Installed(one, _documents(one)) for one in listed_organizations(first, number))


def _documents(one: ListedOrganization) -> int | None:
    if one.facts.state == "erased":
        return None
    with in_schema(one.facts.schema_name):
        return count_documents()

"""A provider says who somebody is: whose account that is here, which groups they are in by it, or why it is refused."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from chancery.policy.permission import Permission
from portal.notifications.sign_on import mail_bound
from portal.subjects.subject import is_disabled
from portal.throttle import retry_after
from portal.usecases.caller import Caller
from portal.usecases.self_granted_access import guarding_self_granted_access
from tenants.actor import Actor
from tenants.context import in_organization
from tenants.directory.errors import NotHere
from tenants.directory.members import Member, held_by
from tenants.directory.role_groups import given_by_groups
from tenants.directory.selectors.groups import direct_groups_of
from tenants.directory.selectors.people import language_of, named_person
from tenants.directory.services.change_group import change_group
from tenants.sign_on.selectors import SignOnFacts
from tenants.sign_on.services.accounts import (
    Judgement,
    Refusal,
    SignOnRefused,
    admitted,
    judged,
    note_refused,
)

_RECORDED_AN_HOUR: Final = 20.0
"""How many refusals of a connection are recorded in an hour, in each process: whoever has an account there can try."""


@dataclass(frozen=True, slots=True)
class Entered:
    """The person whom a provider signs in."""

    person_id: UUID


@dataclass(frozen=True, slots=True)
class TriedSignOn:
    """What a sign-in would come to, in the state of now; nobody was signed in."""

    outcome: str
    address: str
    person: str
    refusal: Refusal | None
    joins: tuple[str, ...]
    leaves: tuple[str, ...]
    groups_are_left_out: bool


def enter(*, actor: Actor, connection: SignOnFacts, claims: Mapping[str, Any]) -> Entered:
    """Return the person who is signed in, with an account and groups as the connection says.

    ``actor`` is the provider.  Raises SignOnRefused.
    """
    try:
        person_id, outcome = admitted(connection, claims, actor)
        _not_disabled(connection, claims, person_id)
    except SignOnRefused as refused:
        if not retry_after(f"sign-on refusal {connection.id}", rate=_RECORDED_AN_HOUR / 3600, burst=_RECORDED_AN_HOUR):
            note_refused(connection, refused.judgement, actor)
        raise
    with in_organization(connection.organization_id):
        _set_groups(connection, claims, person_id, actor)
    if outcome == "bind":
        _tell(connection, person_id)
    return Entered(person_id)


def _tell(connection: SignOnFacts, person_id: UUID) -> None:
    """Let somebody who had an account know that the provider signs them in from now on."""
    person = named_person(person_id)
    if person is not None:
        mail_bound(address=person.email, language=language_of(person_id), connection=connection.name)


def _not_disabled(connection: SignOnFacts, claims: Mapping[str, Any], person_id: UUID) -> None:
    """Let pass a person whom no organization has disabled, wherever their own is.  Raises SignOnRefused."""
    if is_disabled(person_id):
        address = str(claims.get(connection.address_claim))
        raise SignOnRefused(Judgement("refused", address, person_id, Refusal.DISABLED))


def tried(*, caller: Caller, connection: SignOnFacts, claims: Mapping[str, Any]) -> TriedSignOn:
    """Return what the claims would come to, to an administrator who tests it.  Raises NotHere for everybody else."""
    if caller.organization != connection.organization_id or not caller.may(Permission.SETTINGS_MANAGE):
        raise NotHere(_("There is no such sign-on connection in this organization."))
    found = judged(connection, claims)
    person = None if found.person_id is None else named_person(found.person_id)
    joins, leaves = _differences(connection, claims, found.person_id)
    named = {one.group_id: one.address for one in connection.groups}
    return TriedSignOn(
        outcome=found.outcome,
        address=found.address,
        person="" if person is None else (person.name or person.email),
        refusal=found.refusal,
        joins=tuple(sorted(named[one] for one in joins)),
        leaves=tuple(sorted(named[one] for one in leaves)),
        groups_are_left_out=bool(connection.groups_claim) and _values(connection, claims) is None,
    )


@transaction.atomic
def _set_groups(connection: SignOnFacts, claims: Mapping[str, Any], person_id: UUID, actor: Actor) -> None:
    """Let the person be in exactly those of the connection's groups whose value they come with."""
    joins, leaves = _differences(connection, claims, person_id)
    for group_id in sorted({*joins, *leaves}):
        member = [Member(person_id=person_id)]
        if given_by_groups(connection.organization_id, held_by(group_id)):
            # It came to hold a role after it was named here: who is in it is no provider's affair any more.
            continue
        with guarding_self_granted_access(caller=_caller(connection, actor), changes="group", target=group_id):
            change_group(
                organization_id=connection.organization_id,
                group_id=group_id,
                add=member if group_id in joins else (),
                remove=() if group_id in joins else member,
                actor=actor,
            )


def _differences(
    connection: SignOnFacts, claims: Mapping[str, Any], person_id: UUID | None
) -> tuple[set[UUID], set[UUID]]:
    """Return which groups the person joins and leaves."""
    values = _values(connection, claims)
    owned = {one.group_id for one in connection.groups}
    if values is None or not owned or not connection.groups_claim:
        return set(), set()
    has = set() if person_id is None else direct_groups_of(connection.organization_id, person_id, owned)
    wanted = {one.group_id for one in connection.groups if one.value in values}
    return wanted - has, has - wanted


def _values(connection: SignOnFacts, claims: Mapping[str, Any]) -> Collection[str] | None:
    """Return what the provider says of groups; None where it says that there are too many to say.

    A claim that is not there says that there is none: some providers leave an empty list out.
    """
    left_out = claims.get("_claim_names")
    if isinstance(left_out, dict) and connection.groups_claim in left_out:
        return None
    found = claims.get(connection.groups_claim, [])
    found = [found] if isinstance(found, str) else found
    return {one for one in found if isinstance(one, str)} if isinstance(found, list) else set()


def _caller(connection: SignOnFacts, actor: Actor) -> Caller:
    """Return the connection as one who changes groups: like an application, it speaks for no administrator."""
    return Caller(
        person=connection.id,
        address="",
        name=connection.name,
        roles=frozenset(),
        is_application=True,
        member=True,
        knows_members=True,
        permissions=frozenset(),
        ip=actor.ip,
        source=actor.source,
        organization=connection.organization_id,
        subject=None,
    )

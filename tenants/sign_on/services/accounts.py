"""Whose account a person has whom a provider signs in: the bound one, one that is bound now, or a new one.

A provider is believed about addresses in the connection's domains alone, and about nothing else.  An account is bound
to the provider's own name of the person, the subject.  An address alone binds only what was never bound: when another
subject comes with the address of somebody who is bound, that is refused, since addresses are given to successors.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.utils.translation import gettext as _

from tenants import naming
from tenants.actor import Actor
from tenants.connections.services.keep import lock_resource
from tenants.directory import address_holders
from tenants.directory.change import note
from tenants.directory.errors import DirectoryRefused, NotHere
from tenants.directory.models import Address, Membership, Person
from tenants.directory.services.create_person import create_person
from tenants.events import DirectoryKind
from tenants.sign_on.selectors import SignOnFacts, person_of_subject, subject_of_person

MOST_SUBJECT: Final = 191
"""Characters of a subject that the account suite's table holds; providers send a few dozen."""


class Refusal(StrEnum):
    """Why a provider's sign-in is not one here."""

    NO_SUBJECT = "no_subject"
    NO_ADDRESS = "no_address"
    UNVERIFIED = "unverified"
    FOREIGN_DOMAIN = "foreign_domain"
    NOT_MEMBER = "not_member"
    DISABLED = "disabled"
    OTHER_SUBJECT = "other_subject"
    NO_ACCOUNT = "no_account"
    GIVEN_ADDRESS = "given_address"
    NOT_POSSIBLE = "not_possible"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a sign-in would come to: ``known``, ``bind``, ``make``, or why it is refused."""

    outcome: str
    address: str = ""
    person_id: UUID | None = None
    refusal: Refusal | None = None


class SignOnRefused(Exception):
    """The provider's sign-in is not one here; ``judgement`` says why."""

    def __init__(self, judgement: Judgement) -> None:
        super().__init__(str(judgement.refusal))
        self.judgement = judgement


def judged(connection: SignOnFacts, claims: Mapping[str, Any]) -> Judgement:
    """Return what these claims would come to; nothing is changed."""
    subject, address = claims.get("sub"), _address(claims.get(connection.address_claim))
    if not isinstance(subject, str) or not 0 < len(subject) <= MOST_SUBJECT:
        return Judgement("refused", address, refusal=Refusal.NO_SUBJECT)
    if not address:
        return Judgement("refused", refusal=Refusal.NO_ADDRESS)
    if claims.get("email_verified") in (False, "false"):
        return Judgement("refused", address, refusal=Refusal.UNVERIFIED)
    if naming.domain_of(address) not in connection.speaks_for:
        return Judgement("refused", address, refusal=Refusal.FOREIGN_DOMAIN)
    bound = person_of_subject(connection, subject)
    if bound is not None:
        return _allowed(connection, bound, address, "known")
    prover = address_holders.prover_of(address)
    if prover is None:
        if connection.makes_accounts:
            return Judgement("make", address)
        return Judgement("refused", address, refusal=Refusal.NO_ACCOUNT)
    if subject_of_person(connection, prover.id):
        return Judgement("refused", address, prover.id, Refusal.OTHER_SUBJECT)
    if not address_holders.signs_in_with(prover.id, address):
        # Administrators may add addresses to somebody's account; that is no way to sign in as them (decision 35).
        return Judgement("refused", address, prover.id, Refusal.GIVEN_ADDRESS)
    return _allowed(connection, prover.id, address, "bind")


@transaction.atomic
def admitted(connection: SignOnFacts, claims: Mapping[str, Any], actor: Actor) -> tuple[UUID, str]:
    """Return whose account it is, bound or made where that is due, and the outcome.  Raises SignOnRefused.

    Two sign-ins at once follow each other here, so that nobody gets two accounts.
    """
    lock_resource(f"{connection.provider} {claims.get('sub')}")
    address = _address(claims.get(connection.address_claim))
    if address:
        address_holders.lock_domain(naming.domain_of(address))
        address_holders.lock_address(address)
    found = judged(connection, claims)
    if found.outcome == "refused":
        raise SignOnRefused(found)
    if found.outcome == "known" and found.person_id is not None:
        return found.person_id, found.outcome
    person_id = found.person_id if found.person_id is not None else _made(connection, claims, found, actor)
    SocialAccount.objects.create(
        provider=connection.provider, uid=claims["sub"], user_id=person_id, extra_data={"address": found.address}
    )
    _note(DirectoryKind.SIGN_ON_LINKED, connection, person_id, found.address, actor)
    return person_id, found.outcome


@transaction.atomic
def unlink(*, connection: SignOnFacts, person_id: UUID, actor: Actor) -> bool:
    """Forget which subject of the provider a person is; the next sign-in with their address binds anew."""
    if not Membership.objects.within(connection.organization_id).filter(person_id=person_id).exists():
        raise NotHere(_("There is no such person in this organization."))
    rows = SocialAccount.objects.filter(provider=connection.provider, user_id=person_id)
    if not rows.delete()[0]:
        return False
    email = Person.objects.values_list("email", flat=True).get(id=person_id)
    _note(DirectoryKind.SIGN_ON_UNLINKED, connection, person_id, email, actor)
    return True


@transaction.atomic
def note_refused(connection: SignOnFacts, judgement: Judgement, actor: Actor) -> None:
    """Record that a provider's sign-in was refused, with the reason."""
    note(
        kind=DirectoryKind.SIGN_ON_REFUSED,
        organizations=[connection.organization_id],
        actor=actor,
        addresses=[judgement.address] if judgement.address else [],
        title=connection.name,
        recipient=judgement.address,
        details={"connection": str(connection.id), "reason": str(judgement.refusal)},
    )


@transaction.atomic
def note_bypassed(connection: SignOnFacts, *, person_id: UUID, address: str, actor: Actor) -> None:
    """Record that a break-glass administrator signed in without the provider."""
    _note(DirectoryKind.SIGN_ON_BYPASSED, connection, person_id, address, actor)


def _address(value: object) -> str:
    """Return an address in its normal form, "" for what is none."""
    try:
        return naming.address(value) if isinstance(value, str) else ""
    except naming.NameRefused:
        return ""


def _allowed(connection: SignOnFacts, person_id: UUID, address: str, outcome: str) -> Judgement:
    """Let pass a member who is not disabled and of whom the connection's domains speak."""
    place = Membership.objects.within(connection.organization_id).filter(person_id=person_id).first()
    if place is None or place.guest or place.removed_at is not None or place.person.is_service:
        return Judgement("refused", address, person_id, Refusal.NOT_MEMBER)
    if place.disabled or not place.person.is_active:
        return Judgement("refused", address, person_id, Refusal.DISABLED)
    proven = Address.objects.filter(person_id=person_id, domain__in=connection.speaks_for).exclude(proven_by="")
    if not proven.exists():
        return Judgement("refused", address, person_id, Refusal.FOREIGN_DOMAIN)
    return Judgement(outcome, address, person_id)


def _made(connection: SignOnFacts, claims: Mapping[str, Any], found: Judgement, actor: Actor) -> UUID:
    """Make the account; whatever a stranger had planted under the address ends with that.  Raises SignOnRefused."""
    name = claims.get(connection.name_claim)
    try:
        made = create_person(
            organization_id=connection.organization_id,
            address=found.address,
            name=naming.one_line(name)[:200] if isinstance(name, str) else "",
            actor=actor,
        )
    except DirectoryRefused as error:
        raise SignOnRefused(Judgement("refused", found.address, refusal=Refusal.NOT_POSSIBLE)) from error
    if made.guest:
        raise SignOnRefused(Judgement("refused", found.address, refusal=Refusal.NOT_MEMBER))
    return made.id


def _note(kind: DirectoryKind, connection: SignOnFacts, person_id: UUID, address: str, actor: Actor) -> None:
    note(
        kind=kind,
        organizations=[connection.organization_id],
        actor=actor,
        person_id=person_id,
        addresses=[address],
        title=connection.name,
        recipient=address,
        details={"connection": str(connection.id)},
    )

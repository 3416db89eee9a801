"""Whose account a person has whom their home signs in: the bound one, one that is bound now, or a new one.

A home is believed about addresses of its own mail domain, and about nothing else.  An account is bound to the home and
to what it calls the person there, the subject: an address that is given to a successor brings no account along.

See docs/protocol.md P32.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.utils import timezone

from tenants import naming
from tenants.actor import Actor
from tenants.connections.services.keep import lock_resource
from tenants.directory import address_holders
from tenants.directory.access import let_sign_in
from tenants.directory.change import note_of_person
from tenants.directory.fresh_start import start_afresh
from tenants.directory.models import Address, Group, Person
from tenants.directory.revocations import record_revocation
from tenants.directory.selectors.domains import organization_of_domain
from tenants.directory.services.claim_groups import claim_groups
from tenants.directory.services.outsiders import lapse_outsider
from tenants.events import DirectoryKind
from tenants.homes.selectors import HomeFacts, person_of_home

MOST_SUBJECT: Final = 191
MOST_ADDRESSES: Final = 50


class Refusal(StrEnum):
    """Why a sign-in at home is none here."""

    NO_SUBJECT = "no_subject"
    NO_ADDRESS = "no_address"
    OURS = "ours"
    """An organization of this installation has proven the domain: its people are at home here."""
    OTHER_SUBJECT = "other_subject"
    GIVEN_ADDRESS = "given_address"
    GROUP_ADDRESS = "group_address"
    DISABLED = "disabled"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Said:
    """What a home says about a person who signed in there, of its own domain alone, in normal forms."""

    subject: str
    address: str
    addresses: tuple[str, ...]
    groups: tuple[str, ...]
    name: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a sign-in comes to: ``known``, ``bind`` or ``make``, or why it is refused."""

    outcome: str
    person_id: UUID | None = None
    refusal: Refusal | None = None


class HomeSignInRefused(Exception):
    """The sign-in at home is none here."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


def judged(home: HomeFacts, said: Said) -> Judgement:
    """Return what a sign-in would come to; nothing is changed."""
    if not 0 < len(said.subject) <= MOST_SUBJECT:
        return Judgement("refused", refusal=Refusal.NO_SUBJECT)
    if not said.address:
        return Judgement("refused", refusal=Refusal.NO_ADDRESS)
    if organization_of_domain(home.domain) is not None:
        return Judgement("refused", refusal=Refusal.OURS)
    if Group.objects.of_installation().filter(address=said.address).exists():
        return Judgement("refused", refusal=Refusal.GROUP_ADDRESS)
    bound = person_of_home(home, said.subject)
    if bound is not None:
        return _allowed(bound, "known")
    prover = address_holders.prover_of(said.address)
    if prover is None:
        return Judgement("make")
    if SocialAccount.objects.filter(user_id=prover.id, provider=home.provider).exists():
        return Judgement("refused", prover.id, Refusal.OTHER_SUBJECT)
    if not address_holders.signs_in_with(prover.id, said.address):
        # Administrators may add addresses to somebody's account; that is no way to sign in as them (decision 35).
        return Judgement("refused", prover.id, Refusal.GIVEN_ADDRESS)
    return _allowed(prover.id, "bind")


@transaction.atomic
def admitted(home: HomeFacts, said: Said, actor: Actor) -> UUID:
    """Return whose account it is, made where there is none.  Raises HomeSignInRefused.

    An account that exists is bound by ``settle``, once every step of its own sign-in is done.
    """
    _lock(home, said)
    found = judged(home, said)
    if found.refusal is not None:
        raise HomeSignInRefused(found.refusal)
    return found.person_id if found.person_id is not None else _made(home, said, actor)


@transaction.atomic
def settle(home: HomeFacts, said: Said, *, person_id: UUID, until: datetime, actor: Actor) -> bool:
    """Do what follows from a sign-in that is complete: the account is bound, and has the addresses and groups said.

    Return False where the account has become another one's meanwhile.
    """
    _lock(home, said)
    found = judged(home, said)
    if found.refusal is not None or found.person_id != person_id:
        return False
    if found.outcome == "bind":
        _bind(home, said, person_id, actor)
    _set_addresses(home, said, person_id, actor)
    claim_groups(person_id=person_id, home_id=home.id, addresses=said.groups, until=until)
    return True


def _lock(home: HomeFacts, said: Said) -> None:
    """Let two sign-ins of one person, or with one address, follow each other."""
    lock_resource(f"{home.provider} {said.subject}")
    address_holders.lock_domain(home.domain)
    for address in sorted({said.address, *said.addresses}):
        address_holders.lock_address(address)


def _allowed(person_id: UUID, outcome: str) -> Judgement:
    """Let pass a person who is not disabled; a disabled one, and an application, signs in nowhere."""
    person = Person.objects.get(id=person_id)
    if person.is_service:
        return Judgement("refused", person_id, Refusal.SERVICE)
    return Judgement(outcome, person_id) if person.is_active else Judgement("refused", person_id, Refusal.DISABLED)


def _made(home: HomeFacts, said: Said, actor: Actor) -> UUID:
    """Make the account; who opened by mailed codes before, or was entered by an organization, goes on as before.

    Whatever a stranger had planted under the address ends with that.
    """
    lapse_outsider(said.address)
    known = address_holders.sole_claimant(said.address)
    person = known
    if person is None:
        person = Person(email=said.address, name=said.name)
        person.set_unusable_password()
        person.save()
    Person.objects.filter(id=person.id).update(email=said.address, name=said.name or person.name)
    _prove(person.id, said.address)
    start_afresh(person.id, address=said.address, actor=actor)
    _bind(home, said, person.id, actor)
    return person.id


def _bind(home: HomeFacts, said: Said, person_id: UUID, actor: Actor) -> None:
    SocialAccount.objects.create(
        provider=home.provider, uid=said.subject, user_id=person_id, extra_data={"address": said.address}
    )
    note_of_person(
        kind=DirectoryKind.HOME_LINKED,
        person_id=person_id,
        actor=actor,
        addresses=[said.address],
        title=home.domain,
        details={"home": home.domain, "issuer": home.issuer},
    )


def _set_addresses(home: HomeFacts, said: Said, person_id: UUID, actor: Actor) -> None:
    """Let the person have exactly the addresses of the domain that the home names and that nobody else here has."""
    rows = Address.objects.filter(person_id=person_id, domain=home.domain).exclude(proven_by="")
    has = set(rows.values_list("address", flat=True))
    taken = _taken(said.addresses, person_id)
    for address in sorted({*said.addresses} - has - taken):
        _prove(person_id, address)
        note_of_person(kind=DirectoryKind.ADDRESS_PROVEN, person_id=person_id, actor=actor, addresses=[address])
    gone = sorted(has - {*said.addresses})
    if gone:
        address_holders.revoke_proof(rows.filter(address__in=gone))
        record_revocation([person_id])
        for address in gone:
            note_of_person(kind=DirectoryKind.ADDRESS_REMOVED, person_id=person_id, actor=actor, addresses=[address])


def _taken(addresses: Collection[str], person_id: UUID) -> set[str]:
    """Return which of the addresses are a group's here, or other people's."""
    proven = Address.objects.filter(address__in=addresses).exclude(proven_by="").exclude(person_id=person_id)
    groups = Group.objects.of_installation().filter(address__in=addresses)
    return {*proven.values_list("address", flat=True), *groups.values_list("address", flat=True)}


def _prove(person_id: UUID, address: str) -> None:
    values = {"domain": naming.domain_of(address)}
    row, _created = Address.objects.get_or_create(person_id=person_id, address=address, defaults=values)
    row.proven_by, row.proven_at, row.coded_until = Address.Proof.HOME, timezone.now(), None
    row.save(update_fields=["proven_by", "proven_at", "coded_until"])
    address_holders.part_from_outsiders(Address.objects.filter(address=address).exclude(person_id=person_id))
    let_sign_in(person_id, address, proven=True)

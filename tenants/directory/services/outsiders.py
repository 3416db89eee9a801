"""People without an account who open by a mailed code: who they are, and until when (docs/protocol.md P22).

Such a person is a row like any other, with nothing to sign in with.  The address is not proven for good: it counts for
an hour after each code, and only for what outsiders may do.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from tenants import naming
from tenants.directory import address_holders
from tenants.directory.change import raise_epochs
from tenants.directory.models import Address, Membership, Person
from tenants.directory.selectors.blocks import blocked_addresses
from tenants.directory.selectors.domains import organization_of_domain

LAPSES_AFTER: Final = timedelta(days=365)
"""A mailbox that asked for no code for so long may be read by another person by now."""

NOBODY: Final = UUID(int=0)


class Way(StrEnum):
    """How the reader of a mailbox may show who they are."""

    CODE = "code"
    SIGN_IN = "sign_in"
    """They have an account, or their organization speaks for their address."""
    NONE = "none"
    """They are disabled: the mail says so."""
    SILENT = "silent"
    """The organization blocks them: nothing is mailed, so that nobody learns of it."""


def way_of(address: str, organization_id: UUID) -> Way:
    """Return how the reader of a mailbox may open documents of an organization; ``address`` is in its normal form.

    The same is read for every address, so that the time tells nothing.
    """
    staff = organization_of_domain(naming.domain_of(address)) is not None
    # That an organization calls the address one of its people's is no account: it may be anybody's.
    has_account = Address.objects.filter(address=address, proven_at__isnull=False).exists()
    person = address_holders.sole_claimant(address)
    places = Membership.objects.within(organization_id).filter(
        person_id=NOBODY if person is None else person.id, disabled=True
    )
    disabled = places.exists() or (person is not None and not person.is_active)
    if blocked_addresses(organization_id, [address]):
        return Way.SILENT
    return Way.SIGN_IN if staff or has_account else Way.NONE if disabled else Way.CODE


def outsider_of(address: str) -> Person:
    """Return who reads a mailbox that has no account, always the same person; call within a transaction, locked."""
    lapse_outsider(address)
    person = address_holders.sole_claimant(address)
    if person is None:
        person = Person(email="")
        person.set_unusable_password()
        person.save()
        Address.objects.create(person=person, address=address, domain=naming.domain_of(address))
    return person


def let_outsider_in(person: Person, address: str, until: datetime) -> None:
    """Let the address count for the person until then."""
    row = Address.objects.get(person=person, address=address)
    row.coded_until = until if row.coded_until is None else max(until, row.coded_until)
    row.save(update_fields=["coded_until"])
    raise_epochs([person.id])


def lapse_outsider(address: str) -> None:
    """Part from a person whose last code is a year old: what they used stays theirs, the mailbox is somebody else's."""
    before = timezone.now() - LAPSES_AFTER
    address_holders.part_from_outsiders(Address.objects.filter(address=address, coded_until__lt=before))


@transaction.atomic
def adopted_by_sign_up(address: str) -> Person | None:
    """Return the outsider of an address, whose identity an account that signs up with it goes on with.

    The account is not proven by that: with the proof of its mailbox it starts afresh, like any other.
    """
    address_holders.lock_domain(naming.domain_of(address))
    address_holders.lock_address(address)
    lapse_outsider(address)
    person = address_holders.sole_claimant(address)
    return person if person is not None and not person.email else None

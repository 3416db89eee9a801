"""A person asks for a code by mail, to show that a further mailbox is theirs."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from tenants import naming
from tenants.directory import address_holders, one_time
from tenants.directory.errors import AddressTaken
from tenants.directory.models import AddressCode
from tenants.directory.services.ask_code import DAY, HOUR, TooManyCodes
from tenants.directory.services.prove_address import refuse_of_former_place

LIFETIME: Final = timedelta(minutes=15)
LIMITS: Final[Mapping[str, tuple[tuple[timedelta, int], ...]]] = {
    "person_id": ((HOUR, 10), (DAY, 30)),
    "address": ((HOUR, 5), (DAY, 15)),
}
"""How many codes one person may ask for, and how many may go to one address, in which time; used ones do not count."""


class AddressState(Enum):
    """What an address is to the person who asks for a code."""

    OWN = auto()
    """They sign in with it already: nothing is mailed."""
    FREE = auto()
    """A code is mailed; who enters it has the address."""
    TAKEN = auto()
    """Another account's or a group's: the mail says so, the answer does not."""


@dataclass(frozen=True, slots=True)
class AskedAddressCode:
    """The address in its normal form, and the code that may be mailed to it."""

    address: str
    code: str
    state: AddressState


@transaction.atomic
def ask_address_code(*, person_id: UUID, address: str) -> AskedAddressCode:
    """Make a code for an address, whoever has it, so that asking tells nothing of it.

    A code of before for the same address is worth nothing any more.  Raises NameRefused, TooManyCodes, and
    DirectoryRefused for an address of an organization that the person left.
    """
    normal = naming.address(address)
    refuse_of_former_place(person_id, normal)
    if address_holders.signs_in_with(person_id, normal):
        return AskedAddressCode(normal, "", AddressState.OWN)
    now = timezone.now()
    _count({"person_id": str(person_id), "address": normal})
    AddressCode.objects.filter(person_id=person_id, address=normal, used_at=None, expires_at__gt=now).update(
        expires_at=now
    )
    code = one_time.new_short_code()
    AddressCode.objects.create(
        person_id=person_id,
        address=normal,
        code_hash=hash_of(person_id, code),
        asked_at=now,
        expires_at=now + LIFETIME,
    )
    return AskedAddressCode(normal, code, _state(person_id, normal))


def hash_of(person_id: UUID, code: str) -> str:
    """Return what is kept of a code: good for one person, and found by nobody who reads the database alone."""
    value = f"{person_id}\0{one_time.plain(code)}"
    return salted_hmac("tenants.directory.address_code", value, algorithm="sha256").hexdigest()


def _state(person_id: UUID, address: str) -> AddressState:
    prover = address_holders.prover_of(address)
    if prover is not None and prover.id != person_id:
        return AddressState.TAKEN
    try:
        address_holders.refuse_group_address(address)
    except AddressTaken:
        return AddressState.TAKEN
    return AddressState.FREE


def _count(counted: Mapping[str, str]) -> None:
    """Let one request at a time count by the same person and address.  Raises TooManyCodes."""
    now = timezone.now()
    with connection.cursor() as cursor:
        for value in sorted(counted.values()):
            cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 2))", [value])
    for name, limits in LIMITS.items():
        for period, most in limits:
            asked = AddressCode.objects.filter(**{name: counted[name]}, asked_at__gt=now - period, used_at=None)
            times = list(asked.order_by("-asked_at").values_list("asked_at", flat=True)[:most])
            if len(times) == most:
                raise TooManyCodes(max(1, math.ceil((times[-1] + period - now).total_seconds())))

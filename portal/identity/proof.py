"""The device of a request: proven with the key of its row, or refused and recorded (docs/protocol.md P13)."""

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote
from uuid import UUID

from django.core.cache import cache
from django.http import HttpRequest
from redis.exceptions import RedisError

from audit.selectors.people import known_people
from audit.services.count_unauthenticated import count_unauthenticated
from audit.services.hourly_count import nth_this_hour
from chancery.crypto.keys import EncryptionPublicKey
from chancery.crypto.signatures import VerifyKey
from chancery.errors import ChanceryError, InvalidObject
from chancery.objects.proof import WINDOW, DeviceProof, Request
from chancery.texts import message
from portal.request_facts import client_address
from protection.actor import Actor
from protection.services.refuse_proof import refuse_proof
from tenants.directory.selectors.devices import DeviceFacts, device_by_key
from tenants.directory.selectors.people import membership_at, named_person
from tenants.organizations.selectors import OrganizationFacts

HEADER = "Chancery-Proof"
KEPT_SECONDS = 5.0
_LIMIT = 50_000
RECORDED_AN_HOUR: Final = 10
"""How many refused proofs of one person an organization records in an hour, in each process; further ones it counts."""


@dataclass(frozen=True, slots=True)
class ProvenDevice:
    """The device that made the proof; its keys cannot change, whether it is revoked is read where it matters."""

    id: UUID
    person: UUID
    name: str
    platform: str
    signing: VerifyKey
    encryption: EncryptionPublicKey
    feed_id: bytes


_PROOF: Final = "chancery_proof"
_ONCE: Final = "chancery_proof_used"
_REMEMBERED: Final = 2 * WINDOW + 60
_seen: OrderedDict[str, float] = OrderedDict()
_lock = threading.Lock()
_kept: dict[bytes, tuple[float, ProvenDevice]] = {}


def prove(
    request: HttpRequest, person: UUID, clock: Callable[[], float] = time.time, *, shown: str | None = None
) -> ProvenDevice:
    """Verify the proof of this request and return the person's device that made it.

    ``shown`` is the token that the proof is about, by default the bearer token of the request.
    Raises the errors of ``chancery.objects`` for a missing, foreign, stale or wrong proof.
    """
    token = request.headers.get(HEADER, "")
    if not token:
        raise InvalidObject(
            message("This call needs a device proof."), remedy=message("Send the header {name}.", name=HEADER)
        )
    proof = DeviceProof.parse(token)
    device = _device(proof.key_id, clock())
    if device is None or device.person != person:
        raise InvalidObject(
            message("The proof is not made by a device of this person."), remedy=message("Sign in again.")
        )
    _scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    stated = Request(
        method=request.method or "",
        url=getattr(request, "origin", "") + quote(request.path, errors="replace"),
        token=bearer.strip() if shown is None else shown,
        body=request.body,
    )
    proof.verify(key=device.signing, request=stated, now=int(clock()))
    setattr(request, _PROOF, hashlib.sha256(proof.key_id + proof.jti.bytes).digest())
    return device


def request_id(request: HttpRequest) -> bytes:
    """Return what tells a proven request from every other one."""
    found: bytes = getattr(request, _PROOF)
    return found


def refuse_replay(request: HttpRequest) -> None:
    """Refuse a write whose proof has been seen in the minutes for which it is good.  Raises InvalidObject.

    Reading twice harms nobody, and a license request collides with its own event.  Without Redis each process remembers
    for itself, as with limits (P25).
    """
    if request.method in {"GET", "HEAD", "OPTIONS"} or getattr(request, _ONCE, False):
        return
    setattr(request, _ONCE, True)
    name = request_id(request).hex()
    try:
        first = bool(cache.add(f"proof:{name}", 1, timeout=_REMEMBERED))
    except RedisError:
        first = _first_here(name, time.monotonic())
    if not first:
        raise InvalidObject(message("This request was sent before."), remedy=message("Make a new request."))


def _first_here(name: str, now: float) -> bool:
    with _lock:
        while _seen and next(iter(_seen.values())) < now:
            _seen.popitem(last=False)
        if name in _seen:
            return False
        _seen[name] = now + _REMEMBERED
    return True


def _device(key_id: bytes, now: float) -> ProvenDevice | None:
    kept = _kept.get(key_id)
    if kept is not None and kept[0] > now:
        return kept[1]
    facts = device_by_key(key_id)
    if facts is None:
        return None
    if len(_kept) >= _LIMIT:
        _kept.clear()
    device = proven(facts)
    _kept[key_id] = (now + KEPT_SECONDS, device)
    return device


def proven(facts: DeviceFacts) -> ProvenDevice:
    """Return a device's row with its keys parsed."""
    try:
        return ProvenDevice(
            id=facts.id,
            person=facts.person_id,
            name=facts.name,
            platform=facts.platform,
            signing=VerifyKey.named(facts.signing_algorithm, facts.signing_key),
            encryption=EncryptionPublicKey.named(facts.encryption_kem, facts.encryption_key),
            feed_id=facts.feed_id,
        )
    except ChanceryError as error:
        raise InvalidObject(message("This device has keys that are no longer registered here.")) from error


def forget() -> None:
    """Forget every device in this process."""
    _kept.clear()


def proven_device(
    request: HttpRequest, person: UUID, organization: OrganizationFacts, *, once: bool = True
) -> ProvenDevice:
    """Return the device that made the proof of this request; a wrong proof goes into the organization's ledger.

    Raises the errors of ``chancery.objects``.  Of a person who has nothing to do with the organization the refusals are
    counted like those of people not signed in, and so are a member's after the first few of an hour: a thief of a
    token, or a client in a loop, fills no ledger. ``once`` looks whether the proof was used before; licensing finds
    that out by its own record.
    """
    try:
        device = prove(request, person)
        if once:
            refuse_replay(request)
    except ChanceryError as error:
        _record(organization, person, client_address(request), error)
        raise
    return device


def _record(organization: OrganizationFacts, person: UUID, address: str, error: ChanceryError) -> None:
    """Record a refusal, or count it where it would fill the ledger."""
    stranger = membership_at(organization.id, person) is None and not known_people([person])
    number = 0 if stranger else nth_this_hour(place=organization.schema_name, who=str(person))
    if stranger or number > RECORDED_AN_HOUR:
        count_unauthenticated(place=organization.schema_name, address=address)
    else:
        refuse_proof(actor=_named(person, address), error=error, last=number == RECORDED_AN_HOUR)


def _named(person: UUID, address: str) -> Actor:
    """Return whom the token names, since the device did not prove it."""
    known = named_person(person)
    return Actor(
        person=person,
        address="" if known is None else known.email,
        name="" if known is None else known.name,
        ip=address,
        source="api",
        application=known is not None and known.is_service,
    )

"""Viewer-only documents in the web process: a rendering begins with the license; parts and pages are handed through.

See docs/protocol.md P23, decision 24.
"""

from uuid import UUID

from django.conf import settings
from redis.exceptions import RedisError

from chancery.crypto import bindings
from chancery.crypto.envelope import seal
from chancery.crypto.keys import EncryptionPublicKey
from chancery.crypto.suites import MLKEM768_X25519
from chancery.errors import InvalidObject, NotFound
from chancery.objects.use import UseLicense
from chancery.texts import message
from portal.celery import VIEWER_QUEUE, app
from portal.rendering import exchange
from portal.rendering.exchange import Job, Progress, Stage
from protection.actor import Actor
from protection.services.decide import personal_record
from protection.services.draw import Allowed, check_unchanged
from protection.services.license_request import Granted, LicenseRequest, Reading


def can_draw(size: int) -> bool:
    """Tell whether a sealed file of this size can be drawn now: a worker has to be there that draws."""
    return size <= settings.CHANCERY_VIEWER_BYTES and _able("draws")


def draws_office() -> bool:
    """Tell whether Office files can be drawn now."""
    return _able("office")


def _able(what: str) -> bool:
    try:
        able = exchange.announced()
    except RedisError:
        return False
    return able is not None and able[what]


def begin_drawing(size: int, request: LicenseRequest, granted: Granted, reading: Reading, use: UseLicense) -> None:
    """Hand an allowed opening to a worker.  Raises RedisError, and kombu's errors, where there is no broker."""
    who = personal_record(request, reading, granted.state)
    device = request.device
    job = Job(
        organization=request.organization,
        event=granted.event,
        actor=Actor(
            person=reading.subject.person,
            address=next(iter(who.addresses), ""),
            name=reading.name,
            ip=request.ip,
            device=device.id,
            device_name=request.device_name,
            source=request.source,
            application=who.application,
        ),
        kem=device.encryption.kem.name,
        key=device.encryption.raw,
        allowed=Allowed(use.cid, use.rev, reading.service.feed_seq, use.feed, use.exp),
        pl=granted.state.pl_digest,
        seal=granted.edition.seal_digest,
        size=size,
        at=reading.service.now,
    )
    exchange.begin(job)
    ids = [str(request.organization), str(granted.event)]
    app.send_task("portal.draw", args=ids, queue=VIEWER_QUEUE, expires=exchange.KEPT)


def rendering_of(person: UUID, organization: UUID, event: UUID) -> Progress:
    """Return how far a rendering is.  Raises NotFound for everybody but its reader, elsewhere, and when it is over."""
    state = exchange.progress(event)
    if state is None or (state.person, state.organization) != (person, organization):
        raise NotFound(message("This document is not being shown any more."), remedy=message("Choose the file again."))
    return state


def receive_part(*, person: UUID, organization: UUID, event: UUID, number: int, data: bytes) -> None:
    """Take one part of the sealed file.  Raises NotFound and InvalidObject."""
    state = rendering_of(person, organization, event)
    count = exchange.parts_of(state.size)
    expected = exchange.PART if number < count else state.size - (count - 1) * exchange.PART
    if state.stage is not Stage.RECEIVING or not 1 <= number <= count or len(data) != expected:
        raise InvalidObject(message("This part of the file was not asked for."))
    public = EncryptionPublicKey(MLKEM768_X25519, state.key)
    info = bindings.rendering_part(org=organization, jti=event, number=number)
    exchange.put_part(event, number, seal(public, data, info))


def drawn_page(*, person: UUID, organization: UUID, event: UUID, number: int) -> bytes:
    """Return one page, sealed to the reader's device, once.  Raises NotFound, and Revoked when access changed."""
    state = rendering_of(person, organization, event)
    check_unchanged(state.allowed)
    page = exchange.take_page(event, number)
    if page is None:
        raise NotFound(message("This page is not there."), remedy=message("Choose the file again."))
    return page

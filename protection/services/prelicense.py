"""Issue use licenses ahead of an opening, to the devices of recipients who are not asking (docs/protocol.md P23).

The owner of a document, or who protected it, asks; each license is recorded for its recipient before it leaves.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final
from uuid import uuid4

from django.db import connection, transaction

from audit import statements
from audit.services.record import record_many
from audit.statements import Personal, event_parameters
from chancery.errors import ChanceryError, Unavailable
from chancery.ledger.kinds import Kind, Outcome
from chancery.objects.licenses_file import CarriedLicense, SealedLicense
from chancery.objects.use import seal_content_key
from chancery.policy.rights import in_order
from chancery.texts import message
from protection.keys.subordinate import issuer
from protection.selectors.licensing import FIRST_SEEN, UNMOVED, lease_of, named_facts
from protection.services.decide import ATTEMPTS
from protection.services.decide_ahead import decide_ahead, kept_from_addresses, page_of_recipients, read_document
from protection.services.license import content_key, use_license
from protection.services.license_request import Granted, LicenseRequest, Reading
from protection.services.prelicense_request import (
    MAX_LICENSES,
    MAX_RECIPIENTS,
    GrantedAhead,
    Holders,
    Prelicensed,
    PrelicenseRequest,
    ReadAhead,
    RecipientDirectory,
    RecipientResult,
    TooManyAhead,
)
from protection.services.register_on_first_use import LicenseRequestItem
from protection.services.running import require_running

logger = logging.getLogger(__name__)

MOST_NAMED: Final = 100
"""How many recipients who got no license one event names at most; it counts all of them."""


def prelicense(*, directory: RecipientDirectory, asked: PrelicenseRequest) -> Prelicensed:
    """Decide, record and issue licenses ahead, at most ``MAX_LICENSES``.

    Raises NotFound, MayNotPrelicense, SendWholeLicense for an edition that is not registered, NotRunning, LedgerHasGap,
    TooManyAhead where all was asked for and is too much, and Unavailable.
    """
    for _ in range(ATTEMPTS):
        read = read_document(asked)
        addresses, more = page_of_recipients(asked, read.state)
        if asked.whole and more:
            raise _too_many()
        holders = directory.holders(addresses, kept_from_addresses(read.state))
        results, given, following = decide_ahead(asked, read, addresses, holders)
        if asked.whole and following:
            raise _too_many()
        if _recorded(directory, asked, read, holders, results, given):
            licenses = tuple(_licenses(directory, asked, read, given))
            return Prelicensed(tuple(results), licenses, following or more)
    raise Unavailable(message("The organization is being changed right now, and no decision could be recorded."))


def _too_many() -> TooManyAhead:
    text = message(
        "These are more than {recipients} recipients or {licenses} devices, and so many get no license at once.",
        recipients=MAX_RECIPIENTS,
        licenses=MAX_LICENSES,
    )
    return TooManyAhead(text)


def _recorded(
    directory: RecipientDirectory,
    asked: PrelicenseRequest,
    read: ReadAhead,
    holders: Holders,
    results: Sequence[RecipientResult],
    given: Sequence[GrantedAhead],
) -> bool:
    """Record every license, and those who got none in one event, if nothing has moved; tell whether that was done."""
    events = [_event(asked, read, one) for one in given]
    if any(one.reason for one in results):
        events.append(_refusal(asked, read, results))
    if not events:
        return True
    edition = read.state.edition
    # Somebody may read this edition without the service hearing of it, so nobody goes back behind it any more.
    seen = [] if edition is None or edition.n == 1 or edition.seen or not given else [edition.seal_digest]
    values = {
        **{name: [event[name] for event in events] for name in events[0]},
        **holders.marker,
        "feed_seq": read.service.feed_seq,
        "first_seen": seen,
        "opened_at": read.service.now,
    }
    unmoved = f"{UNMOVED.format(schema='')} and {holders.unmoved}"
    also = FIRST_SEEN.format(schema="") if seen else ""
    with transaction.atomic():
        require_running(directory)
        with connection.cursor() as cursor:
            cursor.execute(statements.record_many("", unmoved, also), values)
            (written,) = cursor.fetchone()
    # No address is bound to its holder by this: that is what people do themselves, by opening.
    return bool(written)


def _event(asked: PrelicenseRequest, read: ReadAhead, one: GrantedAhead) -> dict[str, object]:
    """Return the event of one license: it happened to the recipient and their device, and the asker did it."""
    edition = read.state.edition
    return event_parameters(
        event_id=one.event,
        kind=Kind.CONTENT_PRELICENSED.value,
        outcome=Outcome.ALLOWED.value,
        content_id=asked.cid,
        source=asked.actor.source,
        personal=Personal(
            person_id=one.holder.whole.person,
            addresses=(one.holder.address,),
            ip=asked.actor.ip,
            device_id=one.device.keys.id,
            title=read.state.title,
            recipient=one.holder.address,
            actor=asked.actor.address or asked.actor.name,
            application=asked.actor.application,
            issuer=read.state.issuer_address,
            owner=read.state.owner_address,
        ),
        details={
            **_document_facts(read),
            "basis": one.decision.basis.value,
            "edition": 0 if edition is None else edition.n,
            "lease": lease_of(one.decision, read.service),
            "offline_until": one.decision.offline_until,
            "rights": in_order(one.decision.rights),
        },
    )


def _refusal(asked: PrelicenseRequest, read: ReadAhead, results: Sequence[RecipientResult]) -> dict[str, object]:
    """Return the one event about all who got no license; it happened to none of them, since they did not ask."""
    refused = [one for one in results if one.reason]
    actor = asked.actor
    return event_parameters(
        event_id=uuid4(),
        kind=Kind.CONTENT_PRELICENSED.value,
        outcome=Outcome.REFUSED.value,
        content_id=asked.cid,
        source=actor.source,
        personal=Personal(
            person_id=actor.person,
            name=actor.name,
            addresses=(actor.address,) if actor.address else (),
            ip=actor.ip,
            device_id=actor.device,
            device=actor.device_name,
            title=read.state.title,
            application=actor.application,
            issuer=read.state.issuer_address,
            owner=read.state.owner_address,
            recipient=", ".join(one.recipient for one in refused[:MOST_NAMED]),
        ),
        details={**_document_facts(read), "refused": Counter(str(one.reason) for one in refused)},
    )


def _document_facts(read: ReadAhead) -> dict[str, object]:
    state = read.state
    found = named_facts(state.template, state.template_version, state.label)
    return {"document": found} if found else {}


def _licenses(
    directory: RecipientDirectory, asked: PrelicenseRequest, read: ReadAhead, given: Sequence[GrantedAhead]
) -> Iterator[SealedLicense]:
    """Yield the sealed licenses; whatever fails from here on is said in the ledger, and nothing leaves (P29)."""
    try:
        yield from _sealed(directory, asked, read, given)
    except Exception as error:
        if not isinstance(error, ChanceryError):
            logger.exception("A license could not be made after it was recorded")
        code = error.code if isinstance(error, ChanceryError) else Unavailable.code
        record_many([_failure(asked, one, code) for one in given])
        raise Unavailable(message("The licenses could not be made; the attempt is in the audit log.")) from error


def _failure(asked: PrelicenseRequest, one: GrantedAhead, code: str) -> dict[str, object]:
    return event_parameters(
        event_id=uuid4(),
        kind=Kind.LICENSE_RELEASE_FAILED.value,
        outcome=Outcome.FAILED.value,
        reason=code,
        content_id=asked.cid,
        source=asked.actor.source,
        personal=Personal(person_id=one.holder.whole.person, addresses=(one.holder.address,)),
        details={"of": str(one.event)},
    )


def _sealed(
    directory: RecipientDirectory, asked: PrelicenseRequest, read: ReadAhead, given: Sequence[GrantedAhead]
) -> Iterator[SealedLicense]:
    state, key, edition = read.state, None, read.state.edition
    signing = issuer(asked.organization) if given else None
    for one in given:
        if edition is None or signing is None:
            continue
        request = LicenseRequest(
            organization=asked.organization,
            iss=asked.iss,
            device=one.device.keys,
            device_name="",
            ip="",
            source=asked.actor.source,
            directory=directory,
        )
        item = LicenseRequestItem(pl=state.pl_digest, seal=edition.seal_digest)
        granted = Granted(item, state, edition, one.decision, one.event)
        key = content_key(request, granted) if key is None else key
        reading = Reading(read.service, one.holder.visible, True, True, one.device.feed_id, "", "", (state,))
        sealed = seal_content_key(
            one.device.keys.encryption,
            key,
            org=asked.organization,
            cid=asked.cid,
            dev=one.device.keys.id,
            jti=one.event,
        )
        token = use_license(request, reading, granted, signing, sealed).sign(signing.key)
        carried = CarriedLicense(token, signing.delegation)
        yield SealedLicense.make(carried, one.device.keys.encryption, org=asked.organization, pl=state.pl_digest)

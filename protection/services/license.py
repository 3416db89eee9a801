"""Issue use licenses: the hot path, for one document or up to a thousand (docs/protocol.md P9, decision 5).

Decided and recorded first (``decide.py``), and only then keys are touched and licenses signed.  No
durable event, no license.
"""

import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID, uuid4

from audit.statements import event_parameters
from chancery.crypto import aead, bindings
from chancery.errors import ChanceryError, Unavailable
from chancery.ledger.kinds import Kind, Outcome
from chancery.objects.batch import BatchResult, Refusal, UseLicenseBatch, seal_batch_keys
from chancery.objects.edit import EditCertificate
from chancery.objects.feed import derived_feed_id, pair_id
from chancery.objects.use import Common, EditionStatus, UseLicense, seal_content_key
from chancery.policy.policy import Enforcement
from chancery.policy.rights import Right, in_order
from chancery.texts import message
from protection.keys.subordinate import Issuer, issuer, wrapping_key
from protection.selectors.licensing import ContentState, ServiceState, lease_of
from protection.services.certify import CLOCK_MARGIN
from protection.services.decide import decide, personal_record
from protection.services.license_request import (
    Decided,
    Granted,
    LicenseRequest,
    LicensingDatabase,
    Reading,
    Refused,
)
from protection.services.refusals import refusal_details
from protection.services.register_on_first_use import LicenseRequestItem

logger = logging.getLogger(__name__)

MAX_BATCH: Final = 1_000


@dataclass(frozen=True, slots=True)
class Answer:
    """Signed licenses for the granted, reasons for the refused, in the order asked."""

    decided: tuple[Decided, ...]
    reading: Reading
    token: str | None
    """One use license, or the signed batch; None when a single request was refused."""
    delegation: str | None


def license_one(*, database: LicensingDatabase, request: LicenseRequest, item: LicenseRequestItem) -> Answer:
    """Decide, record and license one document.  Raises Unavailable when nothing could be recorded or released."""
    reading, decided = decide(database=database, request=request, items=[item])
    (granted,) = decided
    if isinstance(granted, Refused):
        return Answer(decided, reading, None, None)
    with released(database, request, reading, [granted]) as signing:
        sealed = None if granted.in_viewer else _sealed_key(request, granted)
        use = use_license(request, reading, granted, signing, sealed)
        answer = Answer(decided, reading, use.sign(signing.key), signing.delegation)
        if granted.in_viewer and request.draw is not None:
            request.draw(request, granted, reading, use)
        return answer


def _sealed_key(request: LicenseRequest, granted: Granted) -> bytes:
    return seal_content_key(
        request.device.encryption,
        content_key(request, granted),
        org=request.organization,
        cid=granted.state.facts.cid,
        dev=request.device.id,
        jti=granted.event,
    )


def license_batch(
    *, database: LicensingDatabase, request: LicenseRequest, items: Sequence[LicenseRequestItem]
) -> Answer:
    """Decide, record and license up to ``MAX_BATCH`` documents with one signature and one sealed blob."""
    reading, decided = decide(database=database, request=request, items=items)
    granted = [item for item in decided if isinstance(item, Granted)]
    with released(database, request, reading, granted) as signing:
        return Answer(decided, reading, _batch(request, reading, decided, signing), signing.delegation)


def _batch(request: LicenseRequest, reading: Reading, decided: Sequence[Decided], signing: Issuer) -> str:
    """Return the signed batch: one result for each decision, in order, and one sealed blob of content keys."""
    keys: list[bytes] = []
    results: list[BatchResult] = []
    details = iter(details_of([item for item in decided if isinstance(item, Refused)], reading, request))
    for item in decided:
        if isinstance(item, Refused):
            results.append(_refusal(item, next(details)))
            continue
        keys.append(content_key(request, item))
        results.append(use_license(request, reading, item, signing, None))
    jti = uuid4()
    batch = UseLicenseBatch(
        jti=jti,
        common=Common(
            iss=request.iss,
            org=request.organization,
            sub=request.device.person,
            dev=request.device.id,
            iat=reading.service.now,
        ),
        results=tuple(results),
        keys=seal_batch_keys(request.device.encryption, keys, org=request.organization, dev=request.device.id, jti=jti),
    )
    return batch.sign(signing.key)


def _refusal(item: Refused, details: dict[str, Any]) -> Refusal:
    return Refusal(pl=item.item.pl, jti=item.event, reason=details["reason"], details=details)


def details_of(refused: Sequence[Refused], reading: Reading, request: LicenseRequest) -> list[dict[str, Any]]:
    """Return what the person reads who was refused in a request, about each document in order."""
    return refusal_details(
        refused,
        reading,
        iss=request.iss,
        organization=request.organization,
        page=request.page_of_access,
        pause=request.page_of_pause,
    )


@contextmanager
def released(
    database: LicensingDatabase, request: LicenseRequest, reading: Reading, granted: Sequence[Granted]
) -> Iterator[Issuer]:
    """Store fresh bindings and give who signs; whatever fails from here on is said in the ledger (P29).

    The openings are recorded as allowed; when a key or a signature then fails, nothing was issued, and the record has
    to say that too.  Raises Unavailable for every such failure.
    """
    try:
        database.check_time()
        fresh = [
            (item.state.scope, address, identity) for item in granted for address, identity in item.decision.bindings
        ]
        if fresh:
            database.bind(fresh)
        yield issuer(request.organization)
    except Exception as error:
        if not isinstance(error, ChanceryError):
            logger.exception("A license could not be made after its opening was recorded")
        code = error.code if isinstance(error, ChanceryError) else Unavailable.code
        _record_failure(database, request, reading, granted, code)
        if isinstance(error, Unavailable):
            raise
        raise Unavailable(message("The license could not be made; the attempt is in the audit log.")) from error


def _record_failure(
    database: LicensingDatabase, request: LicenseRequest, reading: Reading, granted: Sequence[Granted], code: str
) -> None:
    events = [
        event_parameters(
            event_id=uuid4(),
            kind=Kind.LICENSE_RELEASE_FAILED.value,
            outcome=Outcome.FAILED.value,
            reason=code,
            content_id=item.state.facts.cid,
            source=request.source,
            personal=personal_record(request, reading, item.state),
            details={"of": str(item.event)},
        )
        for item in granted
    ]
    if events:
        database.record(events, replace(reading, marker={}))


def content_key(request: LicenseRequest, granted: Granted) -> bytes:
    """Return the content key of the edition asked for."""
    state, edition = granted.state, granted.edition
    binding = bindings.content_key(
        org=request.organization, kid=state.kid, cid=state.facts.cid, seal_digest=edition.seal_digest
    )
    return aead.unwrap(wrapping_key(request.organization, state.tenant_key), edition.wrapped_key, binding)


@dataclass(frozen=True, slots=True, kw_only=True)
class LicensedDocument:
    """What a license says of its document; ``feed`` are the ids by which it can be revoked."""

    cid: UUID
    pl: bytes
    rev: int
    feed: tuple[bytes, ...]
    enforcement: Enforcement
    contact: str
    watermark: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseTerms:
    """What a license gives, from when, until when and how long without a network."""

    rights: Collection[Right]
    iat: int
    exp: int
    offline_until: int
    lease: int | None = None
    withheld: Collection[Right] = ()


def license_for(
    request: LicenseRequest,
    signing: Issuer,
    document: LicensedDocument,
    terms: LicenseTerms,
    *,
    jti: UUID,
    key: bytes | None,
    edition: bytes | None = None,
    body: EditionStatus | None = None,
    rekey: bool = False,
    follow: int | None = None,
    decided: int | None = None,
) -> UseLicense:
    """Return a use license for the person and device of a request, not signed yet; the only place that makes one.

    ``key`` is the content key, sealed to the device.
    """
    return UseLicense(
        jti=jti,
        iss=request.iss,
        org=request.organization,
        cid=document.cid,
        pl=document.pl,
        edition=edition,
        sub=request.device.person,
        dev=request.device.id,
        rights=tuple(in_order(terms.rights)),
        rev=document.rev,
        iat=terms.iat,
        exp=terms.exp,
        offline_until=terms.offline_until,
        lease=terms.lease,
        feed=document.feed,
        enforcement=document.enforcement.value,
        obligations={"withhold": list(in_order(terms.withheld))} if terms.withheld else {},
        key=key,
        body=body,
        contact=document.contact,
        edit=_edit_certificate(request, signing, document, terms),
        rekey=rekey,
        follow=follow,
        decided=decided,
        watermark=document.watermark,
    )


def _edit_certificate(
    request: LicenseRequest, signing: Issuer, document: LicensedDocument, terms: LicenseTerms
) -> str | None:
    if Right.EDIT not in terms.rights:
        return None
    return EditCertificate(
        org=request.organization,
        cid=document.cid,
        pl=document.pl,
        sub=request.device.person,
        dev=request.device.id,
        key=request.device.signing,
        rev=document.rev,
        iat=max(terms.iat - CLOCK_MARGIN, signing.not_before),
        exp=max(terms.offline_until, terms.exp),
    ).sign(signing.key)


def feed_ids(content: bytes, secret: bytes, person: UUID, device: bytes) -> tuple[bytes, ...]:
    """Return the ids by which the feed invalidates a license: of the document, person, device, and person on it."""
    derived = derived_feed_id(secret, person)
    return (content, derived, device, pair_id(content, derived))


def use_license(
    request: LicenseRequest, reading: Reading, granted: Granted, signing: Issuer, sealed: bytes | None
) -> UseLicense:
    """Return the license of one opening, not signed yet; ``sealed`` is the content key sealed to the device."""
    state, allowed, service = granted.state, granted.decision, reading.service
    policy = state.facts.policy
    known = feed_ids(state.feed_id, service.feed_secret, reading.subject.person, reading.device_feed_id)
    document = LicensedDocument(
        cid=state.facts.cid,
        pl=state.pl_digest,
        rev=state.rev,
        feed=known + tuple(derived_feed_id(service.feed_secret, one) for one in _revocable_by(request, granted)),
        enforcement=Enforcement.CLIENT if policy is None else policy.enforcement,
        contact=state.owner_address or service.contact,
        watermark=policy is not None and policy.watermark,
    )
    terms = LicenseTerms(
        rights=allowed.rights,
        iat=service.now,
        exp=allowed.expires,
        offline_until=allowed.offline_until,
        lease=lease_of(allowed, service),
        withheld=allowed.withheld,
    )
    return license_for(
        request,
        signing,
        document,
        terms,
        jti=granted.event,
        key=sealed,
        edition=granted.item.seal,
        body=_edition_status(granted),
        rekey=Right.EDIT in allowed.rights and (state.may_be_followed or _somebody_lost_access(state, service)),
        follow=_number_after(granted),
        decided=service.feed_seq,
    )


def _somebody_lost_access(state: ContentState, service: ServiceState) -> bool:
    """Tell whether the newest edition's key may be known to a person who has lost access since (P11).

    A revocation that is wider than one document (a person, a device, a group, a template) counts for every document
    with an older key: asking who of them could have read which would cost more than a new key does.
    """
    key = state.latest
    older = key is not None and (key.key_rev < state.rev or key.key_seq < service.feed_withdrawn)
    return older or state.somebody_ended


def _number_after(granted: Granted) -> int | None:
    """Return the number that an edition takes which is saved from this one, where it is not the next (P3).

    It gets a new key: which one the editions between have is nobody's concern who goes back behind them.
    """
    newest = granted.state.latest
    if newest is None or not granted.state.may_be_followed or Right.EDIT not in granted.decision.rights:
        return None
    return newest.n + 1


def _revocable_by(request: LicenseRequest, granted: Granted) -> tuple[UUID, ...]:
    """Return what else can revoke the license: organization, tenant key, template, and what the request names.

    That is the grant of a super user, or the read permission of an application and the person for whom it reads.
    """
    state = granted.state
    others = (state.template, request.named.super_user_grant, request.named.read_permission, request.named.for_person)
    return (request.organization, state.tenant_key, *(one for one in others if one is not None))


def _edition_status(granted: Granted) -> EditionStatus:
    """Tell which edition this is; who sealed it only to people who may see the policy."""
    state, edition = granted.state, granted.edition
    newest = state.latest is None or state.latest.n == edition.n
    signer = state.issuer_address if edition.sealed_by == state.facts.issuer else None
    return EditionStatus(
        n=edition.n,
        status="current" if newest else "superseded",
        signer=signer if signer and Right.VIEWRIGHTSDATA in granted.decision.rights else None,
    )

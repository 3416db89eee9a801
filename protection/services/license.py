"""Issue use licenses: the hot path, for one document or up to a thousand (DESIGN.md §5, §10; PROTOCOL P9, P24, P29).

One statement reads all state, ``licensing.evaluate`` decides, one statement records every decision on condition that
nothing it rests on has moved, and only then keys are touched and licenses signed.  No durable event, no license.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol
from uuid import UUID, uuid4

from django.db import DatabaseError

from audit.services.record import Personal, event_parameters
from protection.crypto import aead, bindings
from protection.errors import ChanceryError, Unavailable
from protection.events import Actor, Kind, Outcome
from protection.keys.issuing import Issuer, issuer
from protection.keys.wrapping import wrapping_key
from protection.licensing.batch import BatchResult, Refusal, UseLicenseBatch, seal_batch_keys
from protection.licensing.edit import EditCertificate
from protection.licensing.evaluate import Allow, Decision, Deny, OrganizationFacts, Registration, Request, evaluate
from protection.licensing.feed import pair_id
from protection.licensing.policy import Enforcement
from protection.licensing.reasons import WORDS, Reason
from protection.licensing.rights import Right, in_order
from protection.licensing.subject import Subject
from protection.licensing.use import Common, EditionStatus, UseLicense, seal_content_key
from protection.selectors.licensing import ContentState, EditionState, ServiceState
from protection.services.arrive import Wanted, arrive
from protection.services.certify import CLOCK_MARGIN, DeviceKeys
from protection.services.feed import derived_feed_id
from protection.services.register import PublisherOf

ATTEMPTS: Final = 4
"""How often a decision is made anew when state moves under it before the service says that it is too busy."""

MAX_BATCH: Final = 1_000


@dataclass(frozen=True, slots=True)
class Reading:
    """What the deciding statement read: one moment, one person, one organization, the documents in the order asked.

    ``marker`` is the portal's part of the condition under which the decision may be recorded.
    """

    service: ServiceState
    subject: Subject
    organization_active: bool
    service_active: bool
    device_feed_id: bytes
    address: str
    name: str
    documents: tuple[ContentState | None, ...]
    marker: dict[str, Any] = field(default_factory=dict)


class Lane(Protocol):
    """The port to the database: the portal runs both statements on connections of its own pool."""

    def read(self, wanted: Sequence[Wanted]) -> Reading:
        """Run the deciding statement."""
        ...

    def record(self, events: Sequence[dict[str, object]], reading: Reading) -> bool:
        """Write all events durably if nothing has moved since ``reading``; tell whether they were written."""
        ...

    def bind(self, bindings: Sequence[tuple[UUID, str, UUID]]) -> None:
        """Store first resolutions of addresses as (scope, address, identity)."""
        ...


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, on which device, from where."""

    organization: UUID
    iss: str
    device: DeviceKeys
    device_name: str
    ip: str
    source: str
    publisher_of: PublisherOf
    """Asks the directory about who published a document that is seen for the first time."""


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision with everything its license needs; ``event`` is the id it was recorded under."""

    wanted: Wanted
    state: ContentState | None
    decision: Decision
    event: UUID


@dataclass(frozen=True, slots=True)
class Answer:
    """Signed licenses for the granted, reasons for the refused, in the order asked."""

    decided: tuple[Decided, ...]
    reading: Reading
    token: str | None
    """One use license, or the signed batch; None when a single request was refused."""
    delegation: str | None


def license_one(*, lane: Lane, caller: Caller, wanted: Wanted) -> Answer:
    """Decide, record and license one document.  Raises Unavailable when nothing could be recorded or released."""
    reading, decided = _decide(lane, caller, [wanted])
    granted = decided[0]
    if isinstance(granted.decision, Deny) or granted.state is None:
        return Answer(decided, reading, None, None)
    with _release(lane, caller, reading, decided) as signing:
        key = _content_key(caller, granted.state, granted.decision)
        sealed = None
        if key is not None:
            sealed = seal_content_key(
                caller.device.encryption,
                key,
                org=caller.organization,
                cid=granted.state.facts.cid,
                dev=caller.device.id,
                jti=granted.event,
            )
        use = _use_license(caller, reading, granted, granted.decision, signing, sealed)
        return Answer(decided, reading, use.sign(signing.key), signing.delegation)


def license_batch(*, lane: Lane, caller: Caller, wanted: Sequence[Wanted]) -> Answer:
    """Decide, record and license up to ``MAX_BATCH`` documents with one signature and one sealed blob."""
    reading, decided = _decide(lane, caller, wanted, batch=True)
    with _release(lane, caller, reading, decided) as signing:
        return Answer(decided, reading, _batch(caller, reading, decided, signing), signing.delegation)


def _batch(caller: Caller, reading: Reading, decided: Sequence[Decided], signing: Issuer) -> str:
    """Return the signed batch: one result for each decision, in order, and one sealed blob of content keys."""
    keys: list[bytes] = []
    results: list[BatchResult] = []
    for item in decided:
        if isinstance(item.decision, Deny) or item.state is None:
            results.append(_refusal(item, reading))
            continue
        key = _content_key(caller, item.state, item.decision)
        if key is None:
            raise AssertionError("a batch grants nothing whose key is not released")
        keys.append(key)
        results.append(_use_license(caller, reading, item, item.decision, signing, None))
    jti = uuid4()
    batch = UseLicenseBatch(
        jti=jti,
        common=Common(
            iss=caller.iss,
            org=caller.organization,
            sub=caller.device.person,
            dev=caller.device.id,
            iat=reading.service.now,
        ),
        results=tuple(results),
        keys=seal_batch_keys(caller.device.encryption, keys, org=caller.organization, dev=caller.device.id, jti=jti),
    )
    return batch.sign(signing.key)


def _decide(
    lane: Lane, caller: Caller, wanted: Sequence[Wanted], *, batch: bool = False
) -> tuple[Reading, tuple[Decided, ...]]:
    """Read, decide and record until the record is of a state that still stood when it was written.

    Documents and editions that are seen for the first time are put on record before, in transactions of their own.
    """
    for attempt in range(ATTEMPTS):
        reading = lane.read(wanted)
        if attempt == 0 and _arrived(caller, reading, wanted):
            reading = lane.read(wanted)
        decided = tuple(
            Decided(item, state, _decision(caller, reading, state, batch=batch), uuid4())
            for item, state in zip(wanted, reading.documents, strict=True)
        )
        if lane.record([_event(caller, reading, item) for item in decided], reading):
            return reading, decided
    raise Unavailable("The organization is being changed right now, and no decision could be recorded.")


def _arrived(caller: Caller, reading: Reading, wanted: Sequence[Wanted]) -> bool:
    """Put on record what is new among the documents asked for; tell whether anything was new."""
    unknown = [
        item
        for item, state in zip(wanted, reading.documents, strict=True)
        if state is None or (state.edition is None and state.facts.registration is Registration.REGISTERED)
    ]
    actor = Actor(
        person=reading.subject.person,
        address=reading.address,
        name=reading.name,
        ip=caller.ip,
        device=caller.device.id,
        source=caller.source,
    )
    for item in unknown:
        arrive(
            organization=caller.organization,
            wanted=item,
            publisher_of=caller.publisher_of,
            actor=actor,
            now=reading.service.now,
        )
    return bool(unknown)


def _decision(caller: Caller, reading: Reading, state: ContentState | None, *, batch: bool) -> Decision:
    if state is None:
        # What could be believed was registered before, so this license did not verify.
        return Deny(Reason.TAMPERED)
    service = reading.service
    organization = OrganizationFacts(
        id=caller.organization,
        active=reading.organization_active,
        service_active=reading.service_active,
        key_available=state.key_usable,
        platforms_off=service.platforms_off,
        conditions=service.conditions,
        max_license_days=service.max_license_days,
    )
    decision = evaluate(
        organization=organization, content=state.facts, subject=reading.subject, request=Request(), now=service.now
    )
    if isinstance(decision, Allow) and state.edition is None:
        # Access would be given, but not to this body: it is sealed by nobody the service knows.
        return Deny(Reason.TAMPERED)
    if batch and isinstance(decision, Allow) and _viewer_only(state, decision):
        return Deny(Reason.VIEWER_ONLY)
    return decision


def _event(caller: Caller, reading: Reading, item: Decided) -> dict[str, object]:
    """Return the parameters of one event; a refusal is as complete as an opening (C83)."""
    decision, state = item.decision, item.state
    personal = Personal(
        person_id=reading.subject.person,
        name=reading.name,
        addresses=(reading.address,) if reading.address else (),
        ip=caller.ip,
        device_id=caller.device.id,
        device=caller.device_name,
        title="" if state is None else state.title,
    )
    allowed = isinstance(decision, Allow)
    return event_parameters(
        event_id=item.event,
        kind=Kind.CONTENT_OPENED.value,
        outcome=(Outcome.ALLOWED if allowed else Outcome.REFUSED).value,
        reason="" if isinstance(decision, Allow) else decision.reason.value,
        content_id=None if state is None else state.facts.cid,
        source=caller.source,
        personal=personal,
        details=_details(reading, state, decision),
    )


def _details(reading: Reading, state: ContentState | None, decision: Decision) -> dict[str, Any] | None:
    if isinstance(decision, Deny):
        return {"detail": decision.detail} if decision.detail else None
    return {
        "basis": decision.basis.value,
        "edition": None if state is None or state.edition is None else state.edition.n,
        "lease": _lease(decision, reading.service),
        "offline_until": decision.offline_until,
        "rights": in_order(decision.rights),
    }


@contextmanager
def _release(lane: Lane, caller: Caller, reading: Reading, decided: Sequence[Decided]) -> Iterator[Issuer]:
    """Store fresh bindings and give who signs; whatever fails from here on is said in the ledger (P29).

    The openings are on record as allowed; when a key or a signature then fails, nothing was issued, and the record has
    to say that too.  Raises Unavailable for every such failure.
    """
    try:
        fresh = [
            (item.state.scope, address, identity)
            for item in decided
            if item.state is not None and isinstance(item.decision, Allow)
            for address, identity in item.decision.bindings
        ]
        if fresh:
            lane.bind(fresh)
        yield issuer(caller.organization)
    except (ChanceryError, DatabaseError) as error:
        code = error.code if isinstance(error, ChanceryError) else Unavailable.code
        _record_release_failure(lane, caller, reading, decided, code)
        if isinstance(error, Unavailable):
            raise
        raise Unavailable("The license could not be made; the attempt is on record.") from error


def _record_release_failure(
    lane: Lane, caller: Caller, reading: Reading, decided: Sequence[Decided], code: str
) -> None:
    events = [
        event_parameters(
            event_id=uuid4(),
            kind=Kind.LICENSE_RELEASE_FAILED.value,
            outcome=Outcome.FAILED.value,
            reason=code,
            content_id=item.state.facts.cid,
            source=caller.source,
            details={"of": str(item.event)},
        )
        for item in decided
        if item.state is not None and isinstance(item.decision, Allow)
    ]
    if events:
        lane.record(events, replace(reading, marker={}))


def _content_key(caller: Caller, state: ContentState, allowed: Allow) -> bytes | None:
    """Return the content key of the edition asked for, or None where it is not released (PROTOCOL P23)."""
    if _viewer_only(state, allowed):
        return None
    edition = _edition_of(state)
    binding = bindings.content_key(
        org=caller.organization, kid=state.kid, cid=state.facts.cid, seal_digest=edition.seal_digest
    )
    return aead.unwrap(wrapping_key(caller.organization, state.tenant_key), edition.wrapped_key, binding)


def _viewer_only(state: ContentState, allowed: Allow) -> bool:
    policy = state.facts.policy
    viewer = policy is not None and policy.enforcement is Enforcement.VIEWER
    return viewer and allowed.rights.isdisjoint({Right.OWNER, Right.EXPORT})


def _edition_of(state: ContentState) -> EditionState:
    if state.edition is None:
        raise Unavailable("This edition of the document is not on record.")
    return state.edition


def _use_license(
    caller: Caller, reading: Reading, item: Decided, allowed: Decision, signing: Issuer, sealed: bytes | None
) -> UseLicense:
    state = item.state
    if state is None or isinstance(allowed, Deny):
        raise AssertionError("only a granted document is licensed")
    service = reading.service
    person = derived_feed_id(service.feed_secret, reading.subject.person)
    policy = state.facts.policy
    return UseLicense(
        jti=item.event,
        iss=caller.iss,
        org=caller.organization,
        cid=state.facts.cid,
        pl=state.pl_digest,
        edition=item.wanted.seal,
        sub=caller.device.person,
        dev=caller.device.id,
        rights=tuple(in_order(allowed.rights)),
        rev=state.rev,
        iat=service.now,
        exp=allowed.expires,
        offline_until=allowed.offline_until,
        lease=_lease(allowed, service),
        feed=(
            state.feed_id,
            person,
            reading.device_feed_id,
            pair_id(state.feed_id, person),
            *(derived_feed_id(service.feed_secret, identity) for identity in _reasons_to_die(caller, state)),
        ),
        enforcement=Enforcement.CLIENT.value if policy is None else policy.enforcement.value,
        obligations={},
        key=sealed,
        body=_edition_status(state, allowed),
        contact=state.owner_address or service.contact,
        edit=_edit_certificate(caller, state, allowed, signing, service.now),
        rekey=Right.EDIT in allowed.rights and state.latest is not None and state.latest.key_rev < state.rev,
    )


def _reasons_to_die(caller: Caller, state: ContentState) -> tuple[UUID, ...]:
    """Return what else can take the license back: the organization, the tenant key, the template it follows."""
    template = () if state.template is None else (state.template,)
    return (caller.organization, state.tenant_key, *template)


def _lease(allowed: Allow, service: ServiceState) -> int | None:
    """Return the shorter of the organization's lease and the policy's own, or None when neither asks for one."""
    return min((lease for lease in (service.lease_seconds, allowed.lease) if lease is not None), default=None)


def _edition_status(state: ContentState, allowed: Allow) -> EditionStatus:
    """Tell which edition this is; who sealed it only to people who may see the policy."""
    edition = _edition_of(state)
    newest = state.latest is None or state.latest.n == edition.n
    signer = state.issuer_address if edition.sealed_by == state.facts.issuer else None
    return EditionStatus(
        n=edition.n,
        status="current" if newest else "superseded",
        signer=signer if signer and Right.VIEWRIGHTSDATA in allowed.rights else None,
    )


def _edit_certificate(caller: Caller, state: ContentState, allowed: Allow, signing: Issuer, now: int) -> str | None:
    if Right.EDIT not in allowed.rights:
        return None
    return EditCertificate(
        org=caller.organization,
        cid=state.facts.cid,
        pl=state.pl_digest,
        sub=caller.device.person,
        dev=caller.device.id,
        key=caller.device.signing,
        rev=state.rev,
        iat=max(now - CLOCK_MARGIN, signing.not_before),
        exp=max(allowed.offline_until, allowed.expires),
    ).sign(signing.key)


def _refusal(item: Decided, reading: Reading) -> Refusal:
    details = refusal_details(item, reading)
    return Refusal(pl=item.wanted.pl, jti=item.event, reason=details["reason"], details=details)


def refusal_details(item: Decided, reading: Reading) -> dict[str, str]:
    """Return what the refused person is told: words, next step, the owner's contact; never which entry denied him."""
    decision = item.decision
    if not isinstance(decision, Deny):
        raise TypeError("only a refusal is explained")
    # What denies by entry and what was never granted read the same to the person (PROTOCOL P19).
    reason = Reason.NOT_GRANTED if decision.reason is Reason.DENIED_BY_ENTRY else decision.reason
    words = WORDS[reason]
    contact = reading.service.contact if item.state is None else item.state.owner_address
    return {
        "reason": reason.value,
        "message": words.person,
        "detail": decision.detail,
        "next_step": words.next_step,
        "contact": contact,
    }

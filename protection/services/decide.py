"""Decide about license requests and record each decision before anything leaves.

One statement reads all state, ``chancery.policy.evaluate`` decides, one statement records every decision on condition
that nothing it rests on has moved; ``license.py`` then releases what was granted (docs/protocol.md P29, decision 5).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID, uuid4

from audit.statements import Personal, event_parameters
from chancery.errors import LedgerHasGap, Unavailable
from chancery.ledger.kinds import Kind, Outcome
from chancery.policy.case import Basis, Case, Deny, OrganizationFacts, Registration, Request
from chancery.policy.evaluate import as_disclosed, evaluate, is_viewer_only, stopped_organization
from chancery.policy.known_as import known_as
from chancery.policy.reasons import Reason
from chancery.policy.rights import in_order
from chancery.texts import message
from protection.actor import Actor
from protection.selectors.counted import BudgetsUsed, Counting
from protection.selectors.licensing import ContentState, lease_of, named_facts
from protection.selectors.named_grant import UnderGrant
from protection.selectors.named_since import dated
from protection.services.keep_to_budget import as_paused, keep_to_budget
from protection.services.license_request import (
    Decided,
    Granted,
    LicenseRequest,
    LicensingDatabase,
    Reading,
    Refused,
)
from protection.services.register import RegistrationRefused
from protection.services.register_on_first_use import LicenseRequestItem, SendWholeLicense, register_on_first_use
from protection.services.running import NotRunning
from protection.services.viewer import in_viewer

ATTEMPTS: Final = 4
"""How often a decision is made anew when state moves under it before the service says that it is too busy."""

CROWDED: Final = 2
"""After so many attempts a request whose person's count moves each time is taken to cross the budget."""


def decide(
    *, database: LicensingDatabase, request: LicenseRequest, items: Sequence[LicenseRequestItem]
) -> tuple[Reading, tuple[Decided, ...]]:
    """Read, decide and record until the record is of a state that was still current when it was written.

    Documents and editions that are seen for the first time are registered before, in transactions of their own.
    Raises SendWholeLicense for those of which only digests came, and Unavailable when nothing could be recorded.
    """
    refused: Mapping[int, Reason] = {}
    events = [_event_id(request, place) for place in range(len(items))]
    before: BudgetsUsed | None = None
    for attempt in range(ATTEMPTS):
        reading = database.read(items)
        unknown = _unknown(reading, items) if attempt == 0 else []
        if unknown:
            refused = _register_new(request, reading, items, unknown)
            reading = database.read(items)
        reading = _dated(reading)
        if reading.budgets is not None:
            reading = as_paused(reading)
        if reading.service.ledger_has_gap:
            raise LedgerHasGap
        organization = _organization(request, reading)
        decided = tuple(
            _decided(
                request, organization, reading, item, state, events[place], body=refused.get(place, Reason.TAMPERED)
            )
            for place, (item, state) in enumerate(zip(items, reading.documents, strict=True))
        )
        # Once others took what was left, and twice, the rest is not tried for again: it would be too little anyway.
        crowded, before = attempt >= CROWDED and reading.budgets != before, reading.budgets
        counting = None
        if reading.budgets is not None:
            decided, counting = _within_budget(request, reading, decided, crowded=crowded)
        records = [_event(request, reading, item) for item in decided]
        seen = _first_seen(reading.subject.person, decided)
        first, under = _first_openings(decided), _under_grant(reading, decided)
        if database.record(
            records,
            reading,
            first_openings=first,
            first_seen=seen,
            under_grant=under,
            counting=counting,
            read=_read(reading, decided),
        ):
            return reading, decided
    raise Unavailable(message("The organization is being changed right now, and no decision could be recorded."))


def _dated(reading: Reading) -> Reading:
    """Return the reading with the age of entries that lie in domains of the person which changed hands.

    It is read after the rest; no decision is recorded if the policy was changed in between.
    """
    subject = (reading.permission and reading.permission.permission.whole) or reading.subject
    if not subject.handovers:
        return reading
    return replace(
        reading,
        documents=tuple(
            state
            and replace(state, facts=dated(state.facts, subject, published=state.published, template=state.template))
            for state in reading.documents
        ),
    )


def _unknown(reading: Reading, items: Sequence[LicenseRequestItem]) -> list[int]:
    """Return the places of what is not registered yet.  Raises SendWholeLicense when only digests came of it.

    While the organization takes nothing new there is nothing to bring: all of it is refused for that reason.
    """
    if not (reading.organization_active and reading.service_active):
        return []
    unknown = [
        place
        for place, state in enumerate(reading.documents)
        if state is None or (state.edition is None and state.facts.registration is Registration.REGISTERED)
    ]
    bare = [place for place in unknown if not items[place].whole]
    if bare:
        raise SendWholeLicense(
            message("The service does not know this document or this edition of it yet."), places=bare
        )
    return unknown


def _register_new(
    request: LicenseRequest, reading: Reading, items: Sequence[LicenseRequestItem], unknown: Sequence[int]
) -> dict[int, Reason]:
    """Register what is new among the documents asked for; return why some was not taken, by its place."""
    actor = Actor(
        person=reading.subject.person,
        address=reading.address,
        name=reading.name,
        ip=request.ip,
        device=request.device.id,
        device_name=request.device_name,
        application=not reading.address,
        source=request.source,
        addresses=frozenset() if reading.subject.is_member(request.organization) else reading.subject.addresses,
    )
    refused = {}
    for place in unknown:
        try:
            outcome = register_on_first_use(
                organization=request.organization,
                item=items[place],
                directory=request.directory,
                actor=replace(actor, address=_known_as(request.organization, reading, reading.documents[place])),
                now=reading.service.now,
            )
        except NotRunning as stopped:
            refused[place] = stopped.reason
            continue
        if isinstance(outcome, RegistrationRefused):
            refused[place] = outcome.reason
    return refused


def _organization(request: LicenseRequest, reading: Reading) -> OrganizationFacts:
    service = reading.service
    return OrganizationFacts(
        id=request.organization,
        active=reading.organization_active,
        service_active=reading.service_active,
        key_available=True,
        platforms_off=service.platforms_off,
        conditions=service.conditions,
        max_license_days=service.max_license_days,
    )


def _event_id(request: LicenseRequest, place: int) -> UUID:
    """Return the id of the event about one document, the same whenever this very request is sent.

    So a request that somebody recorded and sends again collides with what it left in the record, at no cost.
    """
    if not request.request_id:
        return uuid4()
    return UUID(bytes=hashlib.sha256(request.request_id + place.to_bytes(4)).digest()[:16], version=4)


def _decided(
    request: LicenseRequest,
    organization: OrganizationFacts,
    reading: Reading,
    item: LicenseRequestItem,
    state: ContentState | None,
    event: UUID,
    *,
    body: Reason,
) -> Decided:
    """Decide about one document; ``body`` is why its body is refused if it is registered with other ones only."""
    if state is None:
        # What could be believed was registered before, so this license did not verify, or nothing new is taken.
        stopped = stopped_organization(organization)
        return Refused(item, None, stopped or Deny(body), event)
    case = Case(
        organization=organization if state.key_usable else replace(organization, key_available=False),
        content=state.facts,
        subject=reading.subject,
        request=Request(
            names_super_user_grant=request.named.super_user_grant is not None,
            super_user_grant=None if reading.grant is None else reading.grant.covering(state),
            names_read_permission=request.named.read_permission is not None,
            read_permission=None if reading.permission is None else reading.permission.covering(state),
            enforces=request.enforces,
        ),
        now=reading.service.now,
    )
    on_pages = in_viewer(case) if request.draw is not None else None
    decision = on_pages or evaluate(case)
    if isinstance(decision, Deny):
        return Refused(item, state, decision, event, as_disclosed(decision, case))
    if state.edition is None:
        # Access would be given, but not to this body: it was not taken when it was brought.
        return Refused(item, state, Deny(body), event)
    if on_pages is None and is_viewer_only(case, decision):
        return Refused(item, state, Deny(Reason.VIEWER_ONLY), event)
    return Granted(item, state, state.edition, decision, event, on_pages is not None)


def _first_openings(decided: Sequence[Decided]) -> tuple[UUID, ...]:
    """Return the documents that somebody opens for the first time by what they were granted."""
    facts = (item.state.facts for item in decided if isinstance(item, Granted) and item.decision.basis is Basis.GRANT)
    return tuple(dict.fromkeys(one.cid for one in facts if one.first_opened is None))


def _under_grant(reading: Reading, decided: Sequence[Decided]) -> tuple[UnderGrant, ...]:
    """Return what is opened, or tried in vain, under the super-user grant that the request names."""
    if reading.grant is None or not reading.grant.was_approved:
        return ()
    return tuple(UnderGrant.of(one.event, one.state, opened=isinstance(one, Granted)) for one in decided if one.state)


def _read(reading: Reading, decided: Sequence[Decided]) -> tuple[tuple[UUID, UUID], ...]:
    """Return the events of what an application reads by the permission that the request names, and the documents."""
    if reading.permission is None:
        return ()
    return tuple((one.event, one.state.facts.cid) for one in decided if isinstance(one, Granted))


def _first_seen(person: UUID, decided: Sequence[Decided]) -> tuple[bytes, ...]:
    """Return the seals of later editions that somebody else than their sealer opens for the first time.

    An index that reads an edition is nobody who knows it.
    """
    granted = (item for item in decided if isinstance(item, Granted))
    editions = (item.edition for item in granted if item.decision.basis is not Basis.READ_PERMISSION)
    seen = (one.seal_digest for one in editions if one.n > 1 and not one.seen and one.sealed_by != person)
    return tuple(dict.fromkeys(seen))


def _event(request: LicenseRequest, reading: Reading, item: Decided) -> dict[str, object]:
    """Return the parameters of one event; a refusal is as complete as an opening."""
    return event_parameters(
        event_id=item.event,
        kind=_kind(reading).value,
        outcome=(Outcome.ALLOWED if isinstance(item, Granted) else Outcome.REFUSED).value,
        reason="" if isinstance(item, Granted) else item.decision.reason.value,
        content_id=None if item.state is None else item.state.facts.cid,
        source=request.source,
        personal=personal_record(request, reading, item.state),
        details=_details(request, reading, item) or None,
    )


def _kind(reading: Reading) -> Kind:
    """Return what happens: reading by an approved permission is an event of its own.

    So no count, list or mail about openings takes a nightly index for somebody who opened a document.
    """
    named = reading.permission
    return Kind.CONTENT_READ if named is not None and named.was_approved else Kind.CONTENT_OPENED


def personal_record(request: LicenseRequest, reading: Reading, state: ContentState | None) -> Personal:
    """Return who asked, and whose document it was; all of it was read with the decision."""
    named = reading.grant or reading.permission
    return Personal(
        person_id=reading.subject.person,
        name=reading.name,
        addresses=(_known_as(request.organization, reading, state),) if reading.address else (),
        ip=request.ip,
        device_id=request.device.id,
        device=request.device_name,
        title="" if state is None else state.title,
        approver=named.approved_by if named is not None else "",
        recipient="" if reading.permission is None else reading.permission.person_address,
        # People have addresses; an application is known by its name alone.
        application=not reading.address,
        outsider=reading.subject.outsider,
        issuer="" if state is None else state.issuer_address,
        owner="" if state is None else state.owner_address,
    )


def _known_as(organization: UUID, reading: Reading, state: ContentState | None) -> str:
    """Return the address under which somebody asks: of people from elsewhere, one by which the document means them.

    Their main address may be one that nobody here knows, and an opening must not tell it (P20).
    """
    subject, policy = reading.subject, None if state is None else state.facts.policy
    if state is None or policy is None or len(subject.addresses) < 2 or subject.is_member(organization):
        return reading.address
    facts = state.facts
    others = facts.revoked_addresses | facts.bindings.keys() | {one.address for one in facts.personal}
    return known_as(policy, subject.addresses, otherwise=reading.address, also=others)


def _within_budget(
    request: LicenseRequest, reading: Reading, decided: Sequence[Decided], *, crowded: bool
) -> tuple[tuple[Decided, ...], Counting | None]:
    """Return what is left of the decisions by the person's budgets, and what counts for these.

    A person who is paused by it is named by the address under which they asked for what was beyond it.
    """
    kept, counting = keep_to_budget(request, reading, decided, crowded=crowded)
    if counting is None or counting.paused_by is None:
        return kept, counting
    refused = (item.state for item in kept if item.decision == Deny(Reason.OPENINGS_PAUSED))
    return kept, replace(counting, paused_as=_known_as(request.organization, reading, next(refused, None)))


def _details(request: LicenseRequest, reading: Reading, item: Decided) -> dict[str, Any]:
    """Return what else is to be known of the decision; what the program says of itself is kept as its statement."""
    stated: dict[str, Any] = {"program": request.program} if request.program else {}
    if reading.home:
        stated["home"] = reading.home
    if request.enforces:
        stated["enforces"] = in_order(request.enforces)
    state = item.state
    if state is not None and (document := named_facts(state.template, state.template_version, state.label)):
        stated["document"] = document
    named = reading.grant or reading.permission
    if named is not None:
        stated |= named.as_details()
    if isinstance(item, Refused):
        return stated if item.decision.unmet is None else {**stated, "unmet": item.decision.unmet.as_json()}
    return {
        **stated,
        "basis": item.decision.basis.value,
        "edition": item.edition.n,
        "lease": lease_of(item.decision, reading.service),
        "offline_until": item.decision.offline_until,
        "rights": in_order(item.decision.rights),
        **({"viewer": True} if item.in_viewer else {}),
    }

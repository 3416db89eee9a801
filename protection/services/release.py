"""Make use licenses of openings that are recorded: content keys, signatures, edit certificates.

See docs/protocol.md P3, P11.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID, uuid4

from audit.services.record import event_parameters
from chancery.crypto import aead, bindings
from chancery.errors import ChanceryError, Unavailable
from chancery.ledger.kinds import Kind, Outcome
from chancery.objects.edit import EditCertificate
from chancery.objects.feed import pair_id
from chancery.objects.use import EditionStatus, UseLicense
from chancery.policy.policy import Enforcement
from chancery.policy.rights import Right, in_order
from chancery.texts import message
from protection.keys.issuing import Issuer, issuer
from protection.keys.wrapping import wrapping_key
from protection.selectors.licensing import ContentState, ServiceState
from protection.services.certify import CLOCK_MARGIN
from protection.services.decide import Granted, LicenseRequest, LicensingDatabase, Reading, lease_of, personal_record
from protection.services.feed import derived_feed_id

logger = logging.getLogger(__name__)


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


def use_license(
    request: LicenseRequest, reading: Reading, granted: Granted, signing: Issuer, sealed: bytes | None
) -> UseLicense:
    """Return the license of one opening, not signed yet; ``sealed`` is the content key sealed to the device."""
    state, allowed, service = granted.state, granted.decision, reading.service
    person = derived_feed_id(service.feed_secret, reading.subject.person)
    policy = state.facts.policy
    return UseLicense(
        jti=granted.event,
        iss=request.iss,
        org=request.organization,
        cid=state.facts.cid,
        pl=state.pl_digest,
        edition=granted.wanted.seal,
        sub=request.device.person,
        dev=request.device.id,
        rights=tuple(in_order(allowed.rights)),
        rev=state.rev,
        iat=service.now,
        exp=allowed.expires,
        offline_until=allowed.offline_until,
        lease=lease_of(allowed, service),
        feed=(
            state.feed_id,
            person,
            reading.device_feed_id,
            pair_id(state.feed_id, person),
            *(derived_feed_id(service.feed_secret, identity) for identity in _reasons_to_die(request, state)),
        ),
        enforcement=Enforcement.CLIENT.value if policy is None else policy.enforcement.value,
        obligations={"withhold": list(in_order(allowed.withheld))} if allowed.withheld else {},
        key=sealed,
        body=_edition_status(granted),
        contact=state.owner_address or service.contact,
        edit=_edit_certificate(request, granted, signing, service.now),
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


def _reasons_to_die(request: LicenseRequest, state: ContentState) -> tuple[UUID, ...]:
    """Return what else can take the license back: the organization, the tenant key, the template it follows."""
    template = () if state.template is None else (state.template,)
    return (request.organization, state.tenant_key, *template)


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


def _edit_certificate(request: LicenseRequest, granted: Granted, signing: Issuer, now: int) -> str | None:
    state, allowed = granted.state, granted.decision
    if Right.EDIT not in allowed.rights:
        return None
    return EditCertificate(
        org=request.organization,
        cid=state.facts.cid,
        pl=state.pl_digest,
        sub=request.device.person,
        dev=request.device.id,
        key=request.device.signing,
        rev=state.rev,
        iat=max(now - CLOCK_MARGIN, signing.not_before),
        exp=max(allowed.offline_until, allowed.expires),
    ).sign(signing.key)

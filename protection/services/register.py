"""Register a document that was protected offline: believe its publishing license once, then keep its state here."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction

from chancery.errors import InvalidPolicy, WrongBinding
from chancery.ledger.kinds import Kind, Outcome
from chancery.objects.body import BodySeal, VerifiedSeal
from chancery.objects.envelope_content import Envelope
from chancery.objects.licensor import May
from chancery.objects.publishing import PublishingLicense, VerifiedPublishingLicense
from chancery.policy.case import Registration
from chancery.policy.policy import parse_policy
from chancery.policy.reasons import Reason
from chancery.texts import message
from protection.actor import Actor
from protection.keys.subordinate import chain
from protection.keys.tenant import OPENING, store_of
from protection.models import Content, KeyStatus, ProtectionTemplate, ServiceSettings, TenantKey
from protection.selectors.attempts import as_meant
from protection.selectors.labels import label_named
from protection.selectors.protecting import limits_of
from protection.services.add_edition import add_edition
from protection.services.directory import Directory, PublisherFacts
from protection.services.owner_notices import tell_owner, written_for
from protection.services.recording import record_action
from protection.services.register_content import NewContent, register_content
from protection.services.running import require_running

DAY: Final = 86_400
FUTURE_MARGIN: Final = 300
"""Seconds by which a publisher's clock may be ahead before the document is pending."""


class Pending(StrEnum):
    """Why a registration waits for an administrator (docs/protocol.md P5)."""

    OUTSIDE_CERTIFICATE = "outside_certificate"
    FROM_THE_FUTURE = "from_the_future"
    TOO_LATE = "too_late"
    PUBLISHER_DISABLED = "publisher_disabled"
    DEVICE_REVOKED = "device_revoked"
    APPLICATION_NOT_PERMITTED = "application_not_permitted"
    OWNER_NOT_PERMITTED = "owner_not_permitted"
    OWNER_UNKNOWN = "owner_unknown"
    PUBLISHER_EXCLUDED = "publisher_excluded"


@dataclass(frozen=True, slots=True)
class Registered:
    """The content is registered.  ``fresh`` is false when it was already."""

    cid: UUID
    registration: Registration
    fresh: bool


@dataclass(frozen=True, slots=True)
class RegistrationRefused:
    """Nothing was registered; the refusal is recorded."""

    reason: Reason
    event: UUID


def register(
    *,
    organization: UUID,
    publishing_license: str,
    body_seal: str | None,
    directory: Directory,
    actor: Actor,
    now: int,
) -> Registered | RegistrationRefused:
    """Verify a publishing license and register its document, in the order of docs/licensing.md.

    A license that is already known is not verified again: the record counts.  Another license under a known content id
    is refused and recorded as tampering.  Raises the errors of ``chancery.objects`` for a license that does not verify;
    the interface records those as tampering too, because it alone knows who brought it.  Raises NotRunning when the
    organization takes nothing new.
    """
    parsed = PublishingLicense.parse(publishing_license)
    known = Content.objects.filter(pl_digest=parsed.digest).first()
    if known is not None:
        return Registered(known.cid, Registration(known.registration), fresh=False)
    every = {bytes(row.kid): row for row in TenantKey.objects.all()}
    keys = {kid: row for kid, row in every.items() if row.status in OPENING}
    if parsed.iss != directory.iss:
        raise WrongBinding(message("The document names another installation than this one."))
    verified = PublishingLicense.verify(
        publishing_license,
        org=organization,
        tenant_keys={kid: row.suite for kid, row in keys.items()},
        chain=chain(organization),
        compromised=[kid for kid, row in every.items() if row.status == KeyStatus.COMPROMISED],
    )
    tenant_key = keys[parsed.kid]
    envelope = verified.open_envelope(store_of(organization, tenant_key))
    seal = None if body_seal is None else BodySeal.parse(body_seal).verify(license=parsed, chain=chain(organization))
    arrival = _Arrival(organization, verified, envelope, seal, tenant_key, actor, now)
    device = None if verified.certificate is None else verified.certificate.dev
    try:
        return _insert(arrival, directory, device)
    except IntegrityError:
        return _conflict(arrival)


@dataclass(frozen=True, slots=True)
class _Arrival:
    organization: UUID
    verified: VerifiedPublishingLicense
    envelope: Envelope
    seal: VerifiedSeal | None
    tenant_key: TenantKey
    actor: Actor
    now: int


@transaction.atomic
def _insert(arrival: _Arrival, directory: Directory, device: UUID | None) -> Registered:
    require_running(directory)
    parsed, envelope = arrival.verified.license, arrival.envelope
    publisher = directory.publisher(envelope.issuer, device, envelope.owner)
    # Archived and deleted ones too: the file exists already, and what a template protects opens whatever its state.
    if envelope.template is not None and not ProtectionTemplate.objects.filter(id=envelope.template.id).exists():
        raise InvalidPolicy(message("The document names a template that this organization does not have."))
    settings = ServiceSettings.objects.only("registration_days", "protecting").get(id=1)
    pending = _pending_because(arrival, publisher, settings)
    content = register_content(
        NewContent(
            license=parsed,
            tenant_key=arrival.tenant_key,
            issuer_id=envelope.issuer,
            issuer_address=publisher.address,
            owner_id=envelope.owner,
            owner_address=publisher.owner_address,
            title=envelope.title or "",
            policy=None if envelope.policy is None else parse_policy(envelope.policy),
            template=None if envelope.template is None else envelope.template.id,
            expires=envelope.expires,
            offline_days=envelope.offline,
            label=label_named(envelope.app_data, None if envelope.template is None else envelope.template.id),
            pending=pending or "",
        )
    )
    if not pending and publisher.name:
        tell_owner(content, publisher.name)
    if arrival.seal is not None:
        add_edition(organization=arrival.organization, content=content, seal=arrival.seal, content_key=envelope.key)
    record_action(
        Kind.CONTENT_PENDING if pending else Kind.CONTENT_REGISTERED,
        as_meant(arrival.actor, content),
        reason=pending or "",
        content=content,
        sealer=None if arrival.seal is None else arrival.seal.sealer,
        details={"published": parsed.iat, "online": parsed.clc is None, **written_for(arrival.actor, content)},
    )
    return Registered(content.cid, Registration(content.registration), fresh=True)


def _pending_because(arrival: _Arrival, publisher: PublisherFacts, settings: ServiceSettings) -> Pending | None:
    """Return why the registration is not believed by itself, or None (P5)."""
    parsed, certificate = arrival.verified.license, arrival.verified.certificate
    if not arrival.verified.within_certificate:
        return Pending.OUTSIDE_CERTIFICATE
    if parsed.iat > arrival.now + FUTURE_MARGIN:
        return Pending.FROM_THE_FUTURE
    if certificate is not None and arrival.now > certificate.exp + settings.registration_days * DAY:
        return Pending.TOO_LATE
    if not publisher.active:
        return Pending.PUBLISHER_DISABLED
    if publisher.device_revoked:
        return Pending.DEVICE_REVOKED
    if not publisher.may_publish:
        return Pending.APPLICATION_NOT_PERMITTED
    may_name_owner = publisher.may_name_owner and (certificate is None or May.OWNER_OTHER in certificate.may)
    if arrival.envelope.owner != arrival.envelope.issuer and not may_name_owner:
        return Pending.OWNER_NOT_PERMITTED
    if arrival.envelope.owner != arrival.envelope.issuer and not publisher.owner_address:
        return Pending.OWNER_UNKNOWN
    # Without a certificate it was published here, and judged then.  When a file was made is only the device's word, so
    # who may not protect any more is asked about for every one of theirs.
    excluded = certificate is not None and limits_of(settings.protecting).excludes(publisher.protector) is not None
    return Pending.PUBLISHER_EXCLUDED if excluded else None


@transaction.atomic
def _conflict(arrival: _Arrival) -> Registered | RegistrationRefused:
    """Tell a race for the same license from a claim on somebody else's content id."""
    parsed = arrival.verified.license
    known = Content.objects.get(cid=parsed.cid)
    if bytes(known.pl_digest) == parsed.digest:
        return Registered(known.cid, Registration(known.registration), fresh=False)
    event = record_action(
        Kind.CONTENT_TAMPERED,
        arrival.actor,
        outcome=Outcome.REFUSED,
        reason=Reason.CONTENT_ID_CONFLICT,
        content=known,
    )
    return RegistrationRefused(Reason.CONTENT_ID_CONFLICT, event)

"""Online publishing: the service makes content key and publishing license for a client that cannot by itself.

No content key crosses the API in clear (docs/protocol.md P10): the answer is the publishing license and a use license
sealed to the caller's device, with an edit certificate under which the client seals the first edition.
"""

import secrets
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from chancery.crypto.content import new_content_key
from chancery.errors import LedgerHasGap, NotFound
from chancery.ledger.kinds import Kind
from chancery.objects.envelope_content import Envelope, TemplateReference
from chancery.objects.publishing import PublishingLicense, publish
from chancery.objects.statement import KeyStatus, KeyUse
from chancery.objects.statement import TenantKey as StatedKey
from chancery.objects.strict_json import JSON
from chancery.objects.use import UseLicense, seal_content_key
from chancery.policy.evaluate import DAY
from chancery.policy.policy import Enforcement, Policy
from chancery.policy.rights import ALL_RIGHTS
from chancery.texts import message
from protection.actor import Actor
from protection.keys.subordinate import Issuer, issuer
from protection.keys.tenant import active_row
from protection.models import Content, ProtectionTemplate, ServiceSettings, TemplateStatus
from protection.selectors.labels import label_named
from protection.selectors.organization import known_gap
from protection.services.license import LicensedDocument, LicenseTerms, feed_ids, license_for
from protection.services.license_request import LicenseRequest
from protection.services.owner_notices import tell_owner, written_for
from protection.services.protecting import require_may_protect
from protection.services.recording import record_action
from protection.services.register_content import NewContent, register_content
from protection.services.running import require_running


@dataclass(frozen=True, slots=True)
class Publication:
    """What is to be published: exactly one of ``policy`` and ``template``; ``title`` is the file's name.

    ``label`` is the one that is linked to the template, if it was chosen by a label;
    ``owner`` and ``owner_address`` are the person who is to own the document instead of the publisher.
    """

    policy: Policy | None
    template: UUID | None
    title: str = ""
    expires: int | None = None
    offline_days: int | None = None
    label: UUID | None = None
    owner: UUID | None = None
    owner_address: str = ""


@dataclass(frozen=True, slots=True)
class Published:
    """The publishing license, and the publisher's use license with the delegation behind both signatures."""

    cid: UUID
    publishing_license: str
    use_license: str
    delegation: str


@transaction.atomic
def publish_online(
    *, request: LicenseRequest, actor: Actor, device_feed_id: bytes, publication: Publication, now: int
) -> Published:
    """Make a document's key and license and register it; its first edition follows with the first opening.

    The caller has made sure that the person is an enabled member.  Raises NotFound for a template that is not
    published, InvalidPolicy, NotRunning, ProtectingNotAllowed, and Unavailable without an active key.
    """
    require_running(request.directory)
    require_may_protect(directory=request.directory, actor=actor, platform=request.device.platform)
    if known_gap():
        raise LedgerHasGap
    settings = ServiceSettings.objects.get(id=1)
    key, row, signing = new_content_key(), active_row(), issuer(request.organization)
    license_ = publish(
        _envelope(actor, publication, key),
        iss=request.iss,
        org=request.organization,
        tenant_key=StatedKey(KeyUse.ENCRYPTION, row.suite, bytes(row.encryption_public), KeyStatus.ACTIVE),
        signer=signing.key,
        clc=None,
        nonce=secrets.token_bytes(16),
        iat=now,
    )
    content = register_content(
        NewContent(
            license=license_,
            tenant_key=row,
            issuer_id=actor.person,
            issuer_address=actor.address,
            owner_id=publication.owner or actor.person,
            owner_address=publication.owner_address if publication.owner else actor.address,
            title=publication.title,
            policy=publication.policy,
            template=publication.template,
            expires=publication.expires,
            offline_days=publication.offline_days,
            label=label_named(_app_data(publication), publication.template),
        )
    )
    event = record_action(
        Kind.CONTENT_PUBLISHED, actor, content=content, details={"online": True, **written_for(actor, content)}
    )
    if actor.application:
        tell_owner(content, actor.name)
    feed = feed_ids(bytes(content.feed_id), bytes(settings.feed_secret), actor.person, device_feed_id)
    use = _own_license(request, actor, content, license_, key=key, signing=signing, feed=feed, event=event, now=now)
    return Published(content.cid, license_.token, use.sign(signing.key), signing.delegation)


def _envelope(actor: Actor, publication: Publication, key: bytes) -> Envelope:
    return Envelope(
        key=key,
        issuer=actor.person,
        owner=publication.owner or actor.person,
        policy=None if publication.policy is None else publication.policy.as_json(),
        template=_template_reference(publication.template),
        expires=publication.expires,
        offline=publication.offline_days,
        app_data=_app_data(publication),
        title=publication.title[:255] or None,
    )


def _app_data(publication: Publication) -> dict[str, JSON]:
    return {} if publication.label is None else {"label": str(publication.label)}


def _template_reference(template: UUID | None) -> TemplateReference | None:
    """Return the reference to a published template, also for somebody outside its scope.

    The scope only spares people choices that are not theirs.  It is no wall: offline anybody who knows the id can seal
    a file under it, and refusing the registration would leave a document that nobody can open, the wrong end to save.
    Who publishes under a template gains nothing by it: the template decides who may open, and the publisher is
    recorded.
    """
    if template is None:
        return None
    row = ProtectionTemplate.objects.filter(id=template, status=TemplateStatus.PUBLISHED, deleted_at=None).first()
    if row is None:
        raise NotFound(
            message("There is no published template with this id."),
            remedy=message("List the templates and choose one."),
        )
    return TemplateReference(row.id, row.current)


def _own_license(
    request: LicenseRequest,
    actor: Actor,
    content: Content,
    license_: PublishingLicense,
    *,
    key: bytes,
    signing: Issuer,
    feed: tuple[bytes, ...],
    event: UUID,
    now: int,
) -> UseLicense:
    """Return the publisher's license to the key, for as long as it takes to seal the file; it is not to be stored."""
    device, organization = request.device, request.organization
    return license_for(
        request,
        signing,
        LicensedDocument(
            cid=content.cid,
            pl=license_.digest,
            rev=1,
            feed=feed,
            enforcement=Enforcement.CLIENT,
            contact=actor.address,
        ),
        LicenseTerms(rights=ALL_RIGHTS, iat=now, exp=now + DAY, offline_until=now),
        jti=event,
        key=seal_content_key(device.encryption, key, org=organization, cid=content.cid, dev=device.id, jti=event),
    )

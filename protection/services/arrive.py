"""Put on record what a license request shows for the first time: a document, or a new edition of one (P3, P5)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import IntegrityError, transaction

from protection.crypto import aead, bindings
from protection.errors import ChanceryError, InvalidFile, InvalidObject, Unavailable
from protection.events import Actor, Kind, Outcome
from protection.keys.issuing import chain
from protection.keys.tenant import store_of
from protection.keys.wrapping import wrapping_key
from protection.licensing.body import BodySeal, VerifiedSeal
from protection.licensing.edit import EditCertificate
from protection.licensing.evaluate import Registration
from protection.licensing.publishing import PublishingLicense, open_known_envelope
from protection.licensing.reasons import Reason
from protection.models import Content, Edition
from protection.services.feed import touch
from protection.services.recording import record_action
from protection.services.register import PublisherOf, Registered, RegistrationRefused, add_edition, register


class SendWholeLicense(ChanceryError):
    """Only digests were sent of a document or edition that the service does not know; nothing was decided.

    ``places`` are the positions of these documents in the request, counted from 0.
    """

    code = "send_whole_license"
    remedy = "Send the publishing license and the body seal themselves; a current client does this by itself."

    def __init__(self, message: str, *, places: Sequence[int] = (0,)) -> None:
        super().__init__(message)
        self.places = tuple(places)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One document for which a license is asked: digests always, the objects themselves where they may be new."""

    pl: bytes
    seal: bytes
    publishing_license: str | None = field(default=None, repr=False)
    body_seal: str | None = field(default=None, repr=False)

    @property
    def whole(self) -> bool:
        """Tell whether the objects themselves came along."""
        return self.publishing_license is not None and self.body_seal is not None


def arrive(
    *, organization: UUID, wanted: Wanted, publisher_of: PublisherOf, actor: Actor, now: int
) -> Registered | RegistrationRefused:
    """Verify and record what is new about a document; what does not verify is recorded as tampering.

    A caller that licenses reads the state again afterwards: what was not believed is still not there.  Raises
    SendWholeLicense when only digests are known.
    """
    if wanted.publishing_license is None or wanted.body_seal is None:
        raise SendWholeLicense("The service does not know this document or this edition of it yet.")
    try:
        if not Content.objects.filter(pl_digest=wanted.pl).exists():
            return register(
                organization=organization,
                publishing_license=wanted.publishing_license,
                body_seal=wanted.body_seal,
                publisher_of=publisher_of,
                actor=actor,
                now=now,
            )
        return register_edition(organization=organization, wanted=wanted, actor=actor, now=now)
    except Unavailable:
        raise
    except ChanceryError as error:
        return _tampered(wanted, actor, error)


@transaction.atomic
def _tampered(wanted: Wanted, actor: Actor, error: ChanceryError) -> RegistrationRefused:
    known = Content.objects.filter(pl_digest=wanted.pl).values_list("cid", "title").first()
    event = record_action(
        Kind.CONTENT_TAMPERED,
        actor,
        outcome=Outcome.REFUSED,
        reason=Reason.TAMPERED,
        content_id=None if known is None else known[0],
        title="" if known is None else known[1],
        details={"code": error.code, "what": error.message},
    )
    return RegistrationRefused(Reason.TAMPERED, event)


def register_edition(*, organization: UUID, wanted: Wanted, actor: Actor, now: int) -> Registered:
    """Put an edition of a registered document on record: the first, or the one that follows the newest.

    A later edition counts if its edit certificate is of the document's present revision, that is, if nobody lost
    access since it was issued, and has not ended.  Raises InvalidFile otherwise.
    """
    if wanted.publishing_license is None or wanted.body_seal is None:
        raise SendWholeLicense("The service does not know this edition yet.")
    license_ = PublishingLicense.parse(wanted.publishing_license)
    if license_.digest != wanted.pl:
        raise InvalidFile("The digest is not the digest of the publishing license that came with it.")
    seal = BodySeal.parse(wanted.body_seal).verify(license=license_, chain=chain(organization))
    if seal.seal.digest != wanted.seal:
        raise InvalidFile("The digest is not the digest of the body seal that came with it.")
    known = Content.objects.select_related("tenant_key").get(pl_digest=wanted.pl)
    if known.editions.filter(seal_digest=wanted.seal).exists():
        return Registered(known.cid, Registration(known.registration), fresh=False)
    try:
        with transaction.atomic():
            content = Content.objects.select_for_update().get(pl_digest=wanted.pl)
            _insert_edition(organization, content, license_, seal, actor, now)
    except IntegrityError:
        # Somebody else brought the same edition at the same time; it is on record.
        return Registered(known.cid, Registration(known.registration), fresh=False)
    return Registered(known.cid, Registration(known.registration), fresh=True)


def _insert_edition(
    organization: UUID, content: Content, license_: PublishingLicense, seal: VerifiedSeal, actor: Actor, now: int
) -> None:
    newest = content.editions.order_by("-n").first()
    facts = seal.seal.facts
    key_rev = content.rev
    if newest is None:
        key = _first_key(organization, content, license_, seal)
    elif facts.prev == bytes(newest.seal_digest) and facts.n == newest.n + 1:
        _check_certificate(organization, content, license_, seal, now)
        if seal.seal.env is None:
            key_rev = newest.key_rev
        if key_rev < content.rev:
            raise InvalidFile("Somebody lost access since the key was made; this edition needs a new key.")
        key = _next_key(organization, content, newest, seal)
    else:
        raise InvalidFile("This edition does not follow the newest one on record.")
    add_edition(organization=organization, content=content, seal=seal, content_key=key, key_rev=key_rev)
    touch()
    kind = Kind.CONTENT_REGISTERED if newest is None else Kind.CONTENT_EDITED
    record_action(kind, actor, content_id=content.cid, title=content.title, details={"edition": facts.n})


def _check_certificate(
    organization: UUID, content: Content, license_: PublishingLicense, seal: VerifiedSeal, now: int
) -> None:
    certificate = EditCertificate.verify(
        seal.seal.certificate, chain=chain(organization).learn(seal.seal.delegation), pl=license_.digest
    )
    if certificate.rev != content.rev or content.revoked_at is not None:
        raise InvalidFile("Access to the document was changed after the right to edit was given.")
    if not certificate.covers(now):
        raise InvalidFile("The right to edit this document had ended before the edition was brought.")


def _first_key(organization: UUID, content: Content, license_: PublishingLicense, seal: VerifiedSeal) -> bytes:
    if seal.seal.facts.n != 1:
        raise InvalidFile("An edition arrived before the first one.")
    envelope = open_known_envelope(license_, store_of(organization, content.tenant_key))
    if seal.sealer.sub not in {content.issuer_id, content.owner_id}:
        raise InvalidObject("The first edition was sealed by somebody else than the publisher.")
    return envelope.key


def _next_key(organization: UUID, content: Content, newest: Edition, seal: VerifiedSeal) -> bytes:
    """Return the key that the edition brought, or the one of the edition before it (PROTOCOL P11)."""
    kid = bytes(content.tenant_key.kid)
    if seal.seal.env is not None:
        return seal.edition_key(store_of(organization, content.tenant_key), kid)
    binding = bindings.content_key(org=organization, kid=kid, cid=content.cid, seal_digest=bytes(newest.seal_digest))
    return aead.unwrap(wrapping_key(organization, content.tenant_key_id), bytes(newest.wrapped_key), binding)

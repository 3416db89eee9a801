"""Register an edition of a registered document: the first, or the one that follows the newest.

See docs/protocol.md P3.
"""

from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction

from chancery.crypto import aead, bindings
from chancery.errors import InvalidFile, InvalidObject, MayNotEdit, Superseded
from chancery.ledger.kinds import Kind
from chancery.objects.body import BodySeal, SealFacts, VerifiedSeal
from chancery.objects.edit import EditCertificate
from chancery.objects.publishing import PublishingLicense, open_known_envelope
from chancery.policy.case import Deny, Registration
from chancery.policy.rights import Right
from chancery.texts import message
from protection.actor import Actor
from protection.keys.subordinate import chain, wrapping_key
from protection.keys.tenant import store_of
from protection.models import Content, Edition
from protection.selectors.decisions import decision_about
from protection.selectors.editions import blocking_editions
from protection.services.add_edition import add_edition
from protection.services.directory import Directory
from protection.services.feed import touch
from protection.services.recording import record_action
from protection.services.register import FUTURE_MARGIN, Registered
from protection.services.running import require_running


@dataclass(frozen=True, slots=True)
class _Arrival:
    organization: UUID
    license: PublishingLicense
    seal: VerifiedSeal
    directory: Directory
    actor: Actor
    now: int


def register_edition(
    *,
    organization: UUID,
    publishing_license: str,
    body_seal: str,
    directory: Directory,
    actor: Actor,
    now: int,
) -> Registered:
    """Record an edition that somebody brings; ``actor`` need not be the one who sealed it.

    It counts if the person who sealed it may edit the document now, from the device that sealed it, and if its edit
    certificate is of the document's present revision and has not ended.  Raises Superseded and MayNotEdit otherwise,
    NotRunning when the organization takes nothing new, and the errors of ``chancery.objects`` for what does not
    verify.
    """
    license_ = PublishingLicense.parse(publishing_license)
    seal = BodySeal.parse(body_seal).verify(license=license_, chain=chain(organization))
    known = Content.objects.get(pl_digest=license_.digest)
    again = Registered(known.cid, Registration(known.registration), fresh=False)
    if known.editions.filter(seal_digest=seal.seal.digest).exists():
        return again
    try:
        with transaction.atomic():
            require_running(directory)
            content = Content.objects.select_for_update().get(cid=known.cid)
            _insert(_Arrival(organization, license_, seal, directory, actor, now), content)
    except IntegrityError:
        # Somebody else brought the same edition at the same time; it is recorded.
        return again
    return Registered(known.cid, Registration(known.registration), fresh=True)


def _insert(arrival: _Arrival, content: Content) -> None:
    """Check and insert the edition.

    The feed head's lock comes first, as in every change of a template, a policy or the settings: what is read under it
    holds until this is committed.  Changes to the directory take no such lock, so who sealed is asked about last.
    """
    touch()
    if arrival.seal.seal.iat > arrival.now + FUTURE_MARGIN:
        raise MayNotEdit(message("The edition is dated in the future; set the clock of the device that sealed it."))
    facts = arrival.seal.seal.facts
    before, passed_over = _followed(content, facts)
    continues = None
    if before is None:
        key = _first_key(arrival, content)
    else:
        _check_certificate(arrival, content)
        continues = before if arrival.seal.seal.env is None else None
        if continues is not None and continues.key_rev < content.rev:
            raise MayNotEdit(message("A person has lost access since the key was made; this edition needs a new key."))
        key = _next_key(arrival, content, before)
    add_edition(
        organization=arrival.organization, content=content, seal=arrival.seal, content_key=key, continues=continues
    )
    record_action(
        Kind.CONTENT_REGISTERED if before is None else Kind.CONTENT_EDITED,
        arrival.actor,
        content=content,
        sealer=arrival.seal.sealer,
        details={"edition": facts.n, **passed_over},
    )
    _check_sealer(arrival)


def _followed(content: Content, facts: SealFacts) -> tuple[Edition | None, dict[str, int]]:
    """Return the edition that a new one follows, and what the event says of those between that it passes over.

    An edition follows the newest one, or an older one while all that came after it are unseen (``selectors.editions``);
    its number is the next in either case, so no two have the same.  Raises Superseded.
    """
    newest = content.editions.order_by("-n").first()
    if newest is None:
        return None, {}
    if facts.n == newest.n + 1:
        if facts.prev == bytes(newest.seal_digest):
            return newest, {}
        before = content.editions.filter(seal_digest=facts.prev).first()
        if before is not None and not blocking_editions(content, after=before.n):
            return before, {"follows": before.n}
    raise Superseded(message("This edition does not follow the newest registered one."))


def _check_certificate(arrival: _Arrival, content: Content) -> None:
    seal = arrival.seal.seal
    certificate = EditCertificate.verify(
        seal.certificate, chain=chain(arrival.organization).learn(seal.delegation), pl=arrival.license.digest
    )
    if certificate.rev != content.rev:
        raise MayNotEdit(message("Access to the document was changed after the right to edit was given."))
    if not certificate.covers(arrival.now):
        raise MayNotEdit(message("The right to edit this document had ended before the edition was brought."))


def _check_sealer(arrival: _Arrival) -> None:
    """Ask whether the person who sealed the edition may edit the document at this moment.

    The certificate says that they could when it was issued.  Since then they may have left a group, been disabled or
    lost their device, none of which raises the document's revision.
    """
    sealer = arrival.seal.sealer
    subject = arrival.directory.subject(sealer.sub, sealer.dev)
    if subject is None:
        raise MayNotEdit(message("The person or device that sealed this edition is not registered here."))
    decision = decision_about(
        organization=arrival.organization, pl_digest=arrival.license.digest, subject=subject, now=arrival.now
    )
    if isinstance(decision, Deny):
        raise MayNotEdit(
            message(
                "The person who sealed this edition may no longer edit the document ({reason}).",
                reason=decision.reason,
            )
        )
    if Right.EDIT not in decision.rights:
        raise MayNotEdit(message("The person who sealed this edition may read the document, but no longer edit it."))


def _first_key(arrival: _Arrival, content: Content) -> bytes:
    if arrival.seal.seal.facts.n != 1:
        raise InvalidFile(message("An edition arrived before the first one."))
    envelope = open_known_envelope(arrival.license, store_of(arrival.organization, content.tenant_key))
    if arrival.seal.sealer.sub not in {content.issuer_id, content.owner_id}:
        raise InvalidObject(message("The first edition was not sealed by the publisher."))
    return envelope.key


def _next_key(arrival: _Arrival, content: Content, newest: Edition) -> bytes:
    """Return the key that the edition brought, or else the one of the edition before (P11).

    A key that is brought is a new one: with the one before, people who lost access since would go on reading.
    """
    kid = bytes(content.tenant_key.kid)
    digest = bytes(newest.seal_digest)
    binding = bindings.content_key(org=arrival.organization, kid=kid, cid=content.cid, seal_digest=digest)
    before = aead.unwrap(wrapping_key(arrival.organization, content.tenant_key_id), bytes(newest.wrapped_key), binding)
    if arrival.seal.seal.env is None:
        return before
    brought = arrival.seal.edition_key(store_of(arrival.organization, content.tenant_key), kid)
    if len(brought) != len(before) or brought == before:
        raise InvalidObject(message("The edition brought a key that is not a new one."))
    return brought

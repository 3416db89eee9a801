"""Take access to a document back at once: from everybody, or from one recipient."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from chancery.errors import ChanceryError
from chancery.ledger.kinds import Kind
from chancery.policy.permission import Permission
from chancery.texts import message
from protection.actor import Actor
from protection.models import (
    Content,
    ContentRevocation,
    GrantBinding,
    PersonalGrant,
    ScheduledRevocation,
    TemplateVersion,
)
from protection.selectors.decisions import ADMINISTRATOR
from protection.services.access import managed_content
from protection.services.feed import invalidate_all_of, invalidate_revisions_below
from protection.services.recording import record_action
from protection.services.successor import checked_successor

MAX_WORDS: Final = 500
"""Letters of a reason or a message."""


class OnlyAdministratorsShutOut(ChanceryError):
    """A person without the role tried to shut out who protected the document."""

    code = "only_administrators"
    remedy = message("Ask an administrator of your organization, or have the document handed over first.")


@dataclass(frozen=True, slots=True)
class Recipient:
    """One person, group, mail domain or organization, by the name that a revocation keeps.

    ``identity`` is whom an address means at present, None for nobody that is known; ``single`` tells that it is one
    person.
    """

    name: str
    identity: UUID | None = None
    single: bool = False


@dataclass(frozen=True, slots=True)
class Revocation:
    """What is taken back: from whom, None for everybody; why; what the refused read; what replaces the document.

    ``issuer_too`` shuts out the person who protected it, whom no other revocation reaches (promise C88).
    """

    recipient: Recipient | None = None
    reason: str = ""
    message: str = ""
    successor: UUID | None = None
    issuer_too: bool = False


@dataclass(frozen=True, slots=True)
class Revoked:
    """The document's revision, and since when access was taken back already, None if it was not.

    ``updated`` tells that something else about it is new: what the refused read, what replaces the document, or that
    the issuer is shut out, too.
    """

    rev: int
    since: datetime | None = None
    updated: bool = False

    @property
    def changed(self) -> bool:
        """Tell whether this call has changed anything."""
        return self.since is None or self.updated


@transaction.atomic
def revoke(*, actor: Actor, cid: UUID, revocation: Revocation) -> Revoked:
    """Revoke a document, for one recipient alone when one is named.

    Refused from the very next license request on, because the deciding statement reads this row; the feed invalidates
    cached licenses.  Revoking twice changes nothing and records the second attempt too.  Raises NotFound,
    OnlyAdministratorsShutOut and NotASuccessor.
    """
    content, basis = managed_content(actor, cid)
    check_revocation(actor, content, revocation)
    name = "" if revocation.recipient is None else revocation.recipient.name
    settled = ScheduledRevocation.objects.filter(content=content, address=name)
    # What an owner has set to end ends, though an administrator took it back before and gives it back again.
    # What the other side has set stays: who revokes could give back at once, and its end would be gone.
    settled.filter(by_administrator=basis == ADMINISTRATOR).delete()
    return take_back(actor, content, basis, revocation)


def check_revocation(actor: Actor, content: Content, revocation: Revocation) -> None:
    """Raise OnlyAdministratorsShutOut or NotASuccessor for what a person who manages the document may not set."""
    if revocation.issuer_too and not actor.may(Permission.DOCUMENTS_REVOKE):
        raise OnlyAdministratorsShutOut(
            message("Only administrators shut out the person who protected a document."),
        )
    if revocation.successor is not None:
        checked_successor(actor, content, revocation.successor)


def take_back(actor: Actor, content: Content, basis: str, revocation: Revocation) -> Revoked:
    """Revoke a locked document on a basis that was found, and record it."""
    recipient = revocation.recipient
    will = _will(actor, content, basis, revocation)
    since = _from_everybody(will, content) if recipient is None else _from_one(will, content, recipient)
    updated = _said(content, revocation)
    if revocation.issuer_too and recipient is None and not content.issuer_blocked:
        content.issuer_blocked, updated = True, True
        # Their device keeps a license of its own, which no revision ends (P10).
        invalidate_all_of(content.issuer_id)
    content.save(
        update_fields=[
            "rev",
            "revoked_at",
            "revoked_by",
            "held_by",
            "revocation_message",
            "successor_id",
            "issuer_blocked",
        ]
    )
    details = {
        "basis": basis,
        "note": revocation.reason[:MAX_WORDS],
        "recipient": "" if recipient is None else "one",
        "issuer_too": revocation.issuer_too,
        "successor": str(revocation.successor or ""),
    }
    record_action(
        Kind.CONTENT_REVOKED,
        actor,
        content=content,
        recipient="" if recipient is None else recipient.name,
        details={k: v for k, v in details.items() if v},
    )
    return Revoked(content.rev, since, updated)


@dataclass(frozen=True, slots=True)
class _Will:
    """Whose will a revocation is, which says who undoes it (docs/protocol.md P18)."""

    person: UUID
    administrator: bool


def _will(actor: Actor, content: Content, basis: str, revocation: Revocation) -> _Will:
    """Return whose will it is: of whom an administrator acts for, if the document is theirs.

    Nobody shuts themselves out in their own name.
    """
    if basis != ADMINISTRATOR:
        return _Will(actor.person, administrator=False)
    theirs = actor.acting_for is not None and actor.acting_for in {content.deciding_issuer, content.owner_id}
    if theirs and not revocation.issuer_too:
        return _Will(actor.own, administrator=False)
    return _Will(actor.person, administrator=True)


def _from_everybody(will: _Will, content: Content) -> datetime | None:
    since = content.revoked_at
    if will.administrator:
        content.held_by = will.person
    if since is None:
        content.revoked_at, content.revoked_by = Now(), will.person
        raise_revision(content)
    elif not will.administrator:
        # From now on it is the owner's will, which an administrator does not undo (docs/protocol.md P18).
        content.revoked_by = will.person
    return since


def _from_one(will: _Will, content: Content, recipient: Recipient) -> datetime | None:
    row, fresh = ContentRevocation.objects.get_or_create(
        content=content,
        address=recipient.name,
        defaults={"identity": meant_by(content, recipient), "revoked_by": will.person},
    )
    if will.administrator:
        row.held_by = will.person
    elif not fresh:
        row.revoked_by = will.person
    row.save(update_fields=["revoked_by", "held_by"])
    if fresh:
        raise_revision(content)
    return None if fresh else row.revoked_at


def _said(content: Content, revocation: Revocation) -> bool:
    """Set what those who are refused read; return whether that is anything new."""
    said, recipient, updated = revocation.message[:MAX_WORDS], revocation.recipient, False
    if said and recipient is None:
        content.revocation_message, updated = said, said != content.revocation_message
    elif said and recipient is not None:
        rows = content.revocations.filter(address=recipient.name).exclude(message=said)
        updated = bool(rows.update(message=said))
    if revocation.successor not in (None, content.successor_id):
        content.successor_id, updated = revocation.successor, True
    return updated


def meant_by(content: Content, recipient: Recipient) -> UUID | None:
    """Return whom an address means on this document: first of all the person who was given something here under it.

    The directory knows who has the address now; the person who had it when they were given access may have another by
    now, and it is their access that is taken back.
    """
    given = PersonalGrant.objects.filter(content=content, address=recipient.name).values_list("person_id", flat=True)
    version = TemplateVersion.objects.filter(template_id=content.template_id, number=F("template__current"))
    scopes = [content.cid, *version.values_list("id", flat=True)]
    bound = GrantBinding.objects.filter(scope__in=scopes, address=recipient.name).values_list("identity", flat=True)
    return given.first() or bound.first() or recipient.identity


def raise_revision(content: Content) -> None:
    """Raise the revision of a locked document, which its caller saves, and invalidate what is kept under lower ones."""
    content.rev += 1
    invalidate_revisions_below(bytes(content.feed_id), content.rev)

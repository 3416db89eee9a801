"""Withdraw access to a document: from everybody, or from one person or group."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from chancery.ledger.kinds import Kind
from protection.actor import Actor
from protection.models import Content, ContentRevocation, GrantBinding, PersonalGrant, TemplateVersion
from protection.selectors.decisions import ADMINISTRATOR
from protection.services.access import managed_content
from protection.services.feed import invalidate_revisions_below
from protection.services.recording import record_action


@dataclass(frozen=True, slots=True)
class Recipient:
    """One person or group by address; ``identity`` is whom it means at present, None for nobody that is known."""

    address: str
    identity: UUID | None = None


@dataclass(frozen=True, slots=True)
class Revoked:
    """The document's revision, and since when access was taken back already, None if it was not."""

    rev: int
    since: datetime | None = None

    @property
    def changed(self) -> bool:
        """Tell whether access was taken back by this call."""
        return self.since is None


@transaction.atomic
def revoke(*, actor: Actor, cid: UUID, reason: str = "", recipient: Recipient | None = None) -> Revoked:
    """Revoke a document, for one recipient alone when one is named.

    Refused from the very next license request on, because the deciding statement reads this row; the feed invalidates
    cached licenses.  Revoking twice changes nothing and records the second attempt too.  Raises NotFound.
    """
    content, basis = managed_content(actor, cid)
    since = None
    if recipient is None:
        since = content.revoked_at
        if since is None:
            _raise_revision(content, revoked_by=actor.person)
        elif basis != ADMINISTRATOR:
            # From now on it is the owner's will, which an administrator does not undo (docs/protocol.md P18).
            content.revoked_by = actor.person
            content.save(update_fields=["revoked_by"])
    else:
        row, fresh = ContentRevocation.objects.get_or_create(
            content=content,
            address=recipient.address,
            defaults={"identity": _meant(content, recipient), "revoked_by": actor.person},
        )
        if fresh:
            _raise_revision(content)
        else:
            since = row.revoked_at
        if since is not None and basis != ADMINISTRATOR:
            row.revoked_by = actor.person
            row.save(update_fields=["revoked_by"])
    details = {"basis": basis, "note": reason[:500], "recipient": "" if recipient is None else "one"}
    record_action(
        Kind.CONTENT_REVOKED,
        actor,
        content=content,
        recipient="" if recipient is None else recipient.address,
        details={k: v for k, v in details.items() if v},
    )
    return Revoked(content.rev, since)


def _meant(content: Content, recipient: Recipient) -> UUID | None:
    """Return whom an address means on this document: first of all the person who was given something here under it.

    The directory knows who has the address now; the person who had it when they were given access may have another by
    now, and it is their access that is taken back.
    """
    given = PersonalGrant.objects.filter(content=content, address=recipient.address).values_list("person_id", flat=True)
    version = TemplateVersion.objects.filter(template_id=content.template_id, number=F("template__current"))
    scopes = [content.cid, *version.values_list("id", flat=True)]
    bound = GrantBinding.objects.filter(scope__in=scopes, address=recipient.address).values_list("identity", flat=True)
    return given.first() or bound.first() or recipient.identity


def _raise_revision(content: Content, revoked_by: UUID | None = None) -> None:
    content.rev += 1
    if revoked_by is not None:
        content.revoked_at, content.revoked_by = Now(), revoked_by
    content.save(update_fields=["rev", "revoked_at", "revoked_by"])
    invalidate_revisions_below(bytes(content.feed_id), content.rev)

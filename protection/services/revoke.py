"""Withdraw access to a document: from everybody, or from one person or group."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from protection.events import Actor, Kind
from protection.models import Content, ContentRevocation
from protection.services.access import ADMINISTRATOR, managed_content
from protection.services.feed import kill_revisions_below
from protection.services.recording import record_action


@dataclass(frozen=True, slots=True)
class Recipient:
    """One person or group by address; ``identity`` is whom it means at present, None for nobody that is known."""

    address: str
    identity: UUID | None = None


@transaction.atomic
def revoke(*, actor: Actor, cid: UUID, reason: str = "", recipient: Recipient | None = None) -> int:
    """Revoke a document, for one recipient alone when one is named; return its new revision.

    Refused from the very next license request on, because the deciding statement reads this row; cached licenses die
    by the feed.  Revoking twice changes nothing and records the second attempt too.  Raises NotFound.
    """
    content, ground = managed_content(actor, cid)
    if recipient is None:
        if content.revoked_at is None:
            _raise_revision(content, revoked_by=actor.person)
        elif ground != ADMINISTRATOR:
            # From now on it is the owner's will, which an administrator does not undo (PROTOCOL P18).
            content.revoked_by = actor.person
            content.save(update_fields=["revoked_by"])
    else:
        row, fresh = ContentRevocation.objects.get_or_create(
            content=content,
            address=recipient.address,
            defaults={"identity": recipient.identity, "revoked_by": actor.person},
        )
        if fresh:
            _raise_revision(content)
        elif ground != ADMINISTRATOR:
            row.revoked_by = actor.person
            row.save(update_fields=["revoked_by"])
    details = {"ground": ground, "note": reason[:500], "recipient": "" if recipient is None else "one"}
    record_action(
        Kind.CONTENT_REVOKED,
        actor,
        content_id=cid,
        title=content.title,
        details={k: v for k, v in details.items() if v},
    )
    return content.rev


def _raise_revision(content: Content, revoked_by: UUID | None = None) -> None:
    content.rev += 1
    if revoked_by is not None:
        content.revoked_at, content.revoked_by = Now(), revoked_by
    content.save(update_fields=["rev", "revoked_at", "revoked_by"])
    kill_revisions_below(bytes(content.feed_id), content.rev)

"""What a person reads beside a refusal because of a revocation: the message, and what replaces the document."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from chancery.policy.case import Allow
from chancery.policy.reasons import Reason
from chancery.policy.revocations import EVERYBODY, reaches
from chancery.policy.subject import Subject
from protection.models import Content
from protection.selectors.decisions import decision_about

REVOCATIONS: Final = frozenset({Reason.REVOKED, Reason.REVOKED_FOR_YOU})


@dataclass(frozen=True, slots=True)
class Successor:
    """The document that replaces another one.

    ``cid`` and ``title`` are for those who may open it; the others learn only that there is one.
    """

    cid: UUID | None = None
    title: str = ""


@dataclass(frozen=True, slots=True)
class RevocationNote:
    """The message that was written for the refused, "" for none, and the successor, None for none."""

    message: str = ""
    successor: Successor | None = None


NOTHING: Final = RevocationNote()


def revocation_note(*, organization: UUID, cid: UUID, subject: Subject, reason: Reason, now: int) -> RevocationNote:
    """Return what a person reads who is refused for this reason."""
    if reason not in REVOCATIONS:
        return NOTHING
    content = Content.objects.only("cid", "revocation_message", "successor_id").get(cid=cid)
    message = _message(content, subject, reason, now)
    return RevocationNote(message, _successor(content.successor_id, organization, subject, now))


def _message(content: Content, subject: Subject, reason: Reason, now: int) -> str:
    """Return the message of what was revoked; of what came due in this second, that of what was set."""
    everybody = reason is Reason.REVOKED
    if everybody and content.revocation_message:
        return content.revocation_message
    made = (
        () if everybody else content.revocations.order_by("-revoked_at").values_list("address", "identity", "message")
    )
    due = content.scheduled_revocations.filter(at__lte=now).order_by("at")
    rows = (*made, *due.values_list("address", "identity", "message"))
    for name, identity, message in rows:
        meant = name == EVERYBODY if everybody else name != EVERYBODY and reaches(name, identity, subject)
        if meant and message:
            return str(message)
    return ""


def _successor(cid: UUID | None, organization: UUID, subject: Subject, now: int) -> Successor | None:
    found = None if cid is None else Content.objects.filter(cid=cid).only("cid", "pl_digest", "title").first()
    if found is None:
        return None
    decided = decision_about(organization=organization, pl_digest=bytes(found.pl_digest), subject=subject, now=now)
    return Successor(found.cid, found.title) if isinstance(decided, Allow) else Successor()

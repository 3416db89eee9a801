"""Events in words, for people who never saw a code."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from audit.selectors.events import EventRow
from protection.licensing.policy import Strength
from protection.licensing.reasons import WORDS, Reason

SIGNED_IN_BY: Final = {
    Strength.CODE: "a mailed code",
    Strength.PASSWORD: "a password",
    Strength.MFA: "two steps",
    Strength.PASSKEY: "a passkey",
}
"""How somebody signed in; documents can ask for more than a mailed code."""

_KINDS = {
    "certificate.issued": "may now protect on this device",
    "content.published": "protected it",
    "content.registered": "made it known",
    "content.held": "made it known; it is held",
    "content.edited": "saved a new edition",
    "content.changed": "changed its policy",
    "content.revoked": "took access back",
    "content.restored": "gave access back",
    "content.accepted": "accepted it",
    "content.barred": "barred it",
    "proof.refused": "sent a request without the proof of a device",
    "content.tampered": "brought a copy that does not verify",
    "content.reported": "reported an opening from their own copy",
    "license.release_failed": "was allowed, but the license could not be made",
    "key.created": "made a key",
    "key.rotated": "activated a key",
    "key.compromised": "marked a key as compromised",
    "service.activated": "switched the service on",
    "service.deactivated": "switched the service off",
    "settings.changed": "changed the settings",
    "template.created": "made a template",
    "template.edited": "edited a template",
    "template.restored": "brought back an earlier version of a template",
    "template.published": "published a template",
    "template.archived": "archived a template",
}


_RIGHTS = {
    "VIEW": "read",
    "DOCEDIT": "edit",
    "EDIT": "save changes",
    "COMMENT": "comment",
    "EXPORT": "export",
    "EXTRACT": "copy",
    "PRINT": "print",
    "FORWARD": "forward",
    "REPLY": "reply",
    "REPLYALL": "reply to all",
    "OBJMODEL": "let programs read",
    "VIEWRIGHTSDATA": "see who has access",
    "EDITRIGHTSDATA": "change who has access",
    "OWNER": "everything",
}


def right_in_words(right: str) -> str:
    """Return one right as people say it."""
    return _RIGHTS.get(right, right)


def rights_in_words(rights: Iterable[str]) -> str:
    """Return rights as people say them; all of them are one word."""
    names = list(rights)
    return _RIGHTS["OWNER"] if "OWNER" in names else ", ".join(_RIGHTS.get(name, name) for name in names)


@dataclass(frozen=True, slots=True)
class ShownEvent:
    """One event as a page shows it; ``tone`` is good, bad or plain."""

    id: UUID
    at: datetime
    who: str
    what: str
    why: str
    tone: str
    badge: str
    ip: str
    device: str
    title: str
    rights: str
    content_id: UUID | None
    seq: int | None
    kind: str


def shown_event(row: EventRow) -> ShownEvent:
    """Put one event into words."""
    refused = row.outcome in {"refused", "failed"}
    if row.kind == "content.opened":
        what = "was refused" if refused else "opened it"
    elif row.kind == "content.edited" and refused:
        what = "brought an edition that was not taken"
    else:
        what = _KINDS.get(row.kind, row.kind.replace(".", " ").replace("_", " "))
    return ShownEvent(
        id=row.id,
        at=row.received_at,
        who=_who(row),
        what=what,
        why=_why(row) if refused or row.reason else "",
        tone="bad" if refused else "good" if row.outcome == "allowed" else "plain",
        badge={"refused": "Refused", "failed": "Failed", "allowed": "Opened"}.get(row.outcome, "Done"),
        ip=str(row.personal.get("ip", "")),
        device=str(row.personal.get("device_name", "")),
        title=str(row.personal.get("title", "")),
        rights=rights_in_words(row.details.get("rights", [])),
        content_id=row.content_id,
        seq=row.seq,
        kind=row.kind,
    )


def _who(row: EventRow) -> str:
    addresses = row.personal.get("addresses") or []
    return str(addresses[0] if addresses else row.personal.get("name") or "The service")


def _why(row: EventRow) -> str:
    """Return the reason in the owner's words."""
    if row.reason in set(Reason):
        words = WORDS[Reason(row.reason)].owner
        detail = row.details.get("detail") or row.details.get("what")
        return f"{words} {detail}" if detail else words
    return row.reason.replace("_", " ")

"""Events in words, for people who never saw a code."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils import timezone

from audit.selectors.events import EventRow
from protection.events import Kind
from protection.licensing.policy import Strength
from protection.licensing.programs import Hold, Program
from protection.licensing.reasons import WORDS, Reason
from protection.licensing.words import rights_in_words

SIGNED_IN_BY: Final = {
    Strength.CODE: "a mailed code",
    Strength.PASSWORD: "a password",
    Strength.MFA: "two steps",
    Strength.PASSKEY: "a passkey",
}
"""How somebody signed in; documents can ask for more than a mailed code."""

PROGRAMS: Final = {Program.COMMAND_LINE: "Command line", Program.LIBRARY: "Programs with the library"}
"""Kinds of program that open documents."""

HOLDS: Final = {Hold.ENFORCED: "enforced", Hold.ADVISED: "advised", Hold.NOT_ENFORCED: "not enforced"}
"""How firmly a right is withheld."""

_KINDS = {
    "certificate.issued": "may now protect on this device",
    "content.published": "protected it",
    "content.registered": "made it known",
    "content.held": "made it known; it is held",
    "content.edited": "saved a new edition",
    "content.changed": "changed its policy",
    "content.labeled": "changed its label",
    "content.revoked": "took access back",
    "content.restored": "gave access back",
    "content.accepted": "accepted it",
    "content.barred": "barred it",
    "proof.refused": "sent a request without the proof of a device",
    "content.tampered": "brought a copy that does not verify",
    "content.reported": "reported an opening from their own copy",
    "access.requested": "asked for access",
    "access.granted": "gave access to somebody who asked",
    "access.declined": "declined a request for access",
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
    "template.deleted": "deleted a template",
    "template.undeleted": "brought back a deleted template",
    "label.created": "made a label",
    "label.edited": "edited a label",
    "label.published": "published a label",
    "label.archived": "archived a label",
    "person.created": "added a person",
    "person.invited": "added a guest",
    "person.changed": "changed a person's name",
    "person.disabled": "disabled a person",
    "person.enabled": "enabled a person",
    "role.changed": "changed a role",
    "address.added": "added an address",
    "address.proven": "proved an address",
    "address.removed": "removed an address",
    "group.created": "made a group",
    "group.changed": "changed who is in a group",
    "group.deleted": "deleted a group",
    "device.enrolled": "added a device",
    "device.revoked": "revoked a device",
    "domain.claimed": "claimed a mail domain",
    "domain.proven": "proved a mail domain",
    "domain.released": "gave up a mail domain",
    "program.created": "made a program",
    "program.disabled": "disabled a program",
    "enrollment_code.issued": "issued a code for a device",
    "sign_in_link.issued": "issued a link to sign in",
}


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
    concerns: str
    rights: str
    content_id: UUID | None
    seq: int | None
    kind: str


def shown_event(row: EventRow, templates: Mapping[str, str] | None = None) -> ShownEvent:
    """Put one event into words; ``templates`` are the names of templates by their ids."""
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
        why=_why(row) if refused or row.reason else _given(row),
        tone="bad" if refused else "good" if row.outcome == "allowed" else "plain",
        badge={"refused": "Refused", "failed": "Failed", "allowed": "Opened"}.get(row.outcome, "Done"),
        ip=str(row.personal.get("ip", "")),
        device=str(row.personal.get("device_name", "")),
        title=str(row.personal.get("title", "")),
        concerns=_concerns(row, templates or {}),
        rights=rights_in_words(row.details.get("rights", [])),
        content_id=row.content_id,
        seq=row.seq,
        kind=row.kind,
    )


def _who(row: EventRow) -> str:
    """Return who acted: events of the directory name him, and list the addresses of those it happened to."""
    addresses = row.personal.get("addresses") or []
    own = addresses[0] if addresses and row.kind in set(Kind) else ""
    return str(own or row.personal.get("name") or "The service")


def _concerns(row: EventRow, templates: Mapping[str, str]) -> str:
    """Return whom or what it happened to, "" where the record names nothing but the one who acted."""
    details, named = row.details, [str(row.personal.get("title", "")), str(row.personal.get("recipient", ""))]
    if row.kind not in set(Kind):
        named += [str(address) for address in row.personal.get("addresses") or []]
    if row.kind == Kind.SETTINGS_CHANGED:
        named += [str(name).replace("_", " ") for name in details]
    named.append(templates.get(str(details.get("template", "")), ""))
    named.append(str(details.get("domain", "")))
    if details.get("key"):
        named.append(f"{str(details['key'])[:16]}…")
    return ", ".join(dict.fromkeys(name for name in named if name))


def _given(row: EventRow) -> str:
    """Return the reason that somebody gave for what he did, or for whom he did it and until when."""
    recipient = row.personal.get("recipient")
    if recipient:
        end = row.details.get("until")
        zone = timezone.get_current_timezone()
        until = "" if end is None else f", until {datetime.fromtimestamp(end, zone):%Y-%m-%d %H:%M %Z}"
        return f"For {recipient}{until}"
    given = row.details.get("note") or row.details.get("reason")
    return f"Reason given: {given}" if given else ""


def _why(row: EventRow) -> str:
    """Return the reason in the owner's words."""
    if row.reason in set(Reason):
        words = WORDS[Reason(row.reason)].owner
        detail = row.details.get("detail") or row.details.get("what")
        return f"{words} {detail}" if detail else words
    return row.reason.replace("_", " ")

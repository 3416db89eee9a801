"""Events in words, for people who never saw a code."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from audit.selectors.events import EventRow
from portal.languages import reader_languages, recalled, told
from portal.words.roles import role_in_words
from protection.events import Kind
from protection.licensing.policy import Strength
from protection.licensing.programs import Hold, Program
from protection.licensing.reasons import WORDS, Reason
from protection.licensing.words import rights_in_words
from protection.selectors.labels import label_names
from protection.selectors.templates import template_names

SIGNED_IN_BY: Final = {
    Strength.CODE: gettext_lazy("a mailed code"),
    Strength.PASSWORD: gettext_lazy("a password"),
    Strength.MFA: gettext_lazy("two steps"),
    Strength.PASSKEY: gettext_lazy("a passkey"),
}
"""How somebody signed in; documents can ask for more than a mailed code."""

PROGRAMS: Final = {
    Program.COMMAND_LINE: gettext_lazy("Command line"),
    Program.LIBRARY: gettext_lazy("Programs with the library"),
}
"""Kinds of program that open documents."""

HOLDS: Final = {
    Hold.ENFORCED: gettext_lazy("enforced"),
    Hold.ADVISED: gettext_lazy("advised"),
    Hold.NOT_ENFORCED: gettext_lazy("not enforced"),
}
"""How firmly a right is withheld."""

_KINDS = {
    "certificate.issued": gettext_lazy("may now protect on this device"),
    "content.published": gettext_lazy("protected it"),
    "content.registered": gettext_lazy("made it known"),
    "content.pending": gettext_lazy("made it known; it is pending"),
    "content.edited": gettext_lazy("saved a new edition"),
    "content.changed": gettext_lazy("changed its policy"),
    "content.labeled": gettext_lazy("changed its label"),
    "content.revoked": gettext_lazy("took access back"),
    "content.restored": gettext_lazy("gave access back"),
    "content.accepted": gettext_lazy("accepted it"),
    "content.blocked": gettext_lazy("blocked it"),
    "proof.refused": gettext_lazy("sent a request without the proof of a device"),
    "content.tampered": gettext_lazy("brought a copy that does not verify"),
    "content.reported": gettext_lazy("reported an opening from their own copy"),
    "access.requested": gettext_lazy("asked for access"),
    "access.granted": gettext_lazy("gave access to somebody who asked"),
    "access.declined": gettext_lazy("declined a request for access"),
    "access.gained_by_author": gettext_lazy("made a change by which an administrator gained access"),
    "license.release_failed": gettext_lazy("was allowed, but the license could not be made"),
    "key.created": gettext_lazy("made a key"),
    "key.rotated": gettext_lazy("activated a key"),
    "key.compromised": gettext_lazy("marked a key as compromised"),
    "service.activated": gettext_lazy("switched the service on"),
    "service.deactivated": gettext_lazy("switched the service off"),
    "settings.changed": gettext_lazy("changed the settings"),
    "template.created": gettext_lazy("made a template"),
    "template.edited": gettext_lazy("edited a template"),
    "template.restored": gettext_lazy("brought back an earlier version of a template"),
    "template.published": gettext_lazy("published a template"),
    "template.archived": gettext_lazy("archived a template"),
    "template.deleted": gettext_lazy("deleted a template"),
    "template.undeleted": gettext_lazy("brought back a deleted template"),
    "label.created": gettext_lazy("made a label"),
    "label.edited": gettext_lazy("edited a label"),
    "label.published": gettext_lazy("published a label"),
    "label.archived": gettext_lazy("archived a label"),
    "person.created": gettext_lazy("added a person"),
    "person.invited": gettext_lazy("added a guest"),
    "person.changed": gettext_lazy("changed a person's preferences"),
    "person.disabled": gettext_lazy("disabled a person"),
    "person.enabled": gettext_lazy("enabled a person"),
    "person.removed": gettext_lazy("removed a person who left"),
    "person.started_afresh": gettext_lazy("ended what could sign in before the address was proven"),
    "role.changed": gettext_lazy("changed a role"),
    "address.added": gettext_lazy("added an address"),
    "address.proven": gettext_lazy("proved an address"),
    "address.removed": gettext_lazy("removed an address"),
    "group.created": gettext_lazy("made a group"),
    "group.changed": gettext_lazy("changed who is in a group"),
    "group.deleted": gettext_lazy("deleted a group"),
    "device.enrolled": gettext_lazy("added a device"),
    "device.revoked": gettext_lazy("revoked a device"),
    "domain.claimed": gettext_lazy("claimed a mail domain"),
    "domain.proven": gettext_lazy("proved a mail domain"),
    "domain.released": gettext_lazy("gave up a mail domain"),
    "program.created": gettext_lazy("made a program"),
    "program.disabled": gettext_lazy("disabled a program"),
    "enrollment_code.issued": gettext_lazy("issued a code for a device"),
    "sign_in_link.issued": gettext_lazy("issued a link to sign in"),
}
"""What somebody did, to stand behind his name."""

_FROM_WHOM: Final = {
    "content.revoked": gettext_lazy("took access back from {recipient}"),
    "content.restored": gettext_lazy("gave access back to {recipient}"),
}
"""What was done to one person or group alone, who is named in what happened."""

_BADGES = {
    "refused": gettext_lazy("Refused"),
    "failed": gettext_lazy("Failed"),
    "allowed": gettext_lazy("Opened"),
}

NUMBERED_WITHIN: Final = timedelta(minutes=1)


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


def names_in(rows: Iterable[EventRow]) -> dict[str, str]:
    """Return the names of the templates and labels that events are about, by their ids."""
    found = list(rows)
    templates = {str(row.details["template"]) for row in found if "template" in row.details}
    # Other events have a "before" of their own.
    about_labels = [row.details for row in found if "label" in row.details]
    labels = {str(details[name]) for details in about_labels for name in ("label", "before") if name in details}
    languages = reader_languages()
    return {
        **(template_names(templates, *languages) if templates else {}),
        **(label_names(labels, *languages) if labels else {}),
    }


def shown_event(row: EventRow, names: Mapping[str, str] | None = None) -> ShownEvent:
    """Put one event into words; ``names`` are those of templates and labels by their ids."""
    refused = row.outcome in {"refused", "failed"}
    if row.kind == "content.opened":
        what = _("was refused") if refused else _("opened it")
    elif row.kind == "content.edited" and refused:
        what = _("brought an edition that was not taken")
    elif row.kind == "content.labeled" and _labels(row, names or {}):
        what = _("changed its label: {label}").format(label=_labels(row, names or {}))
    elif row.kind in _FROM_WHOM and row.personal.get("recipient"):
        what = str(_FROM_WHOM[row.kind]).format(recipient=row.personal["recipient"])
    elif row.kind == "role.changed" and "after" in row.details:
        before, after = (role_in_words(str(row.details.get(name, ""))) for name in ("before", "after"))
        what = _("changed a role: {before} → {after}").format(before=before, after=after)
    else:
        what = str(_KINDS.get(row.kind, row.kind.replace(".", " ").replace("_", " ")))
    return ShownEvent(
        id=row.id,
        at=row.received_at,
        who=_who(row),
        what=what,
        why=_why(row) if refused or row.reason else _given(row),
        tone="bad" if refused or row.altered else "good" if row.outcome == "allowed" else "plain",
        badge=_unproven(row) or str(_BADGES.get(row.outcome) or pgettext("how something ended", "Done")),
        ip=str(row.personal.get("ip", "")),
        device=str(row.personal.get("device_name", "")),
        title=str(row.personal.get("title", "")),
        concerns=_concerns(row, names or {}),
        rights=told(rights_in_words(row.details.get("rights", []))),
        content_id=row.content_id,
        seq=row.seq,
        kind=row.kind,
    )


def _unproven(row: EventRow) -> str:
    """Return what is to be known of an event that the tree does not vouch for, "" for all others.

    Numbers come within seconds; an event that still has none after a minute was not recorded by the service.
    """
    if row.altered:
        return _("Altered after it was recorded")
    if row.seq is None and datetime.now(UTC) - row.received_at > NUMBERED_WITHIN:
        return _("Not numbered: not proven")
    return ""


def _who(row: EventRow) -> str:
    """Return who acted: events of the directory name him, and list the addresses of those it happened to."""
    addresses = row.personal.get("addresses") or []
    own = addresses[0] if addresses and row.kind in set(Kind) else ""
    return str(own or row.personal.get("name") or _("The service"))


def _concerns(row: EventRow, names: Mapping[str, str]) -> str:
    """Return whom or what it happened to, "" where the record names nothing but the one who acted."""
    details, named = row.details, [str(row.personal.get("title", "")), str(row.personal.get("recipient", ""))]
    if row.kind not in set(Kind):
        named += [str(address) for address in row.personal.get("addresses") or []]
    if row.kind == Kind.SETTINGS_CHANGED:
        named += [str(name).replace("_", " ") for name in details.get("settings", details)]
    named.append(names.get(str(details.get("template", "")), ""))
    named.append(_labels(row, names))
    named.append(str(details.get("domain", "")))
    if details.get("key"):
        named.append(f"{str(details['key'])[:16]}…")
    return ", ".join(dict.fromkeys(name for name in named if name))


def _labels(row: EventRow, names: Mapping[str, str]) -> str:
    """Return the label that an event is about, after the one that it took the place of; "" without one."""
    label, before = (names.get(str(row.details.get(name, "")), "") for name in ("label", "before"))
    return f"{before} → {label}" if before and label else label


def _given(row: EventRow) -> str:
    """Return the reason that somebody gave for what he did, or for whom he did it and until when."""
    recipient = row.personal.get("recipient")
    if recipient and row.kind not in _FROM_WHOM:
        end = row.details.get("until")
        if end is None:
            return _("For {recipient}").format(recipient=recipient)
        until = datetime.fromtimestamp(end, timezone.get_current_timezone())
        return _("For {recipient}, until {moment}").format(recipient=recipient, moment=f"{until:%Y-%m-%d %H:%M %Z}")
    given = row.details.get("note") or row.details.get("reason")
    return _("Reason given: {reason}").format(reason=given) if given else ""


def _why(row: EventRow) -> str:
    """Return the reason in the owner's words."""
    if row.reason in set(Reason):
        words = told(WORDS[Reason(row.reason)].owner)
        detail = recalled(str(row.details.get("detail") or row.details.get("what") or ""))
        return f"{words} {detail}" if detail else words
    return row.reason.replace("_", " ")

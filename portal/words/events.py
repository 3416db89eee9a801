"""Events in words, for people who never saw a code; pages, API, command line and exports say the same."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from string import Formatter
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from audit.selectors.events import EventRow
from chancery.ledger.kinds import Kind
from chancery.policy.policy import Strength
from chancery.policy.programs import Hold, Program
from chancery.policy.words import rights_in_words
from portal.languages import reader_languages, translate
from portal.words.access_levels import level_called
from portal.words.actors import ShownActor, shown_actor
from portal.words.event_changes import Known, change_sentences, changes_of, named
from portal.words.event_reasons import moment_in_words, why_of
from portal.words.event_sentences import SENTENCES, UNKNOWN
from portal.words.roles import role_in_words, roles_in_words
from portal.words.sentence_variants import (
    ALL,
    AS_RECORDED,
    BY_CODE,
    BY_CODE_IN_VIEWER,
    EMERGENCY,
    FOR_THE_OWNER,
    FOR_USER,
    FURTHER,
    HIDDEN_GROUP,
    IN_VIEWER,
    ISSUER,
    ISSUER_TOO,
    OTHER,
    OWN,
    PLAIN,
    REFUSED,
    REPLACED,
    WRITTEN_FOR,
)
from protection.selectors.decisions import ADMINISTRATOR
from protection.selectors.labels import label_names, label_names_over_time
from protection.selectors.templates import template_names, template_names_at
from tenants.events import DirectoryKind

SIGNED_IN_BY: Final = {
    Strength.CODE: gettext_lazy("a mailed code"),
    Strength.PASSWORD: gettext_lazy("a password"),
    Strength.MFA: gettext_lazy("two steps"),
    Strength.PASSKEY: gettext_lazy("a passkey"),
}
"""How somebody signed in; documents can ask for more than a mailed code."""

PROGRAMS: Final = {
    Program.COMMAND_LINE: gettext_lazy("Command line"),
    Program.BROWSER: gettext_lazy("Browser"),
    Program.VIEWER: gettext_lazy("Browser, viewer only"),
    Program.LIBRARY: gettext_lazy("Programs with the library"),
}
"""Kinds of program that open documents."""

HOLDS: Final = {
    Hold.ENFORCED: gettext_lazy("enforced"),
    Hold.ADVISED: gettext_lazy("advised"),
    Hold.NOT_ENFORCED: gettext_lazy("not enforced"),
}
"""How firmly a right is withheld."""

_BADGES = {
    "refused": gettext_lazy("Refused"),
    "failed": gettext_lazy("Failed"),
    "allowed": gettext_lazy("Opened"),
}

NUMBERED_WITHIN: Final = timedelta(minutes=1)

_DIRECTORY: Final = frozenset(DirectoryKind)
_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_MISSING: Final = {
    "target": gettext_lazy("a person"),
    "recipient": gettext_lazy("a person"),
    "address": gettext_lazy("that is no longer known"),
    "group": gettext_lazy("that is no longer known"),
    "domain": gettext_lazy("that is no longer known"),
    "blocked": gettext_lazy("somebody who is no longer named"),
}
"""What is shown where an event of before, or one whose personal data was erased, does not name it."""


@dataclass(frozen=True, slots=True)
class ShownDocument:
    """The document that an event is about, as it was at that moment; "" and None where nothing was recorded."""

    title: str
    issuer: str
    owner: str
    template: str
    template_id: str | None
    template_version: int | None
    label: str
    label_id: str | None


@dataclass(frozen=True, slots=True)
class ShownEvent:
    """One event in words.

    ``what`` is one sentence that names actor, object and target; ``changes`` are the differences, ``why`` the reason of
    a refusal or the one that somebody gave.  ``tone`` is good, bad, warn or plain.
    """

    id: UUID
    at: datetime
    actor: ShownActor
    what: str
    changes: tuple[str, ...]
    why: str
    tone: str
    badge: str
    ip: str
    device: str
    title: str
    rights: str
    document: ShownDocument | None
    content_id: UUID | None
    seq: int | None
    kind: str

    @property
    def who(self) -> str:
        """Who acted; never empty."""
        return self.actor.words

    @property
    def text(self) -> str:
        """All of it as one text, for places that show nothing beside."""
        return " ".join((self.what, *self.changes, *((self.why,) if self.why else ())))


def shown_events(rows: Sequence[EventRow], organization: UUID, organization_name: str) -> list[ShownEvent]:
    """Put events of an organization into words, in the reader's language."""
    known = _known_in(rows, organization, organization_name)
    return [_shown(row, known) for row in rows]


def _known_in(rows: Sequence[EventRow], organization: UUID, organization_name: str) -> Known:
    """Return the names that these events refer to, each kind of name read once for all of them."""
    details: list[Mapping[str, Any]] = [one for row in rows for one in (row.details, _document(row.details))]
    templates = {str(one[name]) for one in details for name in ("template", "followed", "target") if name in one}
    templates |= {str(one.get(name)) for row in rows for one in _labels_changed(row) for name in ("before", "after")}
    versions = {(str(one["template"]), one["version"]) for one in details if "template" in one and "version" in one}
    labels = {str(one["label"]) for one in details if "label" in one}
    labels |= {str(one["before"]) for one in details if "label" in one and "before" in one}
    languages = reader_languages()
    return Known(
        templates=template_names(ids, *languages) if (ids := _ids(templates)) else {},
        versions=template_names_at(versions, *languages),
        labels=label_names(ids, *languages) if (ids := _ids(labels)) else {},
        labels_before=label_names_over_time(ids, *languages) if (ids := _ids(labels)) else {},
        organization=organization,
        organization_name=organization_name,
    )


def _shown(row: EventRow, known: Known) -> ShownEvent:
    """Put one event into words; ``known`` holds the names that it refers to."""
    refused = row.outcome in {"refused", "failed"}
    actor = shown_actor(row)
    values = _values(row, known, actor)
    unproven = _unproven(row)
    return ShownEvent(
        id=row.id,
        at=row.received_at,
        actor=actor,
        what=_sentence(row, values),
        changes=tuple(change_sentences(row, known)),
        why=why_of(row),
        tone="bad"
        if refused or row.altered
        else "warn"
        if unproven
        else "good"
        if row.outcome == "allowed"
        else "plain",
        badge=unproven or str(_BADGES.get(row.outcome) or pgettext("how something ended", "Done")),
        ip=str(row.personal.get("ip", "")),
        device=str(row.personal.get("device_name", "")),
        title=str(row.personal.get("title", "")),
        rights=values["rights"],
        document=None if row.content_id is None else _shown_document(row, known),
        content_id=row.content_id,
        seq=row.seq,
        kind=row.kind,
    )


def _sentence(row: EventRow, values: Mapping[str, str]) -> str:
    """Return what happened: the first of the kind's sentences that fits the event."""
    sentences = SENTENCES.get(row.kind)
    if sentences is None:
        return str(UNKNOWN).format(who=values["who"], kind=row.kind.replace(".", " ").replace("_", " "))
    chosen = next(
        (sentence for variant, sentence in sentences.items() if _fits(variant, str(sentence), row, values)),
        sentences[PLAIN],
    )
    return str(chosen).format(**{name: value or str(_MISSING.get(name, "–")) for name, value in values.items()})


_IN_DETAILS: Final = {ALL, HIDDEN_GROUP, FURTHER, EMERGENCY, FOR_USER, ISSUER_TOO, REPLACED, WRITTEN_FOR}
"""Sentences that are true where the event has a detail of this name."""


def _fits(variant: str, sentence: str, row: EventRow, values: Mapping[str, str]) -> bool:
    """Tell whether a sentence is true of an event and the event holds all that it names."""
    if row.kind == Kind.CONTENT_REPORTED:
        action = str(row.details.get("action"))
        by_its_name = action in {"refused", "tampered"} or row.outcome != "refused"
        return variant == (action if by_its_name else f"{action} {REFUSED}")
    if row.kind == Kind.PERSONAL_DATA_READ and variant:
        return variant == row.details.get("what")
    if (variant == REFUSED) != (row.outcome == "refused" and REFUSED in SENTENCES[row.kind]):
        return False
    if variant in {BY_CODE, BY_CODE_IN_VIEWER} and "outsider" not in row.personal:
        return False
    if variant in {IN_VIEWER, BY_CODE_IN_VIEWER} and "viewer" not in row.details:
        return False
    if variant in _IN_DETAILS and variant not in row.details:
        return False
    if variant in {OTHER, OWN} and (values["target"] == values["who"]) != (variant == OWN):
        return False
    if variant == FOR_THE_OWNER and row.details.get("basis") != ADMINISTRATOR:
        return False
    if variant == ISSUER and values["issuer"] == values["who"]:
        return False
    return all(values[name] for _text, name, _format, _conversion in Formatter().parse(sentence) if name)


def _values(row: EventRow, known: Known, actor: ShownActor) -> dict[str, str]:
    """Return all that sentences can name, "" for what the event does not hold."""
    details, personal = row.details, row.personal
    title, recipient = str(personal.get("title", "")), str(personal.get("recipient", ""))
    addresses = [str(address) for address in personal.get("addresses") or ()]
    first = addresses[0] if row.kind in _DIRECTORY and addresses else ""
    return {
        "who": actor.words,
        "document": _document_words(row, title),
        "issuer": str(personal.get("issuer", "")),
        "owner": str(personal.get("owner", "")),
        "recipient": recipient,
        # The owner of the address or device is the recipient; of a person the event lists the address.
        "target": recipient or first or (title if row.kind.startswith(("person.", "role.")) else ""),
        "address": first,
        "group": title or first,
        "application": title,
        "device": title if row.kind in _DIRECTORY else str(personal.get("device_name", "")),
        "domain": str(details.get("domain", "")),
        "blocked": title,
        "role": role_in_words(str(details.get("role", "user"))),
        "roles": ", ".join(str(one) for one in details.get("roles") or ()),
        "key": _short(details.get("key")),
        "suite": str(details.get("suite", "")),
        "rights": translate(rights_in_words(details.get("rights") or [])),
        "until": moment_in_words(details.get("until")),
        "approver": str(personal.get("approver", "")),
        "grant": _text(details.get("grant_number")),
        "permission": _text(details.get("permission_number")),
        "level": level_called(str(details["level"])) if "level" in details else "",
        "number": _text(details.get("documents")),
        **{name: _text(details.get(name)) for name in AS_RECORDED},
        **_names(row, known),
    }


def _names(row: EventRow, known: Known) -> dict[str, str]:
    """Return the names of template and label, and what an event names as before and after."""
    details, document = row.details, _document(row.details)
    template = details.get("template") or document.get("template")
    if details.get("changes") == "template":
        template = details.get("target")
    own = named(details.get("names"), details.get("language"))
    about_label = "label" in details
    found = {
        "template": own if own and not about_label else known.template(template, details.get("version")),
        "label": (own or known.label(details["label"], row.received_at))
        if about_label
        else known.label(document.get("label"), row.received_at),
        "before": "",
        "after": "",
    }
    if about_label and "before" in details:
        found["before"] = named(details.get("names_before"), details.get("language_before"))
        found["before"] = found["before"] or known.label(details["before"], row.received_at)
    elif row.kind == DirectoryKind.ROLE_CHANGED and "after" in details:
        found |= {name: roles_in_words(str(details.get(name, "")).split(",")) for name in ("before", "after")}
    elif row.kind == Kind.KEY_ROTATED:
        found["before"] = _short(details.get("before"))
    return found


def _document(details: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the document's template and label."""
    found = details.get("document")
    return found if isinstance(found, dict) else {}


def _shown_document(row: EventRow, known: Known) -> ShownDocument:
    document, personal = _document(row.details), row.personal
    return ShownDocument(
        title=str(personal.get("title", "")),
        issuer=str(personal.get("issuer", "")),
        owner=str(personal.get("owner", "")),
        template=known.template(document.get("template"), document.get("version")),
        template_id=document.get("template"),
        template_version=document.get("version"),
        label=known.label(document.get("label"), row.received_at),
        label_id=document.get("label"),
    )


def _document_words(row: EventRow, title: str) -> str:
    if title:
        return _("“{title}”").format(title=title)
    if row.content_id is None:
        return _("an unknown document")
    return _("document {id}").format(id=row.content_id)


def _labels_changed(row: EventRow) -> Iterator[Mapping[str, Any]]:
    """Yield the changes by which a label got another template."""
    return (one for one in changes_of(row) if one.get("member") == "template_id")


def _ids(found: Iterable[str]) -> set[str]:
    """Return those that are ids; what was recorded before may hold anything."""
    return {one for one in found if _ID.fullmatch(one)}


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _short(key: object) -> str:
    """Return enough of a key's id to tell it from the others."""
    return f"{str(key)[:16]}…" if key else ""


def _unproven(row: EventRow) -> str:
    """Return what is to be known of an event that the tree does not vouch for, "" for all others.

    Numbers come within seconds; an event that still has none after a minute was not recorded by the service.
    """
    if row.altered:
        return _("Altered after it was recorded")
    if row.seq is None and datetime.now(UTC) - row.received_at > NUMBERED_WITHIN:
        return _("Not numbered: not proven")
    return ""

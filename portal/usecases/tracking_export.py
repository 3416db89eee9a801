"""A document's recipients or its timeline as a file, for page, API and command line alike."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from chancery.errors import InvalidObject
from chancery.spreadsheets import csv_line
from chancery.texts import message
from portal.usecases.caller import Caller
from portal.usecases.recipients import recipients, who_took
from portal.usecases.sight import document_events, sight_of
from portal.words.events import shown_events
from portal.words.recipients import in_words
from protection.selectors.documents import document_for
from protection.selectors.places import Places, places_of
from tenants.organizations.selectors import OrganizationFacts

FORMS: Final = ("csv", "json")
PARTS: Final = ("recipients", "timeline")
MOST: Final = 20_000
"""Rows of one file; the audit log's own export has all events."""
_PAGE: Final = 500
_ACTS: Final = ("printed", "copied", "edited", "saved", "exported")


@dataclass(frozen=True, slots=True)
class TrackingFile:
    """A file: CSV with a line of heads, or one JSON object on each line."""

    name: str
    text: str


def export_tracking(
    *, caller: Caller, organization: OrganizationFacts, cid: UUID, what: str, form: str
) -> TrackingFile:
    """Return what the caller may know of a document as a file.  Raises NotFound and InvalidObject."""
    if form not in FORMS or what not in PARTS:
        raise InvalidObject(
            message("A file is one of {parts} as {forms}.", parts=", ".join(PARTS), forms=", ".join(FORMS))
        )
    found = _recipients if what == "recipients" else _timeline
    rows = list(found(caller, organization, cid))
    heads = list(rows[0]) if rows else []
    lines = (
        [csv_line(heads), *(csv_line(row.values()) for row in rows)]
        if form == "csv"
        else [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    )
    return TrackingFile(f"{what}-{cid}.{form}", "".join(lines))


def _recipients(caller: Caller, organization: OrganizationFacts, cid: UUID) -> Iterator[dict[str, Any]]:
    document = document_for(caller.actor, cid)
    first: int | None = 0
    while first is not None and first < MOST:
        found = recipients(caller=caller, organization=organization, document=document, first=first, limit=_PAGE)
        takers = who_took(found, document, organization)
        for one in found.rows:
            did = {act.action: act.allowed for act in one.done}
            words = in_words(one, organization, takers)
            yield {
                "who": words.who,
                "listed": one.listed.value,
                "access": one.access.value,
                "message": words.message,
                "rights": " ".join(one.rights),
                "since": _iso(one.since),
                "until": _iso(one.until),
                "opened": one.opened,
                "last_opened": _iso(one.last_opened),
                "last_from": one.last_from,
                "refused": one.refused,
                "last_refused": _iso(one.last_refused),
                **{act: None if one.opened is None else did.get(act, 0) for act in _ACTS},
                "kept_until": _iso(one.kept_until),
            }
        first = found.next


def _timeline(caller: Caller, organization: OrganizationFacts, cid: UUID) -> Iterator[dict[str, Any]]:
    document_for(caller.actor, cid)
    sight, cursor, number = sight_of(caller=caller), "", 0
    while number < MOST:
        found = document_events(caller=caller, cid=cid, limit=_PAGE, cursor=cursor, sight=sight)
        shown = shown_events(found.events, organization.id, organization.name)
        for row, one in zip(found.events, shown, strict=True):
            yield {
                "at": _iso(row.received_at),
                "who": one.who,
                "sentence": one.text,
                "kind": row.kind,
                "outcome": row.outcome,
                "reason": row.reason,
                "ip": one.ip,
                "device": one.device,
                "id": str(row.id),
            }
        number, cursor = number + len(shown), found.next_cursor
        if not cursor:
            return


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def document_places(*, caller: Caller, cid: UUID) -> Places:
    """Return from where a document was opened.  Raises NotFound."""
    document_for(caller.actor, cid)
    return places_of(cid, sight_of(caller=caller))

"""What a caller may know of what others did with documents; pages, API, exports and mail read events through here."""

from dataclasses import replace
from uuid import UUID

from audit.selectors.events import EventRow, Filter, Page, events
from chancery.ledger.kinds import Kind
from chancery.policy.permission import Permission
from portal.usecases.caller import Caller
from protection.models import Tracking
from protection.selectors.sight import ACTIVITY, Sight, tracking_settings, unmasked_for
from tenants.directory.revocations import people_below

_KEPT = ("title", "issuer", "owner")
"""What is left of the personal record of an event whose person is not named."""


def sight_of(*, caller: Caller) -> Sight:
    """Return what the caller may know; of members of the untracked group only auditors and administrators do."""
    return sight_for(caller.person, audits=caller.may(Permission.AUDIT_READ))


def sight_for(person: UUID, *, audits: bool) -> Sight:
    """Return what a person may know who audits or does not."""
    tracking, group, untold = tracking_settings()
    hidden = frozenset() if audits or group is None else people_below([group])
    unmasked = unmasked_for(person) if tracking is Tracking.PSEUDONYMOUS else frozenset()
    return Sight(person, tracking, frozenset(hidden) - {person}, unmasked, untold and not audits)


def names_person(sight: Sight, person: UUID | None, *, audits: bool) -> bool:
    """Tell whether a reader may know what a person did beside one document, such as how much they opened.

    None stands for anybody of whom nothing else is hidden.  Where tracking is off, those who audit read it in the audit
    log.
    """
    if person is not None and person == sight.reader:
        return True
    if sight.tracking is Tracking.OFF:
        return audits
    return sight.tracking is Tracking.NAMED and person not in sight.hidden


def document_events(
    *, caller: Caller, cid: UUID, limit: int = 50, cursor: str = "", sort: str = "-at", sight: Sight | None = None
) -> Page:
    """Return what happened to one document, as far as the caller may know.  Raises InvalidCursor.

    What applications read by a permission is told once for each (``application_readings``): an index that reads every
    night would fill the timeline.  Nor is it told that an auditor looked into it: who is examined is not to be warned.
    The audit log has all of it.
    """
    seen = sight or sight_of(caller=caller)
    wanted = Filter(content_id=cid, without=(Kind.CONTENT_READ, Kind.PERSONAL_DATA_READ), concealed=seen.concealed(cid))
    return events(filter=wanted, limit=limit, cursor=cursor, sort=sort)


def audit_events(
    *, caller: Caller, wanted: Filter, limit: int = 50, cursor: str = "", sort: str = "-at", sight: Sight | None = None
) -> Page:
    """Return events of the audit log, which cannot be switched off, for a caller who may read it.

    Where the organization shows no names, the people of openings are not named, and looking for one person finds only
    what is no opening.  Raises InvalidCursor.
    """
    sight = sight or sight_of(caller=caller)
    if sight.tracking is not Tracking.PSEUDONYMOUS:
        return events(filter=wanted, limit=limit, cursor=cursor, sort=sort)
    if wanted.person_id is not None:
        wanted = replace(wanted, concealed=sight.concealed())
    found = events(filter=wanted, limit=limit, cursor=cursor, sort=sort)
    return Page(tuple(_masked(row, sight) for row in found.events), found.next_cursor)


def _masked(row: EventRow, sight: Sight) -> EventRow:
    """Return an event without who did it, where the reader may not know."""
    own = row.personal.get("person") == str(sight.reader)
    if row.kind == Kind.PAUSE_RELEASED and not own:
        return replace(row, personal={name: value for name, value in row.personal.items() if name != "recipient"})
    if row.kind not in ACTIVITY or own or (row.content_id is not None and sight.names_on(row.content_id)):
        return row
    return without_names(row)


def without_names(row: EventRow) -> EventRow:
    """Return an event as it is shown to readers who may not know who did it."""
    left = {name: row.personal[name] for name in _KEPT if name in row.personal}
    return replace(row, personal={**left, "unnamed": True})


def untitled(row: EventRow) -> EventRow:
    """Return an event without the document's name, which was kept once and is no longer to be mailed."""
    return replace(row, personal={name: value for name, value in row.personal.items() if name != "title"})

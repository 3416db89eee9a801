"""Decoys and their alarms, for those who decide about a document, administrators and auditors.

To everybody else a decoy is a document like any other.
"""

from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from audit.selectors.events import EventRow, these_events
from chancery.errors import ChanceryError, NotFound
from chancery.policy.permission import Permission
from chancery.texts import message
from portal.usecases.caller import Caller
from portal.usecases.confirmation import MAX_REASON, ConfirmationPrompt, Stated, confirmed
from portal.usecases.effects import Effect, effect
from portal.usecases.sight import sight_of, untitled, without_names
from portal.words.actors import ActorKind, shown_actor
from portal.words.events import ShownEvent, shown_events
from protection.models import Tracking
from protection.selectors.decoys import (
    AlarmRow,
    DecoyRow,
    alarm_for,
    alarms_for,
    any_open_alarm,
    decoy_of,
    decoys_for,
    open_alarms,
)
from protection.selectors.documents import decided_among, document_for
from protection.selectors.sight import Sight
from protection.services import alarms
from protection.services import decoys as services
from tenants.naming import free_text
from tenants.organizations.selectors import OrganizationFacts


class OnlyWatchersMark(ChanceryError):
    """An owner tried to mark a decoy where owners do not see who opens their documents."""

    code = "only_administrators_mark"
    remedy = message("Ask an administrator to mark it; auditors and administrators get its alarms.")


MOST_COUNTED = 99
"""Up to how many waiting alarms are counted beside their link."""


@dataclass(frozen=True, slots=True)
class Decoys:
    """Decoys that a person may know of; ``next`` is the cursor of the next page."""

    rows: tuple[DecoyRow, ...]
    next: str


@dataclass(frozen=True, slots=True)
class ShownAlarm:
    """An alarm with its first event in words; ``who`` is "" where nobody is named."""

    row: AlarmRow
    what: str
    who: str
    ip: str


@dataclass(frozen=True, slots=True)
class Alarms:
    """Alarms that a person may know of, newest first; ``next`` is the cursor of the next page."""

    rows: tuple[ShownAlarm, ...]
    next: str


@dataclass(frozen=True, slots=True)
class WaitingAlarms:
    """How many alarms nobody has acknowledged, ``MOST_COUNTED`` at most."""

    number: int


def visible_decoys(*, caller: Caller, limit: int = 50, cursor: str = "") -> Decoys:
    """Return decoys: all to auditors and administrators, else those that the caller decides about.

    Raises InvalidCursor.
    """
    return Decoys(*decoys_for(caller.person, everybody=_watches(caller), limit=limit, cursor=cursor))


def mark_decoy(*, caller: Caller, cid: UUID, note: str) -> Effect:
    """Mark a document as a decoy.  Raises NotFound, OnlyWatchersMark, and NameRefused for a note that is none."""
    title = _title_of(caller, cid)
    if sight_of(caller=caller).tracking is not Tracking.NAMED and not caller.may(Permission.DOCUMENTS_REVOKE):
        raise OnlyWatchersMark(
            message("Your organization does not show owners who opens their documents, and an alarm would."),
        )
    changed = services.mark_decoy(actor=caller.actor, cid=cid, note=_line(note))
    return effect(
        changed,
        _(
            "“{title}” is a decoy: whoever opens it or tries to raises an alarm. Recipients cannot see that it is one."
        ).format(title=title),
        _("“{title}” is a decoy.").format(title=title),
    )


def unmark_decoy(*, caller: Caller, cid: UUID, stated: Stated) -> Effect:
    """Remove the mark of a decoy, which asks first.  Raises NotFound and what ``confirmed`` raises."""
    title = _title_of(caller, cid)
    done, otherwise = _("“{title}” is no decoy any more."), _("“{title}” is no decoy.")
    if decoy_of(cid) is None:
        return effect(False, "", otherwise.format(title=title))
    prompt = ConfirmationPrompt(
        question=_("Stop alarms about “{title}”?").format(title=title),
        consequences=(
            _("Openings of this document raise no alarm from now on."),
            _("The reason is recorded. Alarms that were raised stay."),
        ),
        button=_("Stop alarms"),
        confirm=title,
        needs_reason=True,
    )

    def act(reason: str) -> bool:
        return services.unmark_decoy(actor=caller.actor, cid=cid, reason=reason)

    return effect(confirmed(prompt, stated, act), done.format(title=title), otherwise.format(title=title))


def visible_alarms(
    *,
    caller: Caller,
    organization: OrganizationFacts,
    state: str = "",
    cid: UUID | None = None,
    limit: int = 50,
    cursor: str = "",
) -> Alarms:
    """Return alarms: all to auditors and administrators, else of documents that the caller decides about.

    Raises InvalidCursor.
    """
    sight, watches = sight_of(caller=caller), _watches(caller)
    rows, following = alarms_for(sight, everybody=watches, state=state, cid=cid, limit=limit, cursor=cursor)
    return Alarms(shown_alarms(rows, sight, organization, audits=watches), following)


def acknowledge_alarm(*, caller: Caller, alarm_id: UUID, note: str) -> Effect:
    """Say that somebody has looked at an alarm, with a note.

    Raises NotFound, AlarmAcknowledged, and NameRefused for a note that is none.
    """
    row = alarm_for(sight_of(caller=caller), alarm_id, everybody=_watches(caller))
    if row is None:
        raise NotFound(message("There is no such alarm, or you may not see it."))
    alarms.acknowledge_alarm(actor=caller.actor, alarm_id=alarm_id, title=row.title, note=_line(note))
    return effect(True, _("The alarm is acknowledged. What happens from now on raises a new one."), "")


def waiting_alarms(*, caller: Caller) -> WaitingAlarms:
    """Return how many alarms wait for the caller."""
    if not any_open_alarm():
        return WaitingAlarms(0)
    return WaitingAlarms(open_alarms(sight_of(caller=caller), everybody=_watches(caller), most=MOST_COUNTED))


def shown_alarms(
    rows: tuple[AlarmRow, ...],
    sight: Sight,
    organization: OrganizationFacts,
    *,
    audits: bool,
    titles: bool = True,
    only: frozenset[UUID] | None = None,
) -> tuple[ShownAlarm, ...]:
    """Put alarms into words for a reader; who did it is left out where the reader may not know.

    Without ``titles`` documents are called by their ids.  ``only`` are the alarms in which somebody may be named at
    all, None for no such bound.
    """
    events = {one.id: one if titles else untitled(one) for one in these_events(row.event for row in rows)}
    # Alarms about several decoys can be of one event: it names somebody only where all of them may.
    named: dict[UUID, bool] = {}
    for row in rows:
        may = (only is None or row.id in only) and _names(row, sight, audits=audits)
        named[row.event] = may and named.get(row.event, True)
    known = [one if named[one.id] else without_names(one) for one in events.values()]
    words = {one.id: one for one in shown_events(known, organization.id, organization.name)}
    return tuple(_shown(row, events.get(row.event), words, named=named[row.event]) for row in rows)


def _shown(row: AlarmRow, event: EventRow | None, words: dict[UUID, ShownEvent], *, named: bool) -> ShownAlarm:
    sentence = words[row.event].what if row.event in words else ""
    if event is None or not named:
        return ShownAlarm(row, sentence, "", "")
    actor = shown_actor(event)
    who = actor.words if actor.kind in {ActorKind.PERSON, ActorKind.APPLICATION} else ""
    return ShownAlarm(row, sentence, who, str(event.personal.get("ip", "")))


def _names(row: AlarmRow, sight: Sight, *, audits: bool) -> bool:
    """Tell whether the reader may know who it was; auditors read it in the audit log where tracking is off."""
    if row.person == sight.reader or sight.names_on(row.cid):
        return True
    return audits and sight.tracking is Tracking.OFF


def _watches(caller: Caller) -> bool:
    return caller.may(Permission.DOCUMENTS_READ_ALL)


def _title_of(caller: Caller, cid: UUID) -> str:
    """Return the name of a document that the caller may mark.  Raises NotFound, to auditors too, who only watch."""
    found = document_for(caller.actor, cid).row
    if not (caller.may(Permission.DOCUMENTS_REVOKE) or decided_among(caller.person, [cid])):
        raise NotFound(message("There is no such document, or you may not mark it."))
    return found.title or str(cid)


def _line(note: str) -> str:
    return " ".join(free_text(note, most=MAX_REASON).split())

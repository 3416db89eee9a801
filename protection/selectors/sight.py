"""What a reader may know of what others did with documents: the one rule, by which every reading of it goes.

An organization can switch tracking off, have counts without names, or hide the members of one group (promise C90).
Whatever counts, lists or sorts by openings takes a ``Sight``; without one it shows nothing.  ``events`` of the ledger
are read through ``concealed``.
"""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, Q
from django.db.models.functions import Now

from audit.selectors.events import Concealed
from chancery.ledger.kinds import Kind
from protection.models import ServiceSettings, SuperUserOpening, Tracking, Unmasking

FEWEST: Final = 5
"""Of so few people nothing is counted where names are not shown: a smaller number would name them."""
ACTIVITY: Final = (
    Kind.CONTENT_OPENED,
    Kind.CONTENT_READ,
    Kind.CONTENT_REPORTED,
    Kind.CONTENT_EDITED,
    Kind.CONTENT_TAMPERED,
    Kind.CODE_ASKED,
    Kind.CODE_REFUSED,
    Kind.LICENSE_RELEASE_FAILED,
    Kind.PAUSE_BEGAN,
    Kind.PAUSE_CONFIRMED,
)
"""What readers do with documents, and what comes of it; all other events are acts that somebody decided about."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What a reader may know of others; of themselves they know everything.

    ``hidden`` are people of whom nothing is shown to this reader, and ``unmasked`` documents of which names are shown
    to them although the organization shows none.  ``untold`` says that there is something under super-user grants that
    owners do not see yet, which is left out (docs/protocol.md P21).
    """

    reader: UUID
    tracking: Tracking
    hidden: frozenset[UUID] = frozenset()
    unmasked: frozenset[UUID] = frozenset()
    untold: bool = False

    def names_on(self, cid: UUID) -> bool:
        """Tell whether it is shown who did what with a document."""
        return self.tracking is Tracking.NAMED or (self.tracking is Tracking.PSEUDONYMOUS and cid in self.unmasked)

    @property
    def is_off(self) -> bool:
        """Tell whether nothing of what readers do is shown beside the audit log."""
        return self.tracking is Tracking.OFF

    @property
    def sorts(self) -> bool:
        """Tell whether documents can be sorted by how often they were opened: an order tells numbers."""
        return self.tracking is Tracking.NAMED

    def shows(self, person: UUID) -> bool:
        """Tell whether anything of a person is shown."""
        return person == self.reader or (self.tracking is not Tracking.OFF and person not in self.hidden)

    def concealed(self, cid: UUID | None = None) -> Concealed | None:
        """Return which events of the ledger are left out on pages about documents."""
        if self.tracking is not Tracking.NAMED and not (cid is not None and self.names_on(cid)):
            return Concealed(tuple(ACTIVITY), None, self.reader)
        if not (self.hidden or self.untold):
            return None
        return Concealed(tuple(ACTIVITY), self.hidden, self.reader, UNTOLD if self.untold else "")

    def counting(self) -> tuple[str, list[Any]]:
        """Return the condition, with its parameters, under which an event ``e`` counts for this reader."""
        seen, of = (f"and {_SEEN}", [list(self.hidden), self.reader]) if self.hidden else ("", [])
        return (f"{seen} and not {UNTOLD}" if self.untold else seen), of


UNTOLD: Final = (
    "exists (select from protection_superuseropening u where u.event_id = e.id"
    " and (u.shown_at is null or u.shown_at > now()))"
)
"""Tells of an event ``e`` whether it happened under a super-user grant and owners are not to see it yet, or never."""
_SEEN: Final = (
    "not exists (select from audit_eventpersonal of where of.event_id = e.id"
    " and of.person_id = any(%s::uuid[]) and of.person_id <> %s)"
)


def tracking_settings() -> tuple[Tracking, UUID | None, bool]:
    """Return how the organization tracks, the group hidden from other users, and whether something is untold."""
    untold = Exists(SuperUserOpening.objects.filter(Q(shown_at=None) | Q(shown_at__gt=Now())))
    found = ServiceSettings.objects.values_list("tracking", "untracked_group", untold).filter(id=1).first()
    return (Tracking(found[0]), found[1], found[2]) if found else (Tracking.OFF, None, False)


def unmasked_for(reader: UUID) -> frozenset[UUID]:
    """Return the documents of which a person may see names at present, because another one approved it."""
    rows = Unmasking.objects.filter(Q(asked_by=reader) | Q(answered_by=reader), state="approved", until__gt=Now())
    return frozenset(cid for cid in rows.values_list("content_id", flat=True) if cid is not None)

"""Which applications read a document by a permission, for its owner: once for each, however often it was read."""

from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from portal.usecases.caller import Caller
from portal.usecases.sight import sight_of
from protection.selectors.documents import document_for
from protection.selectors.read_permissions import PermissionFacts, ReadDocument, readings_of

MOST: Final = 200


@dataclass(frozen=True, slots=True)
class ApplicationReading:
    """What was read of a document by one permission, for one person or by the application for itself."""

    permission: PermissionFacts
    read: ReadDocument


@dataclass(frozen=True, slots=True)
class ApplicationReadings:
    """What applications read of one document, the last first; ``shown`` is false where tracking is off."""

    rows: tuple[ApplicationReading, ...]
    shown: bool


def application_readings(*, caller: Caller, cid: UUID) -> ApplicationReadings:
    """Return what applications read of a document, to those who may see it.  Raises NotFound.

    For whom they read is told by the rule about what people do: people of whom nothing is shown are left out, and where
    no names are shown, it is only said that it was for people.
    """
    document_for(caller.actor, cid)
    sight = sight_of(caller=caller)
    if sight.is_off:
        return ApplicationReadings((), shown=False)
    named = sight.names_on(cid)
    found = (
        (facts, one)
        for facts, one in readings_of(cid, limit=MOST)
        if one.person is None or not named or sight.shows(one.person)
    )
    rows: dict[tuple[UUID, UUID | None], ApplicationReading] = {}
    for facts, one in found:
        shown = one if named or one.person is None else replace(one, person=None, person_address="")
        key = (facts.id, shown.person)
        known = rows.get(key)
        rows[key] = ApplicationReading(facts, shown if known is None else _together(known.read, shown))
    return ApplicationReadings(tuple(rows.values()), shown=True)


def _together(one: ReadDocument, other: ReadDocument) -> ReadDocument:
    """Return two rows as one, where it is not told for whom they are."""
    return replace(one, first_at=min(one.first_at, other.first_at), times=one.times + other.times)

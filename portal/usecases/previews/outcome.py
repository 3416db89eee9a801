"""The answer to "what if?" as it is kept and shown: plain members for pages, command line and API."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from chancery.policy.equivalence import Effect
from chancery.policy.preview import Preview, Tally
from chancery.policy.rights import Right, in_order
from portal.usecases.previews.people import Called, ConcernedPeople
from protection.selectors.equivalence_classes import Documents, Opening
from tenants.directory.roles import permissions_of

SHOWN: Final = 100
"""How many people each list names; the counts are of all."""


@dataclass(slots=True)
class Turned:
    """Recorded openings that would have ended the other way: how many, of which documents, by whom."""

    times: int = 0
    documents: set[UUID] = field(default_factory=set)
    people: Counter[int] = field(default_factory=Counter)

    def add(self, place: int, opening: Opening) -> None:
        """Count one more."""
        self.times += opening.times
        self.documents.add(opening.cid)
        self.people[place] += opening.times


@dataclass(slots=True)
class Replay:
    """What happened in the last days, decided again as of when it happened."""

    days: int
    openings: int = 0
    refusals: int = 0
    undecided: int = 0
    refused: Turned = field(default_factory=Turned)
    allowed: Turned = field(default_factory=Turned)

    def add(self, opening: Opening, place: int | None, effect: Effect | None) -> None:
        """Count openings by somebody; without an effect nobody can say what they would have been."""
        if opening.allowed:
            self.openings += opening.times
        else:
            self.refusals += opening.times
        if place is None or effect is None or effect.undecided:
            self.undecided += opening.times
        elif opening.allowed and effect.before and not effect.after:
            self.refused.add(place, opening)
        elif not opening.allowed and effect.after and not effect.before:
            self.allowed.add(place, opening)


def as_result(
    preview: Preview, documents: Documents, everybody: ConcernedPeople, replay: Replay, asker: UUID
) -> dict[str, Any]:
    """Return who gains, who loses and how many."""
    called = everybody.called

    def line(place: int, count: int, opening: int, rights: Counter[Right]) -> dict[str, Any]:
        return {
            **_called(called[place]),
            "documents": count,
            "openings": opening,
            "rights": {name: rights[Right(name)] for name in in_order(right for right in rights if rights[right])},
            "you": called[place].person == asker,
        }

    gains = _ranked(preview, lambda one: one.gaining)
    loses = _ranked(preview, lambda one: one.losing)
    undecided = [place for place, one in preview.tallies.items() if one.undecided]
    return {
        "documents": {
            "considered": len(documents.places),
            "affected": preview.documents,
            "end_sooner": documents.sooner,
            "end_later": documents.later,
        },
        "people": {
            "considered": len(everybody.people),
            "gain": len(gains),
            "lose": len(loses),
            "undecided": len(undecided),
        },
        "gains": [line(place, one.gaining, one.opens, one.gains) for place, one in gains[:SHOWN]],
        "loses": [line(place, one.losing, one.shuts, one.loses) for place, one in loses[:SHOWN]],
        "undecided": sorted(str(who) for who in preview.undecided),
        "you_gain": sum(one.gaining for place, one in gains if called[place].person == asker),
        "replay": {
            "days": replay.days,
            "openings": replay.openings,
            "refusals": replay.refusals,
            "would_be_refused": _turned(replay.refused, called),
            "would_be_allowed": _turned(replay.allowed, called),
            "undecided": replay.undecided,
        },
    }


def permissions_result(*, before: Iterable[str], after: Iterable[str]) -> dict[str, list[str]]:
    """Return what a role may manage more and less; no role opens a document (docs/protocol.md P18)."""
    had, has = (permissions_of(roles) for roles in (before, after))
    return {"gained": sorted(has - had), "lost": sorted(had - has)}


def _ranked(preview: Preview, documents: Callable[[Tally], int]) -> list[tuple[int, Tally]]:
    found = [(place, one) for place, one in preview.tallies.items() if documents(one)]
    return sorted(found, key=lambda item: (-documents(item[1]), item[0]))


def _turned(found: Turned, called: Iterable[Called]) -> dict[str, Any]:
    names = list(called)
    return {
        "times": found.times,
        "documents": len(found.documents),
        "people": [{**_called(names[place]), "times": times} for place, times in found.people.most_common(SHOWN)],
        "people_count": len(found.people),
    }


def _called(one: Called) -> dict[str, Any]:
    return {"who": one.address, "name": one.name, "person": None if one.person is None else str(one.person)}

"""Who did it, in words that are never empty."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.selectors.events import EventRow
from chancery.ledger.kinds import Kind


class ActorKind(StrEnum):
    """What acted."""

    PERSON = "person"
    APPLICATION = "application"
    SERVICE = "service"
    OPERATOR = "operator"
    FIRST_START = "first_start"
    UNIDENTIFIED = "unidentified"
    ERASED = "erased"
    UNNAMED = "unnamed"


_CALLED: Final = {
    ActorKind.SERVICE: gettext_lazy("The service"),
    ActorKind.OPERATOR: gettext_lazy("An operator at the command line"),
    ActorKind.FIRST_START: gettext_lazy("The first start of the service"),
    ActorKind.UNIDENTIFIED: gettext_lazy("A visitor who is not signed in"),
    ActorKind.ERASED: gettext_lazy("A person whose data was erased"),
    ActorKind.UNNAMED: gettext_lazy("A person whose name is not shown"),
}
"""What stands for an actor without a name."""

_SOURCES: Final = {
    "": ActorKind.SERVICE,
    "service": ActorKind.SERVICE,
    "command": ActorKind.OPERATOR,
    "first-start": ActorKind.FIRST_START,
}
"""Who acts where no person does, by where it came from."""

NOBODY_SIGNED_IN: Final = "somebody at this machine"
"""How the first organization's founder is recorded before anybody has an account."""

FIRST_START: Final = "the first start"
"""How what the demo made is recorded."""

_PROTECTION: Final = frozenset(Kind)


@dataclass(frozen=True, slots=True)
class ShownActor:
    """Who acted; ``words`` is what screens show and never empty."""

    kind: ActorKind
    words: str
    name: str = ""
    address: str = ""
    person: str = ""


def shown_actor(row: EventRow) -> ShownActor:
    """Return who acted in an event."""
    personal = row.personal
    name, person = str(personal.get("name", "")), str(personal.get("person", ""))
    address = _address(row)
    if row.erased:
        return _nameless(ActorKind.ERASED)
    if personal.get("unnamed"):
        return _nameless(ActorKind.UNNAMED)
    if row.kind == Kind.CONTENT_PRELICENSED and "actor" in personal:
        # The record is the recipient's, so that what concerns them is found; another person acted.
        name, person, address = ("" if "@" in address else address), "", ("" if "@" not in address else address)
        if not personal.get("application"):
            return ShownActor(ActorKind.PERSON, address or name, name, address)
    if personal.get("application"):
        words = _("The application “{name}”").format(name=name) if name else _("An application without a name")
        return ShownActor(ActorKind.APPLICATION, words, name, "", person)
    if person and (address or name):
        return ShownActor(ActorKind.PERSON, _acting(row, address or name), name, address, person)
    if person:
        return ShownActor(ActorKind.UNIDENTIFIED, str(_CALLED[ActorKind.UNIDENTIFIED]), person=person)
    if name == "operator":
        return _nameless(ActorKind.OPERATOR)
    if name and row.source not in _SOURCES and name != NOBODY_SIGNED_IN:
        return ShownActor(ActorKind.PERSON, name, name)
    return _nameless(_SOURCES.get(row.source, ActorKind.UNIDENTIFIED if personal else ActorKind.SERVICE))


def _acting(row: EventRow, who: str) -> str:
    """Return who acted, and for whom where an administrator declared it."""
    whom = row.personal.get("acting_for")
    return _("{who} (acting for {whom})").format(who=who, whom=whom) if whom else who


def _address(row: EventRow) -> str:
    """Return the actor's address; events of the directory list the addresses of those it happened to."""
    own = row.personal.get("actor")
    if own:
        return str(own)
    addresses = row.personal.get("addresses") or []
    return str(addresses[0]) if addresses and row.kind in _PROTECTION and "actor" not in row.personal else ""


def _nameless(kind: ActorKind) -> ShownActor:
    return ShownActor(kind, str(_CALLED[kind]))

"""The fourteen usage rights and the named levels made of them."""

from collections.abc import Iterable
from enum import StrEnum

from chancery.errors import InvalidPolicy
from chancery.texts import message


class Right(StrEnum):
    """One usage right, spelled as it is in policies and licenses; input is case-insensitive."""

    VIEW = "VIEW"
    DOCEDIT = "DOCEDIT"
    EDIT = "EDIT"
    COMMENT = "COMMENT"
    EXPORT = "EXPORT"
    EXTRACT = "EXTRACT"
    PRINT = "PRINT"
    FORWARD = "FORWARD"
    REPLY = "REPLY"
    REPLYALL = "REPLYALL"
    OBJMODEL = "OBJMODEL"
    VIEWRIGHTSDATA = "VIEWRIGHTSDATA"
    EDITRIGHTSDATA = "EDITRIGHTSDATA"
    OWNER = "OWNER"


ALL_RIGHTS: frozenset[Right] = frozenset(Right)

READING: frozenset[Right] = frozenset({Right.VIEW, Right.EXTRACT})
"""What a read permission gives an application at most (docs/protocol.md P31).

A program that puts words into an index, a report or an answer takes them out of the document, so it needs EXTRACT;
with VIEW alone it may only show the document.
"""

LEVELS: dict[str, frozenset[Right]] = {
    "viewer": frozenset({Right.VIEW, Right.VIEWRIGHTSDATA, Right.REPLY, Right.REPLYALL, Right.OBJMODEL}),
    "reviewer": frozenset(
        {
            Right.VIEW,
            Right.EDIT,
            Right.DOCEDIT,
            Right.VIEWRIGHTSDATA,
            Right.REPLY,
            Right.REPLYALL,
            Right.FORWARD,
            Right.OBJMODEL,
        }
    ),
    "co-author": ALL_RIGHTS - {Right.COMMENT, Right.EDITRIGHTSDATA, Right.OWNER},
    "co-owner": ALL_RIGHTS,
}
"""Permission levels by name; the Co-Author set includes EXPORT as Azure Rights Management lists it for mail and SDK."""


LEVELS_ASKED: tuple[str, ...] = ("viewer", "reviewer", "co-author")
"""The levels that somebody can ask the owner for, the lowest first; an owner makes nobody else one because they ask."""


def expand(rights: Iterable[Right]) -> frozenset[Right]:
    """Return what a set of rights means: OWNER implies every other right."""
    chosen = frozenset(rights)
    return ALL_RIGHTS if Right.OWNER in chosen else chosen


def may_remove_protection(rights: Iterable[Right]) -> bool:
    """Tell whether a person with these rights may take protection away or put another in its place (promise C30).

    The one rule, wherever Azure Rights Management has several: EXPORT or OWNER, which issuer, owner and
    super users have.  Neither EXTRACT nor EDITRIGHTSDATA includes it.
    """
    return not expand(rights).isdisjoint({Right.EXPORT, Right.OWNER})


def parse_rights(names: Iterable[str]) -> frozenset[Right]:
    """Read right codes and level names, in any case, into a set of rights.

    Raises InvalidPolicy for an unknown name (never ignored: an unknown right may be a restriction that this
    version cannot enforce) and for an empty list.
    """
    found: set[Right] = set()
    for name in names:
        level = LEVELS.get(name.lower())
        if level is not None:
            found |= level
        elif name.upper() in Right.__members__:
            found.add(Right(name.upper()))
        else:
            raise InvalidPolicy(
                message("There is no right or level called {name!r}.", name=name),
                remedy=message(
                    "Use one of {rights} or a level: {levels}.", rights=", ".join(Right), levels=", ".join(LEVELS)
                ),
            )
    if not found:
        raise InvalidPolicy(
            message("A grant needs at least one right."), remedy=message("Name a right such as VIEW, or a level.")
        )
    return frozenset(found)


def level_of(rights: frozenset[Right]) -> str | None:
    """Return the name of the level that is exactly this set, or None for a custom set."""
    full = expand(rights)
    return next((name for name, members in LEVELS.items() if members == full), None)


def levels_beyond(rights: Iterable[Right]) -> tuple[str, ...]:
    """Return the levels that can be asked for and give more than these rights, the lowest first.

    A person who may read is taken for a viewer: asking to read then, as a command does by default, asks for nothing.
    """
    held = expand(rights)
    held |= LEVELS["viewer"] if Right.VIEW in held else frozenset()
    return tuple(name for name in LEVELS_ASKED if not LEVELS[name] <= held)


def in_order(rights: Iterable[Right]) -> list[str]:
    """Return the codes in the table's order, so that the same set always reads and encodes the same."""
    chosen = frozenset(rights)
    return [right.value for right in Right if right in chosen]

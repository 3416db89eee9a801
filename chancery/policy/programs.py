"""What each right means on each kind of program, and whether it is really enforced there.

One table, which the handbook, the template editor and the API show, and by which the programs state what they enforce.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from chancery.policy.rights import Right
from chancery.texts import message


class Program(StrEnum):
    """A kind of program that opens protected documents."""

    COMMAND_LINE = "command_line"
    BROWSER = "browser"
    """The page that opens files; it shows them in a frame without a network."""
    VIEWER = "viewer"
    """The same page for a document under a viewer-only policy: the service draws it, and no key leaves it."""
    LIBRARY = "library"
    """Any program that embeds the Python library; it states by itself what else it enforces."""


class Hold(StrEnum):
    """How firmly a right that somebody does not have is withheld from them."""

    ENFORCED = "enforced"
    """The service or the cryptography withholds it."""
    ADVISED = "advised"
    """The program learns it, and honest programs keep to it; the person who holds the content could do it elsewhere."""
    NOT_ENFORCED = "not_enforced"
    """Nothing withholds it here."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a right allows, in one sentence, and how firmly each kind of program withholds it."""

    allows: str
    held: Mapping[Program, Hold]

    def __post_init__(self) -> None:
        if set(self.held) != set(Program):
            raise ValueError("A right has an entry for every kind of program.")


def _held(command_line: Hold, browser: Hold, viewer: Hold, library: Hold) -> dict[Program, Hold]:
    return {
        Program.COMMAND_LINE: command_line,
        Program.BROWSER: browser,
        Program.VIEWER: viewer,
        Program.LIBRARY: library,
    }


_BY_THE_SERVICE: Final = _held(Hold.ENFORCED, Hold.ENFORCED, Hold.ENFORCED, Hold.ENFORCED)
_BY_THE_PROGRAM: Final = _held(Hold.NOT_ENFORCED, Hold.ADVISED, Hold.ADVISED, Hold.ADVISED)
_NOT_ON_PICTURES: Final = _held(Hold.NOT_ENFORCED, Hold.ADVISED, Hold.ENFORCED, Hold.ADVISED)
"""Of what takes the text itself; of a viewer-only document readers get pictures."""

MEANINGS: Final[Mapping[Right, Meaning]] = {
    Right.VIEW: Meaning(message("Open the document and read it."), _BY_THE_SERVICE),
    Right.DOCEDIT: Meaning(
        message("Change the content while it is open; keeping the change needs the right to save."),
        _NOT_ON_PICTURES,
    ),
    Right.EDIT: Meaning(
        message(
            "Save changes into the protected document; its policy stays the same, and the edition says who saved it."
        ),
        _BY_THE_SERVICE,
    ),
    Right.COMMENT: Meaning(message("Add notes without changing the text."), _NOT_ON_PICTURES),
    Right.EXPORT: Meaning(
        message("Save the content without its protection or under another one."),
        _held(Hold.ADVISED, Hold.ADVISED, Hold.ENFORCED, Hold.ADVISED),
    ),
    Right.EXTRACT: Meaning(message("Copy parts of the content, take pictures of the screen."), _BY_THE_PROGRAM),
    Right.PRINT: Meaning(message("Print it."), _BY_THE_PROGRAM),
    Right.FORWARD: Meaning(message("Send a protected message on to others."), _BY_THE_PROGRAM),
    Right.REPLY: Meaning(message("Answer the sender of a protected message."), _BY_THE_PROGRAM),
    Right.REPLYALL: Meaning(message("Answer everybody who got a protected message."), _BY_THE_PROGRAM),
    Right.OBJMODEL: Meaning(
        message("Let other programs read the open content: macros, screen readers, search."), _NOT_ON_PICTURES
    ),
    Right.VIEWRIGHTSDATA: Meaning(message("See the whole list of who may do what."), _BY_THE_SERVICE),
    Right.EDITRIGHTSDATA: Meaning(message("Change who may do what."), _BY_THE_SERVICE),
    Right.OWNER: Meaning(message("Everything, removing the protection included."), _BY_THE_SERVICE),
}

WATERMARK: Final = Meaning(
    message("Reader, time and document over the content, where the policy asks for them."),
    _held(Hold.NOT_ENFORCED, Hold.ADVISED, Hold.ENFORCED, Hold.ADVISED),
)
"""No right, but told in the same table: how firmly each kind of program keeps to it."""

WITHHELD_BY_PROGRAMS: Final = tuple(
    right for right in Right if any(hold is not Hold.ENFORCED for hold in MEANINGS[right].held.values())
)
"""The rights that a policy may ask a program to enforce; the others are enforced whatever the program."""


SHOWN_ON_PICTURES: Final = frozenset({
    Right.VIEW, Right.PRINT, Right.FORWARD, Right.REPLY, Right.REPLYALL, Right.VIEWRIGHTSDATA, Right.EDITRIGHTSDATA,
})  # fmt: skip
"""The rights that somebody can use who sees a document in the viewer and never has its key (docs/protocol.md P23)."""


def enforced_by(program: Program) -> frozenset[Right]:
    """Return the rights that a program of this kind withholds from people who are not granted them."""
    return frozenset(right for right in Right if MEANINGS[right].held[program] is Hold.ENFORCED)

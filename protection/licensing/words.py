"""Rights in words, the same on pages and at the command line."""

from collections.abc import Iterable

_RIGHTS = {
    "VIEW": "read",
    "DOCEDIT": "edit",
    "EDIT": "save changes",
    "COMMENT": "comment",
    "EXPORT": "export",
    "EXTRACT": "copy",
    "PRINT": "print",
    "FORWARD": "forward",
    "REPLY": "reply",
    "REPLYALL": "reply to all",
    "OBJMODEL": "let programs read",
    "VIEWRIGHTSDATA": "see who has access",
    "EDITRIGHTSDATA": "change who has access",
    "OWNER": "everything",
}


def right_in_words(right: str) -> str:
    """Return one right as people say it."""
    return _RIGHTS.get(right, right)


def rights_in_words(rights: Iterable[str]) -> str:
    """Return rights as people say them; all of them are one word."""
    names = list(rights)
    return _RIGHTS["OWNER"] if "OWNER" in names else ", ".join(_RIGHTS.get(name, name) for name in names)

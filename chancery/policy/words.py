"""Rights, and how strongly somebody signed in, in words: the same on pages and at the command line."""

from collections.abc import Iterable

from chancery.texts import joined, say

_RIGHTS = {
    "VIEW": say("read"),
    "DOCEDIT": say("edit"),
    "EDIT": say("save changes"),
    "COMMENT": say("comment"),
    "EXPORT": say("export"),
    "EXTRACT": say("copy"),
    "PRINT": say("print"),
    "FORWARD": say("forward"),
    "REPLY": say("reply"),
    "REPLYALL": say("reply to all"),
    "OBJMODEL": say("let programs read"),
    "VIEWRIGHTSDATA": say("see who has access"),
    "EDITRIGHTSDATA": say("change who has access"),
    "OWNER": say("everything"),
}

_STRENGTHS = {
    "code": say("code"),
    "password": say("password"),
    "mfa": say("mfa"),
    "passkey": say("passkey"),
}


def right_in_words(right: str) -> str:
    """Return one right as people say it."""
    return _RIGHTS.get(right, right)


def rights_in_words(rights: Iterable[str]) -> str:
    """Return rights as people say them; all of them are one word."""
    names = list(rights)
    return _RIGHTS["OWNER"] if "OWNER" in names else joined(_RIGHTS.get(name, name) for name in names)


def strength_in_words(strength: str) -> str:
    """Return a way to sign in as people say it after “sign in with”."""
    return _STRENGTHS.get(strength, strength)

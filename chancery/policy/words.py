"""Rights, and how strongly somebody signed in, in words: the same on pages and at the command line."""

from collections.abc import Iterable

from chancery.texts import joined, message

_RIGHTS = {
    "VIEW": message("read"),
    "DOCEDIT": message("edit"),
    "EDIT": message("save changes"),
    "COMMENT": message("comment"),
    "EXPORT": message("export"),
    "EXTRACT": message("copy"),
    "PRINT": message("print"),
    "FORWARD": message("forward"),
    "REPLY": message("reply"),
    "REPLYALL": message("reply to all"),
    "OBJMODEL": message("let programs read"),
    "VIEWRIGHTSDATA": message("see who has access"),
    "EDITRIGHTSDATA": message("change who has access"),
    "OWNER": message("everything"),
}

_STRENGTHS = {
    "code": message("code"),
    "password": message("password"),
    "mfa": message("mfa"),
    "passkey": message("passkey"),
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

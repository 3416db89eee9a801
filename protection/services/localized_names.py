"""Names and descriptions of what people choose by name, in several languages."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from chancery.errors import InvalidPolicy
from chancery.names import NameRefused, free_text, is_one_line
from chancery.texts import message

MAX_NAME: Final = 120
MAX_DESCRIPTION: Final = 500
MAX_LANGUAGE: Final = 35
"""Room for every tag that somebody registers (RFC 5646, 4.4.1)."""

_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
"""The shape of language tags (RFC 5646, 2.1), whether or not somebody speaks it."""


@dataclass(frozen=True, slots=True)
class Named:
    """Texts by language tag; the first name's language is the fallback."""

    names: Mapping[str, str]
    descriptions: Mapping[str, str]

    @property
    def language(self) -> str:
        """The language whose text is shown to the person who reads none of the others."""
        return next(iter(self.names))


def checked_texts(names: Mapping[str, str], descriptions: Mapping[str, str]) -> Named:
    """Return the texts trimmed, without empty ones; refuse what no list could show.  Raises InvalidPolicy."""
    if any(len(tag) > MAX_LANGUAGE or not _LANGUAGE.fullmatch(tag) for tag in (*names, *descriptions)):
        raise InvalidPolicy(
            message(
                "A text is listed under the tag of its language, at most {most} characters long.", most=MAX_LANGUAGE
            ),
            remedy=message("Name languages like en, de or pt-BR."),
        )
    names = {language: text.strip() for language, text in names.items() if text.strip()}
    if not names:
        raise InvalidPolicy(message("There is no name."), remedy=message("Give it a name in at least one language."))
    if any(len(text) > MAX_NAME or not is_one_line(text) for text in names.values()):
        raise InvalidPolicy(message("A name is one line of at most {most} characters.", most=MAX_NAME))
    return Named(names, {language: _description(text) for language, text in descriptions.items() if text.strip()})


def _description(text: str) -> str:
    try:
        return free_text(text, most=MAX_DESCRIPTION)
    except NameRefused as error:
        raise InvalidPolicy(
            message(
                "A description has at most {most} characters, and no control characters.",
                most=MAX_DESCRIPTION,
            )
        ) from error

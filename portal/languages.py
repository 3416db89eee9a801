"""In which language somebody is answered."""

from django.conf import settings
from django.utils import translation

from protection import texts


def told(text: str) -> str:
    """Return a text of the rooms below in the language of whoever is being answered."""
    return texts.translated(text, translation)


def reader_languages() -> tuple[str, ...]:
    """Return the languages in which a page shows what has a name in several: the one that the page is in."""
    return (translation.get_language() or settings.LANGUAGE_CODE,)

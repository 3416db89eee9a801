"""In which language a caller is answered."""

from collections.abc import Mapping

from django.conf import settings
from django.utils import formats, translation
from django.utils.functional import lazy

from chancery import texts
from chancery.errors import ChanceryError
from tenants.naming import NameRefused


def translate(text: str) -> str:
    """Return a text of the packages below in the reader's language."""
    return texts.translated(text, translation)


translate_lazy = lazy(translate, str)
"""The same for what is written once and read by many, as the choices of a form."""


def reason_of(error: Exception) -> str:
    """Return what an error says in the reader's language; the next step is not in it."""
    if isinstance(error, NameRefused):
        return translation.gettext(error.message).format_map(error.values)
    return translate(error.message) if isinstance(error, ChanceryError) else str(error)


def with_next_step(error: ChanceryError) -> str:
    """Return what an error says and what to do next."""
    return f"{translate(error.message)} {translate(error.next_step)}".strip()


def grouped(number: int) -> str:
    """Return a number with its thousands apart, as the language writes them."""
    return formats.number_format(number, force_grouping=True)


def written_in(names: Mapping[str, str]) -> str:
    """Return the language in which a form shows a text that has several: the page's if it is there, else the first.

    What has no text yet gets its first one in the language of the page.
    """
    (reader,) = reader_languages()
    return reader if not names or reader in names else next(iter(names))


def reader_languages() -> tuple[str, ...]:
    """Return the languages in which a page shows what has a name in several: the one that the page is in."""
    return (translation.get_language() or settings.LANGUAGE_CODE,)

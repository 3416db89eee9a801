"""In which language somebody is answered."""

from django.conf import settings
from django.utils import translation

from protection import texts


def told(text: str) -> str:
    """Return a text of the rooms below in the language of whoever is being answered."""
    return texts.translated(text, translation)


def spoken(language: str) -> bool:
    """Tell whether the service can answer in a language."""
    return language in dict(settings.LANGUAGES)

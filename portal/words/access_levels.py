"""Levels of access as people call them, in the reader's language."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

LEVELS: Final[Mapping[str, Promise]] = {
    "viewer": gettext_lazy("viewer"),
    "reviewer": gettext_lazy("reviewer"),
    "co-author": gettext_lazy("co-author"),
    "co-owner": gettext_lazy("co-owner"),
}
"""Their names within a sentence, by the code with which policies and commands name them."""


def level_called(level: str) -> str:
    """Return a level's name; a word that is none is returned as it is."""
    return str(LEVELS.get(level, level))

"""Changes of many documents in words: what is done, how far it is, and why documents were left as they were."""

from collections.abc import Iterator, Mapping
from typing import Final

from django.utils.translation import gettext_lazy, ngettext

from portal.languages import grouped

STATES: Final = {
    "running": gettext_lazy("Under way"),
    "done": gettext_lazy("Done"),
    "undoing": gettext_lazy("Being undone"),
    "undone": gettext_lazy("Undone"),
}
TONES: Final = {"running": "warn", "undoing": "warn", "done": "good"}
ACTS: Final = {
    "replace": gettext_lazy("Replace"),
    "add": gettext_lazy("Add"),
    "remove": gettext_lazy("Remove"),
}
SKIPPED: Final = {
    "by_template": gettext_lazy("Follows a template: change the template, or take access back on the document's page."),
    "on_request": gettext_lazy("Access was given on request: take it back on the document's page."),
    "has_it": gettext_lazy("Says this already."),
    "changed_since": gettext_lazy("Was changed by another person since, and stays so."),
}
"""Why a document was left as it was, and what to do about it."""


def skipped_in_words(skipped: Mapping[str, int]) -> Iterator[str]:
    """Yield how many documents are left as they are, by reason."""
    for reason, number in sorted(skipped.items()):
        words = ngettext("{number} document is left as it is.", "{number} documents are left as they are.", number)
        yield f"{words.format(number=grouped(number))} {SKIPPED[reason]}"

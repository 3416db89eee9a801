"""Why a viewer-only document is not shown, in words: to its reader what to do, in the record what happened."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.rendering.drawer import ENDED

_ASK_THE_OWNER: Final = _("Ask the owner for another form of the document, or for the right to export.")
_AGAIN: Final = _("Choose the file again. If that does not help, ask the owner.")

PROBLEMS: Final[Mapping[str, tuple[Promise, Promise]]] = {
    "unknown_kind": (_("Files of this kind cannot be shown as pages."), _ASK_THE_OWNER),
    "office": (
        _("Files of Office programs cannot be shown here: the service has no LibreOffice, or cannot wall it in."),
        _("Ask the owner for a PDF of it, or for the right to export."),
    ),
    "damaged": (_("The document is damaged and cannot be shown."), _ASK_THE_OWNER),
    "locked": (_("The document has a password of its own and cannot be shown."), _ASK_THE_OWNER),
    "too_many_pixels": (_("A picture in it is too large to be shown."), _ASK_THE_OWNER),
    "too_much": (_("The document takes too much memory to be shown."), _ASK_THE_OWNER),
    "no_sandbox": (
        _("The service cannot show documents safely on its machine."),
        _("Tell the operator of this service."),
    ),
    "not_sent": (_("The file did not arrive."), _AGAIN),
    "replaced": (_("Another document was opened before this one was shown."), _AGAIN),
    "invalid_file": (_("The file is damaged, or it is not the one that was asked for."), _AGAIN),
    "revoked": (_("Access was changed while the document was being shown."), _AGAIN),
    ENDED: (_("The document could not be shown in the time and memory that there are for it."), _ASK_THE_OWNER),
}


def problem_in_words(code: str) -> tuple[str, str]:
    """Return what is wrong and what to do."""
    title, step = PROBLEMS.get(code, PROBLEMS[ENDED])
    return str(title), str(step)

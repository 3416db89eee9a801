"""Why a recipient gets no license ahead, in words for the owner."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from chancery.policy.reasons import WORDS, reason_of_code
from portal.languages import translate
from protection.services.prelicense_request import NotAhead

_NOT_AHEAD: Final[Mapping[str, Promise]] = {
    NotAhead.NO_DEVICE: _(
        "No license can be sent ahead to this recipient now: they have not signed in on a device yet, are not known to"
        " your organization, or get no licenses at present. They get theirs when they open the document."
    ),
    NotAhead.GROUP: _("This is a group. Name the people in it who are to get a license."),
    NotAhead.WEAK_DEVICE: _(
        "The recipient's devices hold keys that are weaker than the protection of this document, so its key is not sent"
        " to them inside a file. They get their license when they open the document."
    ),
    NotAhead.CONDITIONS: _(
        "The policy or your organization sets conditions for each opening, which can only be checked when the document"
        " is opened."
    ),
    NotAhead.VIEWER_ONLY: _("The policy lets the document be shown in the browser only, so no key leaves the service."),
    NotAhead.ONLINE_ONLY: _("The policy or your organization does not allow opening without the service."),
    NotAhead.COUNTS_FROM_OPENING: _(
        "The recipient's time begins with their first opening, which the service has to see."
    ),
    NotAhead.OPENINGS_COUNTED: _("Your organization counts what each person opens, so open it yourself."),
    NotAhead.DECIDED_WHEN_OPENED: _(
        "Whether the recipient may open the document depends on other organizations, and is decided when they open it."
    ),
}


def not_ahead_in_words(code: str) -> str:
    """Return why a recipient gets no license ahead; "" for a recipient who got one."""
    if not code:
        return ""
    reason = reason_of_code(code)
    if code in _NOT_AHEAD:
        return str(_NOT_AHEAD[code])
    return "" if reason is None else translate(WORDS[reason].owner)

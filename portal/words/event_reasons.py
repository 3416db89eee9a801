"""Why something happened or was refused, and when it was reported, as the words of an event say it."""

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from audit.selectors.events import EventRow
from chancery.ledger.kinds import Kind
from chancery.policy.reasons import WORDS, reason_of_code
from chancery.policy.unmet import Unmet
from portal.languages import translate
from portal.words.codes import code_in_words, object_code_in_words


def why_of(row: EventRow) -> str:
    """Return the reason of a refusal, the one that somebody gave, or that a device reported late; "" for none."""
    if row.kind == Kind.CONTENT_REPORTED:
        return _reported_later(row)
    return _refused_for(row) if row.reason else _given(row)


def moment_in_words(moment: object) -> str:
    """Return a moment in seconds in the reader's zone and form, "" for anything else."""
    if not isinstance(moment, int):
        return ""
    return date_format(datetime.fromtimestamp(moment, timezone.get_current_timezone()), "DATETIME_FORMAT")


def _reported_later(row: EventRow) -> str:
    """Return when it happened, by the clock of the device, where that had no connection at that time."""
    if "late" not in row.details:
        return ""
    return _("It happened on {when}; the device reported it later, when it was connected.").format(
        when=moment_in_words(row.details.get("at"))
    )


def _given(row: EventRow) -> str:
    """Return the reason that somebody gave for what they did."""
    if row.kind == Kind.CONTENT_CHANGED and "request" in row.details:
        return _("This was part of the answer to a request for access.")
    given, case = row.details.get("note") or row.details.get("reason"), row.details.get("case")
    if given and case:
        return _("Reason given: {reason} (case {case})").format(reason=given, case=case)
    return _("Reason given: {reason}").format(reason=given) if given else ""


def _what_was_missing(row: EventRow) -> str:
    """Return which condition was not met, or what was wrong with the object that was brought."""
    if "unmet" in row.details:
        return translate(Unmet.from_json(row.details["unmet"]).text)
    if "code" in row.details:
        return object_code_in_words(str(row.details["code"]))
    # Older events keep a sentence, which is shown as it is.
    return str(row.details.get("detail", ""))


def _refused_for(row: EventRow) -> str:
    """Return the reason in the owner's words."""
    reason = reason_of_code(row.reason)
    if reason is not None:
        words = translate(WORDS[reason].owner)
        detail = _what_was_missing(row)
        return f"{words} {detail}" if detail else words
    return code_in_words(row.kind, row.reason)

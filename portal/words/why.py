"""Why somebody may or may not do something, in words: a missing right is not shown as missing access."""

from typing import Final

from django.utils.translation import gettext as _

from chancery.policy.case import Allow
from chancery.policy.explain import Explanation
from chancery.policy.reasons import WORDS, Reason
from chancery.policy.words import right_in_words
from portal.languages import translate
from protection.selectors.why import OwnWhy

_MISSING: Final = frozenset({Reason.NOT_GRANTED, Reason.GRANT_ENDED})
"""Why a single right is missing: never given, or not any more."""


def own_words(why: OwnWhy, reason: Reason) -> str:
    """Say to people why they may not; to those who may open the document, that only this right is missing."""
    if reason in _MISSING and why.rights:
        right = translate(right_in_words(why.right.value))
        return _("You may open this document, but you were not given the right to: {right}.").format(right=right)
    return translate(WORDS[reason].person)


def only_the_right_is_missing(explanation: Explanation) -> bool:
    """Tell whether somebody may open the document and lacks just the right that was asked about."""
    return isinstance(explanation.decision, Allow) and not explanation.allowed


def blocker_words(explanation: Explanation, reason: Reason) -> str:
    """Say to those who manage a document why somebody else may not."""
    if reason in _MISSING and only_the_right_is_missing(explanation):
        right = translate(right_in_words(explanation.right.value))
        return _("This person may open the document, but was not given the right to: {right}.").format(right=right)
    return translate(WORDS[reason].owner)

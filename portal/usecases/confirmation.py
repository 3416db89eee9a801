"""Acts with consequences ask first, in every interface by the same rule.

A ``ConfirmationPrompt`` says what an act would do, what must be stated to go on, and whether a recent sign-in is
needed.  Pages show it with a form, the API answers it as a problem that programs can read and answer, and the command
line asks what the API answers.  So nothing dangerous happens by one click, one call or one key stroke alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeVar
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from portal import clock
from portal.identity import recent_sign_in
from portal.identity.strength import Authentication
from portal.languages import grouped
from tenants.naming import free_text

T = TypeVar("T")

MAX_REASON: Final = 500
YES: Final = "yes"


@dataclass(frozen=True, slots=True)
class ConfirmationPrompt:
    """What an act would do.

    ``confirm`` is what has to be stated to go on: the name of what the act is done to, ``YES`` where it has none.
    People type it themselves only where ``typed`` says so.  ``needs_reason`` asks why, which is recorded;
    ``needs_fresh`` asks for a sign-in of the last ten minutes, with the second factor where the person has one.
    ``offers`` is what people may write besides: a "reason", which is recorded, or a "message" to the others concerned.
    ``cancel`` is what the way out is called, where the usual words would be misread.  ``gives`` says that nothing is
    taken from anybody, so that pages do not warn of it.  ``leaves`` is who goes and leaves documents behind, which
    pages offer to hand over first.
    """

    question: str
    consequences: tuple[str, ...]
    button: str
    confirm: str
    typed: bool = False
    needs_reason: bool = False
    needs_fresh: bool = False
    offers: Literal["", "reason", "message"] = ""
    cancel: str = ""
    gives: bool = False
    leaves: UUID | None = None

    def __post_init__(self) -> None:
        """Ask for a word in any case: nothing stated must never be what has to be stated."""
        object.__setattr__(self, "confirm", self.confirm.strip() or YES)


@dataclass(frozen=True, slots=True)
class Stated:
    """What the caller has stated; ``authentication`` is how they signed in, None for an application."""

    confirm: str
    reason: str
    authentication: Authentication | None


class ConfirmationRequired(Exception):
    """The caller has not confirmed what the act does; nothing was done."""

    def __init__(self, prompt: ConfirmationPrompt) -> None:
        super().__init__(prompt.question)
        self.prompt = prompt


class ReasonRequired(ConfirmationRequired):
    """The caller has confirmed, but not said why."""


class FreshSignInRequired(ConfirmationRequired):
    """The caller signed in too long ago for this."""


def is_fresh(stated: Stated) -> bool:
    """Tell whether the sign-in is recent enough; an application has no sign-in that could be older than its token."""
    return stated.authentication is None or clock.now() - stated.authentication.at <= recent_sign_in.SECONDS


def require_confirmation(prompt: ConfirmationPrompt, stated: Stated) -> str:
    """Return the reason once all is stated that the act asks for.

    Raises ConfirmationRequired, ReasonRequired and FreshSignInRequired.
    """
    if prompt.needs_fresh and not is_fresh(stated):
        raise FreshSignInRequired(prompt)
    if stated.confirm.strip().casefold() != prompt.confirm.casefold():
        raise ConfirmationRequired(prompt)
    reason = _in_one_line(stated.reason)
    if prompt.needs_reason and not reason:
        raise ReasonRequired(prompt)
    return reason


def confirmed(prompt: ConfirmationPrompt, stated: Stated, act: Callable[[str], T]) -> T:
    """Do an act that asks first; what is refused anyway is refused before anybody is asked about it.

    The act is tried in a transaction that is taken back unless it is confirmed.  Raises what the act raises, what
    ``require_confirmation`` raises, and NameRefused.
    """
    return confirmed_by_outcome(stated, act, lambda _: prompt)


def confirmed_by_outcome(
    stated: Stated, act: Callable[[str], T], prompt_of: Callable[[T], ConfirmationPrompt | None]
) -> T:
    """Do an act of which only the outcome shows whether it asks first: ``prompt_of`` returns None where it does not.

    It is tried, and raises, as ``confirmed`` does.
    """
    with transaction.atomic():
        done = act(_in_one_line(stated.reason))
        prompt = prompt_of(done)
        if prompt is not None:
            require_confirmation(prompt, stated)
    return done


def _in_one_line(reason: str) -> str:
    return " ".join(free_text(reason, most=MAX_REASON).split())


def if_any(number: int, sentence: str) -> tuple[str, ...]:
    """Return a consequence that counts something, and none where there is nothing to count."""
    return (sentence.format(number=grouped(number)),) if number else ()


def moment_in_words(moment: datetime) -> str:
    """Return a moment as the reader writes it, in their time zone."""
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT")


def copies_until(moment: datetime | None) -> str:
    """Say until when copies kept on devices can be opened."""
    if moment is None:
        return _("No copy of a license is kept on any device, so nothing can be opened from then on.")
    return _(
        "Connected devices stop within a minute. Copies kept on devices that do not connect can be opened until {when}"
        " at the latest."
    ).format(when=moment_in_words(moment))

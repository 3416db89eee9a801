"""Grants as people read and write them: one line for each, in words they know."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from chancery.errors import ChanceryError
from chancery.policy.days import end_of, last_day_before
from chancery.policy.policy import Grant, Policy, PrincipalKind
from chancery.policy.rights import in_order, level_of, parse_rights
from portal import clock
from portal.languages import with_next_step
from portal.subjects.recipients import EVERYBODY, entry_named
from portal.web.framework import moment_of
from portal.words.policies import LEVEL_BADGES, rights_as_level, who_in_words


@dataclass(frozen=True, slots=True)
class ShownGrant:
    """One grant as pages show it."""

    who: str
    level: str
    meaning: str
    line: str


def shown_grants(policy: Policy, organization: UUID, organization_name: str) -> list[ShownGrant]:
    """Return a policy's grants in words; the own organization by its name."""
    return [
        ShownGrant(
            who=who_in_words(grant.who, organization, organization_name),
            level=str(LEVEL_BADGES[level_of(grant.rights) or "custom"]),
            meaning=_meaning(grant),
            line=line_of(grant, organization),
        )
        for grant in policy.grants
    ]


def _meaning(grant: Grant) -> str:
    allowed, until = rights_as_level(in_order(grant.rights)), moment_of(grant.until)
    if until is None:
        return allowed
    return _("{allowed}, until {when}").format(allowed=allowed, when=date_format(until, "DATETIME_FORMAT"))


def line_of(grant: Grant, organization: UUID) -> str:
    """Return a grant as one line of a form; an end as its last day in the reader's time zone."""
    who = grant.who
    own = who.kind is PrincipalKind.ORGANIZATION and who.value == str(organization)
    named = EVERYBODY if own else who.value if who.kind is PrincipalKind.ADDRESS else str(who)
    rights = level_of(grant.rights) or ", ".join(in_order(grant.rights))
    return f"{named}: {rights}" if grant.until is None else f"{named}: {rights} until {_last_day(grant.until)}"


def read_lines(text: str, organization: UUID, stored: Iterable[Grant] = ()) -> tuple[Grant, ...]:
    """Read grants, one in a line: ``rita@example.com: viewer until 2027-01-31`` or ``everybody: VIEW, PRINT``.

    A line that is unchanged since it was shown for a stored grant is that grant.  A level can stand for a set that
    lacks a right which OWNER implies, and who changed only a description must not change that set.  For the same
    reason a day that was shown for the end of a stored grant is that end.

    Raises forms.ValidationError naming the line at fault.
    """
    stored = tuple(stored)
    shown = {line_of(grant, organization): grant for grant in stored}
    ends = {(grant.who, str(_last_day(grant.until))): grant.until for grant in stored if grant.until is not None}
    grants = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        if line.strip() in shown:
            grants.append(shown[line.strip()])
            continue
        given, ending, day = line.partition(" until ")
        who, separator, rights = given.rpartition(":")
        try:
            if not separator or not who.strip():
                raise forms.ValidationError(
                    _("Line {number}: write it like {example}.").format(
                        number=number, example="rita@example.com: viewer"
                    )
                )
            principal, names = entry_named(who, organization), parse_rights(_names(rights))
            until = (ends.get((principal, day.strip())) or _end(day.strip(), number)) if ending else None
            grants.append(Grant(principal, names, until))
        except ChanceryError as error:
            raise forms.ValidationError(
                _("Line {number}: {problem}").format(number=number, problem=with_next_step(error))
            ) from error
    return tuple(grants)


def _end(day: str, number: int) -> int:
    """Return the moment at which a day ends that somebody has written; access lasts on the day itself."""
    try:
        end = end_of(date.fromisoformat(day), timezone.get_current_timezone())
    except ValueError:
        raise forms.ValidationError(
            _("Line {number}: write the last day like {example}.").format(
                number=number, example="rita@example.com: viewer until 2027-01-31"
            )
        ) from None
    if end <= clock.now():
        raise forms.ValidationError(
            _("Line {number}: this day has passed already. Choose a later one.").format(number=number)
        )
    return end


def _last_day(until: int) -> date:
    return last_day_before(until, timezone.get_current_timezone())


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.replace(";", ",").split(",") if name.strip()]

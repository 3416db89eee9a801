"""Grants as people read and write them: one line for each, in words they know."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _

from chancery.errors import ChanceryError
from chancery.policy.policy import Grant, Policy, PrincipalKind
from chancery.policy.rights import in_order, level_of, parse_rights
from portal.languages import with_next_step
from portal.subjects.recipients import EVERYBODY, entry_named
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
            meaning=rights_as_level(in_order(grant.rights)),
            line=line_of(grant, organization),
        )
        for grant in policy.grants
    ]


def line_of(grant: Grant, organization: UUID) -> str:
    """Return a grant as one line of a form."""
    who = grant.who
    own = who.kind is PrincipalKind.ORGANIZATION and who.value == str(organization)
    named = EVERYBODY if own else who.value if who.kind is PrincipalKind.ADDRESS else str(who)
    rights = level_of(grant.rights) or ", ".join(in_order(grant.rights))
    return f"{named}: {rights}"


def read_lines(text: str, organization: UUID, stored: Iterable[Grant] = ()) -> tuple[Grant, ...]:
    """Read grants, one in a line: ``rita@example.com: viewer`` or ``everybody: VIEW, PRINT``.

    A line that is unchanged since it was shown for a stored grant is that grant.  A level can stand for a set that
    lacks a right which OWNER implies, and who changed only a description must not change that set.

    Raises forms.ValidationError naming the line at fault.
    """
    shown = {line_of(grant, organization): grant for grant in stored}
    grants = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        if line.strip() in shown:
            grants.append(shown[line.strip()])
            continue
        who, separator, rights = line.rpartition(":")
        try:
            if not separator or not who.strip():
                raise forms.ValidationError(
                    _("Line {number}: write it like {example}.").format(
                        number=number, example="rita@example.com: viewer"
                    )
                )
            grants.append(Grant(entry_named(who, organization), parse_rights(_names(rights))))
        except ChanceryError as error:
            raise forms.ValidationError(
                _("Line {number}: {problem}").format(number=number, problem=with_next_step(error))
            ) from error
    return tuple(grants)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.replace(";", ",").split(",") if name.strip()]

"""Policies in forms: people write one line per grant, in words they know."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms

from protection.errors import ChanceryError
from protection.licensing.policy import Grant, Policy, Principal, PrincipalKind
from protection.licensing.rights import in_order, level_of, parse_rights
from protection.licensing.words import rights_in_words

LEVEL_WORDS: Mapping[str, str] = {
    "viewer": "read, reply",
    "reviewer": "read, edit, reply, forward",
    "co-author": "read, edit, copy, print and export",
    "co-owner": "everything, also change who has access",
}
WHO_EVERYBODY = "everybody"


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
            level=(level_of(grant.rights) or "custom").capitalize(),
            meaning=rights_as_level(in_order(grant.rights)),
            line=line_of(grant, organization),
        )
        for grant in policy.grants
    ]


def rights_as_level(rights: Iterable[str]) -> str:
    """Return what rights allow in words, those of a level as the level is described everywhere."""
    level = level_of(parse_rights(rights))
    return LEVEL_WORDS[level] if level else rights_in_words(rights)


def who_in_words(who: Principal, organization: UUID, organization_name: str) -> str:
    """Return whom a principal means."""
    match who.kind:
        case PrincipalKind.ADDRESS:
            return who.value
        case PrincipalKind.DOMAIN:
            return f"Everybody with an address at {who.value}"
        case PrincipalKind.AUTHENTICATED:
            return "Anybody who can sign in"
        case PrincipalKind.ORGANIZATION:
            return f"All of {organization_name}" if who.value == str(organization) else "All of another organization"


def line_of(grant: Grant, organization: UUID) -> str:
    """Return a grant as one line of a form."""
    who = grant.who
    own = who.kind is PrincipalKind.ORGANIZATION and who.value == str(organization)
    named = WHO_EVERYBODY if own else who.value if who.kind is PrincipalKind.ADDRESS else str(who)
    rights = level_of(grant.rights) or ", ".join(in_order(grant.rights))
    return f"{named}: {rights}"


def read_lines(text: str, organization: UUID, stored: Iterable[Grant] = ()) -> tuple[Grant, ...]:
    """Read grants, one in a line: ``rita@example.com: viewer`` or ``everybody: VIEW, PRINT``.

    A line that still stands as it was shown for a stored grant is that grant.  A level can stand for a set that lacks a
    right which OWNER implies, and who changed only a description must not change that set.

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
                raise forms.ValidationError(f"Line {number}: write it like rita@example.com: viewer.")
            grants.append(Grant(_principal(who.strip(), organization), parse_rights(_names(rights))))
        except ChanceryError as error:
            raise forms.ValidationError(f"Line {number}: {error.message} {error.next_step}") from error
    return tuple(grants)


def _principal(who: str, organization: UUID) -> Principal:
    if who.casefold() == WHO_EVERYBODY:
        return Principal(PrincipalKind.ORGANIZATION, str(organization))
    return Principal.parse(who)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.replace(";", ",").split(",") if name.strip()]


class PolicyForm(forms.Form):
    """Who may do what, until when, and how long without asking the service."""

    grants = forms.CharField(
        label="Who may do what",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=(
            "One line for each person, group or domain, for example  rita@partner.example: viewer.  "
            "“everybody” means all members of your organization. Left empty, only the owner can open it."
        ),
    )
    deny = forms.CharField(
        label="Who may never open it",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text="One address or  domain:example.com  in each line. This wins over every grant.",
    )
    expires = forms.DateField(
        label="Access ends on",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="At midnight UTC of this day. Left empty, it does not end.",
    )
    offline_days = forms.IntegerField(
        label="Days it can be opened without a network",
        required=False,
        min_value=0,
        max_value=65_535,
        help_text="0 means never: each opening asks your service. Left empty, your organization's limit counts.",
    )

    def __init__(self, *args: Any, organization: UUID, stored: Policy | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization = organization
        self.stored = stored or Policy()

    def clean_grants(self) -> tuple[Grant, ...]:
        """Read the lines."""
        return read_lines(self.cleaned_data["grants"], self.organization, self.stored.grants)

    def clean_deny(self) -> tuple[Principal, ...]:
        """Read the lines."""
        try:
            lines = [line.strip() for line in self.cleaned_data["deny"].splitlines() if line.strip()]
            return tuple(Principal.parse(line) for line in lines)
        except ChanceryError as error:
            raise forms.ValidationError(f"{error.message} {error.next_step}") from error

    def policy(self) -> Policy:
        """Return the policy; only after the form is valid.  What the form does not show stays as it is stored."""
        data = self.cleaned_data
        days = data.get("offline_days")
        return replace(
            self.stored,
            grants=data["grants"],
            deny=data["deny"],
            expires=self._end(data.get("expires")),
            offline_days=-1 if days is None else days,
        )

    def _end(self, day: date | None) -> int | None:
        """Return the end of a day in seconds, or the stored moment where the day is the one that was shown for it."""
        if day is None or day == _last_day(self.stored.expires):
            return None if day is None else self.stored.expires
        return int((datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)).timestamp())


def _last_day(expires: int | None) -> date | None:
    return None if expires is None else datetime.fromtimestamp(expires - 1, UTC).date()


def policy_initial(policy: Policy, organization: UUID) -> dict[str, Any]:
    """Return what the form shows for an existing policy."""
    return {
        "grants": "\n".join(line_of(grant, organization) for grant in policy.grants),
        "deny": "\n".join(str(who).removeprefix("address:") for who in policy.deny),
        "expires": _last_day(policy.expires),
        "offline_days": None if policy.offline_days < 0 else policy.offline_days,
    }

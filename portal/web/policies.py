"""Policies in forms: people write one line per grant, in words they know."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Final, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.core.validators import MaxValueValidator
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from chancery.errors import ChanceryError
from chancery.policy.days import LAST_DAY, end_of, last_day_before
from chancery.policy.policy import (
    MAX_OPENING_DAYS,
    Conditions,
    Enforcement,
    Grant,
    Policy,
    Principal,
    Strength,
    parse_policy,
)
from chancery.policy.programs import WITHHELD_BY_PROGRAMS
from chancery.policy.rights import Right, in_order
from chancery.policy.times import Times, parse_times
from chancery.policy.words import right_in_words
from portal.languages import translate_lazy, with_next_step
from portal.web.grant_lines import line_of, read_lines

LEVEL_CHOICES: Final = [
    ("viewer", gettext_lazy("Viewer: read, reply, see who has access")),
    ("reviewer", gettext_lazy("Reviewer: read, edit, reply, forward")),
    ("co-author", gettext_lazy("Co-author: read, edit, copy, print and export")),
    ("co-owner", gettext_lazy("Co-owner: everything, also change who has access")),
]
"""The levels as forms offer them."""
LEASES = [
    (600, gettext_lazy("Every 10 minutes")),
    (3_600, gettext_lazy("Every hour")),
    (8 * 3_600, gettext_lazy("Every 8 hours")),
    (86_400, gettext_lazy("Every day")),
    (7 * 86_400, gettext_lazy("Every week")),
]
SIGNED_IN: Final = {
    Strength.PASSWORD: gettext_lazy("With a password or better"),
    Strength.MFA: gettext_lazy("With a second step or better"),
    Strength.PASSKEY: gettext_lazy("With a passkey"),
}
PLATFORMS: Mapping[str, str] = {"linux": "Linux", "windows": "Windows", "darwin": "macOS"}
"""Kinds of device as clients name them, and what people call them."""

TIMES_HELP: Final = gettext_lazy(
    "Days, hours and time zone in each line, like “mon-fri 08:00-18:00 Europe/Berlin” or “fri 22:00-06:00 UTC”. Left"
    " empty, always."
)
MOMENT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

TOO_LATE: Final = gettext_lazy("Name a day before the year 9999, or leave it empty.")
KNOWN_DAY: Final = MaxValueValidator(LAST_DAY, TOO_LATE)
KNOWN_MOMENT: Final = MaxValueValidator(datetime(LAST_DAY.year, LAST_DAY.month, LAST_DAY.day, tzinfo=UTC), TOO_LATE)


class PolicyForm(forms.Form):
    """Who may do what, until when, and how long without asking the service."""

    grants = forms.CharField(
        label=gettext_lazy("Who may do what"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=gettext_lazy(
            "One line for each person, group or domain, for example  rita@partner.example: viewer  or"
            "  rita@partner.example: viewer until 2027-01-31,  that day included.  "
            "“everybody” means all members of your organization. Left empty, only the owner can open it."
        ),
    )
    deny = forms.CharField(
        label=gettext_lazy("Who may never open it"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text=gettext_lazy("One address or  domain:example.com  in each line. This wins over every grant."),
    )
    expires = forms.DateField(
        label=gettext_lazy("Last day of access"),
        required=False,
        validators=[KNOWN_DAY],
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy(
            "Access ends with this day, at midnight in your time zone. Left empty, it does not end."
        ),
    )
    expires_after_opening_days = forms.IntegerField(
        label=gettext_lazy("Days from each person's first opening"),
        required=False,
        min_value=1,
        max_value=MAX_OPENING_DAYS,
        help_text=gettext_lazy("Access ends for each person separately, so many days after they first opened it."),
    )
    offline_days = forms.IntegerField(
        label=gettext_lazy("Days it can be opened without a network"),
        required=False,
        min_value=0,
        max_value=65_535,
        help_text=gettext_lazy(
            "0 means never: each opening asks your service. Left empty, your organization's limit counts."
        ),
    )

    lease = forms.TypedChoiceField(
        label=gettext_lazy("A kept copy must hear from your service"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", gettext_lazy("As your organization says")), *LEASES],
        help_text=gettext_lazy("A device that stays offline for longer cannot open it until it connects again."),
    )
    strength = forms.ChoiceField(
        label=gettext_lazy("People must have signed in"),
        required=False,
        choices=[
            ("", gettext_lazy("In any way")),
            *((way.value, SIGNED_IN[way]) for way in Strength if way is not Strength.CODE),
        ],
    )
    networks = forms.CharField(
        label=gettext_lazy("Only from these networks"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text=gettext_lazy("One in each line, like 192.0.2.0/24. Left empty, from anywhere."),
    )
    times = forms.CharField(
        label=gettext_lazy("Only at these times of the week"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text=TIMES_HELP,
    )
    platforms = forms.MultipleChoiceField(
        label=gettext_lazy("Only on these kinds of device"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None chosen: on any."),
    )
    not_before = forms.DateTimeField(
        label=gettext_lazy("Opens not before"), required=False, validators=[KNOWN_MOMENT], widget=MOMENT
    )
    not_after = forms.DateTimeField(
        label=gettext_lazy("Opens not after"), required=False, validators=[KNOWN_MOMENT], widget=MOMENT
    )
    post_quantum = forms.BooleanField(label=gettext_lazy("Only on devices with post-quantum keys"), required=False)
    account_required = forms.BooleanField(
        label=gettext_lazy("Only people with an account: no opening by a mailed code"), required=False
    )
    viewer_only = forms.BooleanField(
        label=gettext_lazy("Viewer only: readers see pages in their browser and never get the file"),
        required=False,
        help_text=gettext_lazy(
            "The service decrypts the document and draws its pages, so it sees the content. Only owners and people with"
            " the right to export can open it elsewhere."
        ),
    )
    watermark = forms.BooleanField(
        label=gettext_lazy("Watermark: reader, time and document over the content"),
        required=False,
        help_text=gettext_lazy("The browser shows it. Other programs are asked to; viewer only always has one."),
    )
    enforced = forms.MultipleChoiceField(
        label=gettext_lazy("Only in programs that withhold, from people without the right"),
        required=False,
        choices=[(right.value, translate_lazy(right_in_words(right))) for right in WITHHELD_BY_PROGRAMS],
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "Programs say by themselves what they withhold. The command line withholds none of these."
        ),
    )

    levels: Final = LEVEL_CHOICES
    """What a recipient can be given, for the list of recipients."""

    further: Final = (
        "expires_after_opening_days",
        "lease",
        "not_before",
        "not_after",
        "strength",
        "networks",
        "times",
        "platforms",
        "post_quantum",
        "account_required",
        "viewer_only",
        "watermark",
        "enforced",
    )
    """Fields that most policies leave alone; pages show them folded."""

    def __init__(self, *args: Any, organization: UUID, stored: Policy | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization = organization
        self.stored = stored or Policy()
        _offer(self.fields["lease"], self.stored.lease, _within)
        for platform in sorted({*PLATFORMS, *self.stored.conditions.platforms}):
            _offer(self.fields["platforms"], platform, lambda name: PLATFORMS.get(name, name))

    def first_fields(self) -> list[forms.BoundField]:
        """Return the fields that every policy is about."""
        return [field for field in self.visible_fields() if field.name not in self.further]

    def further_fields(self) -> list[forms.BoundField]:
        """Return the folded fields."""
        return [field for field in self.visible_fields() if field.name in self.further]

    def is_further(self) -> bool:
        """Tell whether one of the folded fields says something, or is wrong."""
        return any(field.errors or field.value() for field in self.further_fields())

    def clean_grants(self) -> tuple[Grant, ...]:
        """Read the lines."""
        return read_lines(self.cleaned_data["grants"], self.organization, self.stored.grants)

    def clean_deny(self) -> tuple[Principal, ...]:
        """Read the lines."""
        try:
            return tuple(Principal.parse(line) for line in _lines(self.cleaned_data["deny"]))
        except ChanceryError as error:
            raise forms.ValidationError(with_next_step(error)) from error

    def clean_networks(self) -> tuple[str, ...]:
        """Read the lines."""
        try:
            return parse_policy({"conditions": {"networks": _lines(self.cleaned_data["networks"])}}).conditions.networks
        except ChanceryError as error:
            raise forms.ValidationError(with_next_step(error)) from error

    def clean_times(self) -> tuple[Times, ...]:
        """Read the lines."""
        try:
            return parse_times(_lines(self.cleaned_data["times"]))
        except ChanceryError as error:
            raise forms.ValidationError(with_next_step(error)) from error

    def clean_not_before(self) -> datetime | None:
        """Refuse a moment before any that a policy can name."""
        return _after_the_epoch(self.cleaned_data["not_before"])

    def clean_not_after(self) -> datetime | None:
        """Refuse a moment before any that a policy can name."""
        return _after_the_epoch(self.cleaned_data["not_after"])

    def clean_expires(self) -> date | None:
        """Refuse a new last day that has passed: who means to end access takes it back."""
        day: date | None = self.cleaned_data["expires"]
        if day is not None and day != _last_day(self.stored.expires) and day < timezone.localdate():
            raise forms.ValidationError(_("This day has passed already. Choose a later one."))
        return day

    def clean(self) -> dict[str, Any]:
        """Refuse a window that never opens."""
        data: dict[str, Any] = super().clean() or {}
        opens, closes = data.get("not_before"), data.get("not_after")
        if opens and closes and opens >= closes:
            self.add_error("not_after", _("The window closes before it opens; name a later moment."))
        return data

    def policy(self) -> Policy:
        """Return the policy; only after the form is valid.  What the form does not show stays as it is stored."""
        data = self.cleaned_data
        days = data.get("offline_days")
        return replace(
            self.stored,
            grants=data["grants"],
            deny=data["deny"],
            expires=self._end(data.get("expires")),
            expires_after_opening_days=data["expires_after_opening_days"],
            offline_days=-1 if days is None else days,
            lease=data["lease"],
            enforcement=Enforcement.VIEWER if data["viewer_only"] else Enforcement.CLIENT,
            watermark=data["watermark"],
            conditions=Conditions(
                strength=Strength(data["strength"]) if data["strength"] else None,
                networks=data["networks"],
                times=data["times"],
                platforms=frozenset(data["platforms"]),
                not_before=_seconds(data["not_before"], self.stored.conditions.not_before),
                not_after=_seconds(data["not_after"], self.stored.conditions.not_after),
                post_quantum=data["post_quantum"],
                account_required=data["account_required"],
                enforced=frozenset(Right(right) for right in data["enforced"]),
            ),
        )

    def _end(self, day: date | None) -> int | None:
        """Return the end of a day in seconds, or the stored moment where the day is the one that was shown for it."""
        if day is None or day == _last_day(self.stored.expires):
            return None if day is None else self.stored.expires
        return end_of(day, _zone())


def _within(seconds: int) -> str:
    return ngettext("Within {number} second", "Within {number} seconds", seconds).format(number=seconds)


def _after_the_epoch(moment: datetime | None) -> datetime | None:
    if moment is not None and moment.timestamp() < 0:
        raise forms.ValidationError(_("This is too long ago. Check the year."))
    return moment


def _offer(field: forms.Field, value: Any, called: Callable[[Any], str]) -> None:
    """Add a value to the choices of a field where it is missing: what the API can set must not be lost in a form."""
    choices = cast(forms.ChoiceField, field)
    known = list(cast(Iterable[tuple[Any, str]], choices.choices))
    if value is not None and value not in dict(known):
        choices.choices = [*known, (value, called(value))]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _zone() -> ZoneInfo:
    """Return the time zone of the page's reader."""
    return timezone.get_current_timezone()


def _seconds(moment: datetime | None, stored: int | None) -> int | None:
    """Return a moment in seconds, or the stored one where it is what was shown for it: forms show minutes."""
    if moment is None or (stored is not None and moment == _shown(stored)):
        return None if moment is None else stored
    return int(moment.timestamp())


def _shown(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds - seconds % 60, _zone())


def _last_day(expires: int | None) -> date | None:
    return None if expires is None else last_day_before(expires, _zone())


def policy_initial(policy: Policy, organization: UUID) -> dict[str, Any]:
    """Return what the form shows for an existing policy."""
    asked = policy.conditions
    return {
        "grants": "\n".join(line_of(grant, organization) for grant in policy.grants),
        "deny": "\n".join(str(who).removeprefix("address:") for who in policy.deny),
        "expires": _last_day(policy.expires),
        "expires_after_opening_days": policy.expires_after_opening_days,
        "offline_days": None if policy.offline_days < 0 else policy.offline_days,
        "lease": policy.lease,
        "strength": asked.strength.value if asked.strength else "",
        "networks": "\n".join(asked.networks),
        "times": "\n".join(map(str, asked.times)),
        "platforms": sorted(asked.platforms),
        "not_before": _shown(asked.not_before),
        "not_after": _shown(asked.not_after),
        "post_quantum": asked.post_quantum,
        "account_required": asked.account_required,
        "viewer_only": policy.enforcement is Enforcement.VIEWER,
        "watermark": policy.watermark,
        "enforced": in_order(asked.enforced),
    }

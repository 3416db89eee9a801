"""The form of a template: whom to choose instead of how to write them, and each end beside its own value."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, cast
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from chancery.errors import ChanceryError
from chancery.policy.policy import Grant, Policy, Principal, PrincipalKind
from chancery.policy.rights import parse_rights
from portal.languages import with_next_step, written_in
from portal.subjects.recipients import EVERYBODY
from portal.web.fields import FreeTextField
from portal.web.grant_lines import line_of
from portal.web.policies import LEVEL_CHOICES, PolicyForm, policy_initial
from protection.selectors.templates import Template
from protection.services.template_draft import MAX_EXPIRY_DAYS, TemplateDraft, checked_scope

EXPIRY: Final = [
    ("never", gettext_lazy("Never")),
    ("on_date", gettext_lazy("On a date")),
    ("after_days", gettext_lazy("A number of days after protection")),
]
OFFLINE: Final = [
    ("limit", gettext_lazy("As long as your organization allows")),
    ("never", gettext_lazy("Never")),
    ("days", gettext_lazy("At most some days")),
]

MAX_GROUPS: Final = 500
"""Groups in one list of choices; who has more writes their addresses."""


@dataclass(frozen=True, slots=True)
class Example:
    """A way to begin: what the form then says, and the link's words."""

    words: Promise
    initial: Mapping[str, Any]


EXAMPLES: Final[Mapping[str, Example]] = {
    "everybody": Example(
        gettext_lazy("Read-only for all employees"),
        {
            "name": gettext_lazy("Read-only, all employees"),
            "description": gettext_lazy("All members may read it. No one may print, copy or change it."),
            "grants": f"{EVERYBODY}: viewer",
        },
    ),
    "some": Example(gettext_lazy("Only some people, who may edit"), {"add_level": "reviewer"}),
    "strict": Example(
        gettext_lazy("Only some people, 30 days, never without a network"),
        {"expiry_option": "after_days", "expires_after_days": 30, "offline_rule": "never"},
    ),
}


class TemplateForm(PolicyForm):
    """A policy with a name, a description, an expiry rule, and those to whom it is offered."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=120, help_text=gettext_lazy("What people choose from a list.")
    )
    description = FreeTextField(label=gettext_lazy("Description"), max_length=500, required=False)
    add_who = forms.ChoiceField(label=gettext_lazy("Add"), required=False)
    add_level = forms.ChoiceField(
        label=gettext_lazy("who may"), required=False, choices=LEVEL_CHOICES, initial="viewer"
    )
    offline_rule = forms.ChoiceField(
        label=gettext_lazy("Opens without a network"),
        required=False,
        choices=OFFLINE,
        widget=forms.RadioSelect,
        initial="limit",
    )
    expiry_option = forms.ChoiceField(
        label=gettext_lazy("Access ends"), choices=EXPIRY, widget=forms.RadioSelect, initial="never"
    )
    expires_after_days = forms.IntegerField(
        label=gettext_lazy("After how many days"), required=False, min_value=1, max_value=MAX_EXPIRY_DAYS
    )
    scope = forms.CharField(
        label=gettext_lazy("Offer it only to"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text=gettext_lazy(
            "One address of a person or group in each line. If this is empty, it is offered to everyone here. It"
            " only keeps lists short: it does not change who can open a document."
        ),
    )
    offered_to_legacy = forms.BooleanField(
        label=gettext_lazy("Programs without a signed-in person show it to everyone"),
        required=False,
        help_text=gettext_lazy(
            "For example a gateway or a scanner. If this is off and the template is limited, such programs do"
            " not show it."
        ),
    )

    placed: Final = frozenset(
        {
            "name", "description", "grants", "add_who", "add_level", "offline_rule", "offline_days",
            "expiry_option", "expires", "expires_after_days", "scope", "offered_to_legacy",
        }
    )  # fmt: skip
    """Fields that have a place of their own on the page."""

    def __init__(self, *args: Any, groups: Iterable[tuple[str, str]] = (), **kwargs: Any) -> None:
        """Make the form; ``groups`` are those of the organization, address and name."""
        super().__init__(*args, **kwargs)
        self.groups = tuple(groups)
        adding = cast(forms.ChoiceField, self.fields["add_who"])
        known = [(address, f"{name} ({address})") for address, name in self.groups]
        everybody = (EVERYBODY, _("Everybody in your organization"))
        adding.choices = [("", _("Choose …")), everybody, *([(_("Groups"), known)] if known else [])]
        self.fields["grants"].label = _("Everybody who has access")
        self.fields["expires"].widget.attrs["aria-label"] = _("The last day of access")
        self.fields["expires_after_days"].widget.attrs["aria-label"] = _("Days after protection")
        self.fields["offline_days"].widget.attrs["aria-label"] = _("Days without a network")
        for name in ("expires", "expires_after_days", "offline_days", "expiry_option", "offline_rule"):
            self.fields[name].help_text = ""

    def other_fields(self) -> list[forms.BoundField]:
        """Return the fields of every policy that have no place of their own."""
        return [field for field in self.first_fields() if field.name not in self.placed]

    def is_limited(self) -> bool:
        """Tell whether the part about whom it is offered to says something, or is wrong."""
        return any(self[name].errors or self[name].value() for name in ("scope", "offered_to_legacy"))

    def clean_scope(self) -> tuple[str, ...]:
        """Read the lines."""
        try:
            return checked_scope(line for line in self.cleaned_data["scope"].splitlines() if line.strip())
        except ChanceryError as error:
            raise forms.ValidationError(with_next_step(error)) from error

    def clean(self) -> dict[str, Any]:
        """Check that each rule has its value and no other is dropped without a word; add whom the person has chosen.

        A value that is only there because it was stored is no such value: the person has left its rule.
        """
        data: dict[str, Any] = super().clean() or {}
        option, date, days = data.get("expiry_option"), data.get("expires"), data.get("expires_after_days")
        if option == "on_date" and not date and not self.has_error("expires"):
            self.add_error("expires", _("Say on which date access ends."))
        if option == "after_days" and not days and not self.has_error("expires_after_days"):
            self.add_error("expires_after_days", _("Say after how many days access ends."))
        if date and option in {"never", "after_days"} and "expires" in self.changed_data:
            self.add_error("expires", _date_for_nothing(option))
        if days and option in {"never", "on_date"} and "expires_after_days" in self.changed_data:
            self.add_error("expires_after_days", _days_for_nothing(option, days))
        self._check_offline(data)
        if data.get("add_who") and "grants" in data:
            grant = Grant(self._chosen(data["add_who"]), parse_rights([data.get("add_level") or "viewer"]))
            data["grants"] = data["grants"] if grant in data["grants"] else (*data["grants"], grant)
        return data

    def _check_offline(self, data: Mapping[str, Any]) -> None:
        rule, days = data.get("offline_rule"), data.get("offline_days")
        if rule == "days" and not days and "offline_days" not in self.errors:
            self.add_error("offline_days", _("Say how many days."))
        if rule in {"limit", "never"} and days and "offline_days" in self.changed_data:
            words = ngettext(
                "You gave {number} day, but “{chosen}” is chosen. Choose “At most some days”, or leave this empty.",
                "You gave {number} days, but “{chosen}” is chosen. Choose “At most some days”, or leave this empty.",
                days,
            )
            self.add_error("offline_days", words.format(number=days, chosen=dict(OFFLINE)[rule]))

    def _chosen(self, who: str) -> Principal:
        if who == EVERYBODY:
            return Principal(PrincipalKind.ORGANIZATION, str(self.organization))
        return Principal(PrincipalKind.ADDRESS, who)

    def policy(self) -> Policy:
        """Return the policy, with the days that the chosen rule means."""
        rule = self.cleaned_data.get("offline_rule")
        policy = super().policy()
        fixed = {"limit": -1, "never": 0}.get(rule or "")
        return policy if fixed is None else replace(policy, offline_days=fixed)

    def draft(self, known: Template | None) -> TemplateDraft:
        """Return the draft; texts in other languages than the one shown are kept."""
        data, policy = self.cleaned_data, self.policy()
        language = written_in({} if known is None else known.names)
        return TemplateDraft(
            names={**(known.names if known else {}), language: data["name"]},
            descriptions={**(known.descriptions if known else {}), language: data["description"]},
            policy=policy,
            expiry_option=data["expiry_option"],
            expires=policy.expires,
            expires_after_days=data["expires_after_days"],
            scope=data["scope"],
            offered_to_legacy=data["offered_to_legacy"],
        )

    def as_it_stands(self) -> dict[str, Any]:
        """Return what the fields hold, right or wrong, to show the same form again."""
        return {
            name: field.widget.value_from_datadict(self.data, self.files, self.add_prefix(name))
            for name, field in self.fields.items()
        }

    def with_example(self, example: Example) -> dict[str, Any]:
        """Return the same with an example's values in the fields that nobody has touched: nothing written is lost."""
        values = self.as_it_stands()
        untouched = {name for name, value in values.items() if not value or value == self.fields[name].initial}
        return {**values, **{name: value for name, value in example.initial.items() if name in untouched}}

    def with_addition(self) -> dict[str, Any]:
        """Return the same with whom the person has chosen as a line among those who have access."""
        values = self.as_it_stands()
        if values["add_who"] in {EVERYBODY, *dict(self.groups)}:
            grant = Grant(self._chosen(values["add_who"]), parse_rights([values["add_level"] or "viewer"]))
            lines = [line for line in str(values["grants"] or "").splitlines() if line.strip()]
            addition = line_of(grant, self.organization)
            values["grants"] = "\n".join(lines if addition in lines else [*lines, addition])
            values["add_who"] = ""
        return values


def _date_for_nothing(option: str) -> str:
    """Say that a date was given with a rule that has none."""
    if option == "never":
        return _("You gave a date, but access never ends. Choose “On a date”, or leave this empty.")
    return _(
        "You gave a date, but “A number of days after protection” is chosen. Choose “On a date”, or leave this empty."
    )


def _days_for_nothing(option: str, days: int) -> str:
    """Say that a number of days was given with a rule that counts none."""
    sentence = (
        ngettext(
            "You gave {number} day, but access never ends."
            " Choose “A number of days after protection”, or leave this empty.",
            "You gave {number} days, but access never ends."
            " Choose “A number of days after protection”, or leave this empty.",
            days,
        )
        if option == "never"
        else ngettext(
            "You gave {number} day, but “On a date” is chosen."
            " Choose “A number of days after protection”, or leave this empty.",
            "You gave {number} days, but “On a date” is chosen."
            " Choose “A number of days after protection”, or leave this empty.",
            days,
        )
    )
    return sentence.format(number=days)


def template_initial(found: Template, organization: UUID) -> dict[str, Any]:
    """Return what the form shows for an existing template."""
    stored = replace(found.policy, expires=found.expires)
    days, language = stored.offline_days, written_in(found.names)
    return {
        **policy_initial(stored, organization),
        "name": found.names.get(language, ""),
        "description": found.descriptions.get(language, ""),
        "offline_rule": "limit" if days < 0 else "never" if days == 0 else "days",
        "offline_days": days if days > 0 else None,
        "expiry_option": found.expiry_option,
        "expires_after_days": found.expires_after_days,
        "scope": "\n".join(found.scope),
        "offered_to_legacy": found.offered_to_legacy,
    }


def example_of(query: QueryDict) -> Mapping[str, Any]:
    """Return what the form says when somebody begins with an example."""
    begun = EXAMPLES.get(query.get("start", ""))
    return {} if begun is None else begun.initial


def group_of(query: QueryDict) -> Mapping[str, Any]:
    """Return the choice of the group that somebody has made meanwhile and comes back with."""
    return {"add_who": query["group"]} if "group" in query else {}

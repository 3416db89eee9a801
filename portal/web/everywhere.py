"""One person, group or domain replaced, added or removed across many documents: the form, the list, one change."""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from chancery.policy.days import beginning_of, end_of
from chancery.policy.permission import Permission
from chancery.policy.policy import Principal
from portal.languages import grouped, reader_languages
from portal.usecases.confirmation import Stated
from portal.usecases.effects import Effect
from portal.usecases.everywhere import ADD, REMOVE, REPLACE, EverywhereRequest, change_everywhere, undo_change
from portal.web.confirming import confirmed
from portal.web.framework import PAGE_SIZE, PageRequest, page, show
from portal.web.policies import KNOWN_DAY, LEVEL_CHOICES
from portal.words.everywhere import ACTS, SKIPPED, STATES, TONES
from portal.words.policies import rights_as_level, who_in_words
from protection.selectors.everywhere import (
    EverywhereFacts,
    everywhere_change,
    everywhere_changes,
    skipped_by_reason,
    skipped_documents,
)
from protection.selectors.labels import labels
from protection.selectors.templates import templates
from tenants.organizations.selectors import OrganizationFacts

SHOWN: Final = 50
"""Documents that were left as they are, as many as the page of a change names."""
_ENTRY: Final = {"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}


class EverywhereForm(forms.Form):
    """What is to be done, with whom, and in which documents."""

    act = forms.ChoiceField(
        label=gettext_lazy("What to do"),
        choices=[
            (REPLACE, gettext_lazy("Replace someone by another")),
            (REMOVE, gettext_lazy("Remove someone")),
            (ADD, gettext_lazy("Add someone")),
        ],
        widget=forms.RadioSelect(),
        initial=REPLACE,
    )
    who = forms.CharField(
        label=gettext_lazy("Whom to replace or remove"),
        max_length=320,
        widget=forms.TextInput(attrs=_ENTRY),
        help_text=gettext_lazy("The address of a person or group, or a mail domain like example.com."),
    )
    to = forms.CharField(
        label=gettext_lazy("Who comes in"),
        max_length=320,
        widget=forms.TextInput(attrs=_ENTRY),
        help_text=gettext_lazy("When you replace, they get what the other one has in each document, with its end."),
    )
    level = forms.ChoiceField(
        label=gettext_lazy("What someone who is added may do"), choices=LEVEL_CHOICES, initial="viewer"
    )
    everybody = forms.BooleanField(
        label=gettext_lazy("In everybody's documents"),
        required=False,
        help_text=gettext_lazy("Otherwise in yours. In documents of others administrators only remove."),
    )
    owner = forms.CharField(
        label=gettext_lazy("Only documents of this owner"),
        required=False,
        max_length=320,
        widget=forms.TextInput(attrs=_ENTRY),
    )
    label = forms.TypedChoiceField(
        label=gettext_lazy("Only those under this label"), required=False, coerce=UUID, empty_value=None
    )
    template = forms.TypedChoiceField(
        label=gettext_lazy("Only those by this template"),
        required=False,
        coerce=UUID,
        empty_value=None,
        help_text=gettext_lazy("They are listed, not changed: change the template itself."),
    )
    protected_from = forms.DateField(
        label=gettext_lazy("Protected on this day or later"),
        required=False,
        validators=[KNOWN_DAY],
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    protected_until = forms.DateField(
        label=gettext_lazy("Protected on this day or before"),
        required=False,
        validators=[KNOWN_DAY],
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def __init__(self, data: Any, *, administers: bool, initial: dict[str, Any]) -> None:
        """Offer labels and templates that there are; everybody's documents only to administrators."""
        super().__init__(data, initial=initial)
        languages = reader_languages()
        for name, found in (("template", templates()), ("label", labels())):
            choices = [(str(one.id), one.name(*languages)) for one in found]
            self.fields[name].choices = [("", gettext_lazy("Any")), *choices]  # type: ignore[attr-defined]
            if not choices:
                del self.fields[name]
        for name in () if administers else ("everybody", "owner"):
            del self.fields[name]

    use_required_attribute = False
    """Which fields are needed depends on the act, which no browser knows."""

    def clean(self) -> dict[str, Any]:
        """Ask only for what the act needs."""
        data = super().clean() or {}
        needed = {REPLACE: {"who", "to"}, REMOVE: {"who"}, ADD: {"to", "level"}}.get(str(data.get("act")), set())
        for name in {"who", "to", "level"} - needed:
            self.errors.pop(name, None)
            data.setdefault(name, "")
        return data

    def asked(self) -> EverywhereRequest:
        """Return what is asked for."""
        data = self.cleaned_data
        return EverywhereRequest(
            act=data["act"],
            who=data["who"],
            to=data["to"],
            rights=(data["level"] or "viewer",) if data["act"] == ADD else (),
            everybody=bool(data.get("everybody")),
            owner=data.get("owner", ""),
            template=data.get("template"),
            label=data.get("label"),
            protected_from=_moment(data["protected_from"], begins=True),
            protected_until=_moment(data["protected_until"], begins=False),
        )


def _moment(day: date | None, *, begins: bool) -> datetime | None:
    """Return the midnight that begins or ends a day in the reader's time zone."""
    if day is None:
        return None
    zone = ZoneInfo(timezone.get_current_timezone_name())
    return datetime.fromtimestamp(beginning_of(day, zone) if begins else end_of(day, zone), zone)


@require_http_methods(["GET", "POST"])
@page()
def everywhere_new(request: PageRequest) -> HttpResponse:
    """Ask whom to replace, add or remove and where, then with the consequences, then do it."""
    administers = request.caller.may(Permission.DOCUMENTS_REVOKE)
    asked = "act" in request.POST
    initial = {name: request.GET.get(name, "") for name in ("who", "to", "owner", "label", "template")}
    initial["act"] = request.GET.get("act", REPLACE)
    form = EverywhereForm(request.POST if asked else None, administers=administers, initial=initial)

    def shown() -> HttpResponse:
        return show(request, "everywhere_new", "documents", {"form": form})

    if not asked or not form.is_valid():
        return shown()

    def act(stated: Stated) -> Effect:
        return change_everywhere(
            caller=request.caller, organization=request.organization, asked=form.asked(), stated=stated
        )

    return confirmed(request, reverse("documents"), act, done=reverse("everywhere"), section="documents", refused=shown)


@require_GET
@page()
def everywhere_list(request: PageRequest) -> HttpResponse:
    """Show what was changed everywhere: one's own changes, or all by role."""
    found = everywhere_changes(request.caller.actor, limit=PAGE_SIZE + 1, after=request.GET.get("cursor", ""))
    context = {
        "rows": [_shown(one, request.organization) for one in found[:PAGE_SIZE]],
        "next_cursor": str(found[PAGE_SIZE - 1].id) if len(found) > PAGE_SIZE else "",
    }
    return show(request, "everywhere", "documents", context)


@require_GET
@page()
def everywhere_detail(request: PageRequest, change_id: UUID) -> HttpResponse:
    """Show one change: how far it is, and which documents it left."""
    found = everywhere_change(request.caller.actor, change_id)
    by_role = found.administrator and request.caller.may(Permission.DOCUMENTS_REVOKE)
    context = {
        **_shown(found, request.organization),
        "percent": 100 * found.done // max(found.total, 1),
        "skipped": [{"one": one, "why": SKIPPED[one.reason]} for one in skipped_documents(change_id, limit=SHOWN)],
        "left": sum(skipped_by_reason(change_id).values()),
        "runs": found.state in {"running", "undoing"},
        "may_undo": found.state == "done" and found.changed and (by_role or found.asker == request.caller.person),
    }
    return show(request, "everywhere_change", "documents", context)


@require_POST
@page()
def everywhere_undo(request: PageRequest, change_id: UUID) -> HttpResponse:
    """Undo a change once that is confirmed."""
    return confirmed(
        request,
        reverse("everywhere_change", args=[change_id]),
        lambda stated: undo_change(caller=request.caller, change_id=change_id, stated=stated),
        section="documents",
    )


def _shown(one: EverywhereFacts, organization: OrganizationFacts) -> dict[str, Any]:
    def called(text: str) -> str:
        return who_in_words(Principal.parse(text), organization.id, organization.name) if text else ""

    words = {
        REPLACE: _("{who} replaced by {to}"),
        ADD: _("{to} added: {rights}"),
        REMOVE: _("{who} removed"),
    }[one.act]
    rights = rights_as_level(one.rights) if one.rights else ""
    return {
        "one": one,
        "what": words.format(who=called(one.who), to=called(one.to), rights=rights),
        "act": ACTS[one.act],
        "state": STATES[one.state],
        "tone": TONES.get(one.state, ""),
        "number": grouped(one.changed),
    }

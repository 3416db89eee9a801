"""The record: everything that happened, and how to prove it."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET

from audit.selectors.events import Filter, InvalidCursor, Page
from audit.selectors.proofs import newest_checkpoint
from audit.selectors.unauthenticated import unauthenticated_requests_of_a_day
from chancery.policy.permission import Permission
from portal.subjects.event_person import person_in_events
from portal.usecases.personal_data import PersonalData
from portal.usecases.sight import audit_events
from portal.web.framework import PageRequest, page, record_reading, show
from portal.web.listing import Column, Listing
from portal.web.policies import KNOWN_DAY
from portal.words.events import shown_events

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

GROUPS = [
    ("", gettext_lazy("Everything")),
    ("content.", gettext_lazy("Documents")),
    ("key.", gettext_lazy("Keys")),
    ("template.", gettext_lazy("Templates")),
    ("person.", gettext_lazy("People")),
    ("group.", gettext_lazy("Groups")),
    ("device.", gettext_lazy("Devices")),
    ("settings.", gettext_lazy("Settings")),
]
COLUMNS = (
    Column("at", gettext_lazy("When"), "moment", sorts=True, stays=True),
    Column("who", gettext_lazy("Who, and from where"), "person"),
    Column("what", gettext_lazy("What happened"), "text", stays=True),
)
OUTCOMES = [
    ("", gettext_lazy("Any")),
    ("allowed", gettext_lazy("Allowed")),
    ("refused", gettext_lazy("Refused")),
    ("done", pgettext_lazy("how something ended", "Done")),
    ("failed", gettext_lazy("Failed")),
]


class AuditForm(forms.Form):
    """What to look for in the log; every field that says something must hold."""

    who = forms.EmailField(
        label=gettext_lazy("Who"),
        required=False,
        max_length=320,
        widget=forms.EmailInput(attrs={"placeholder": gettext_lazy("Whole address")}),
    )
    kind = forms.ChoiceField(label=gettext_lazy("What"), required=False, choices=GROUPS)
    outcome = forms.ChoiceField(label=gettext_lazy("How it ended"), required=False, choices=OUTCOMES)
    since = forms.DateField(label=gettext_lazy("From"), required=False, widget=DAY, validators=[KNOWN_DAY])
    until = forms.DateField(label=gettext_lazy("To, included"), required=False, widget=DAY, validators=[KNOWN_DAY])

    def clean(self) -> dict[str, Any]:
        """Refuse a span that ends before it begins."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("since") and data.get("until") and data["since"] > data["until"]:
            self.add_error("until", _("This is before the first day."))
        return data

    def active(self) -> dict[str, str]:
        """Return by the names of its fields what each leaves out, "" for those that say nothing."""
        found = {}
        for name, field in self.fields.items():
            given = self.data.get(name, "") if self.is_bound else ""
            choices = dict(getattr(field, "choices", ()))
            day = getattr(self, "cleaned_data", {}).get(name)
            text = choices.get(given, given) if not isinstance(day, date) else date_format(day, "DATE_FORMAT")
            found[name] = f"{field.label}: {text}" if given else ""
        return found

    def wanted(self) -> Filter:
        """Return the filter; only after the form is valid."""
        data = self.cleaned_data
        return Filter(
            kinds=[data["kind"]] if data["kind"] else [],
            outcome=data["outcome"],
            person_id=person_in_events(data["who"]) if data["who"] else None,
            since=_midnight(data["since"]),
            before=_midnight(data["until"], days=1),
        )


def _midnight(day: date | None, days: int = 0) -> datetime | None:
    """Return the moment at which a day of the reader's zone, or one so many days after it, begins."""
    return None if day is None else datetime.combine(day + timedelta(days), time(), timezone.get_current_timezone())


@require_GET
@page(Permission.AUDIT_READ)
def audit(request: PageRequest) -> HttpResponse:
    """Show events, newest first unless the oldest are asked for, and the newest signed checkpoint."""
    form = AuditForm(request.GET or None)
    is_valid = form.is_valid() or not form.is_bound
    wanted = form.wanted() if form.is_bound and is_valid else Filter()
    listing = Listing(request, "audit", COLUMNS, order="-at", filters=form.active())
    cursor = request.GET.get("cursor", "")
    record_reading(request, PersonalData.EVENTS_OF if wanted.person_id else PersonalData.EVENTS, wanted.person_id)
    try:
        found = (
            audit_events(caller=request.caller, wanted=wanted, cursor=cursor, sort=listing.sort)
            if is_valid
            else Page((), "")
        )
    except InvalidCursor:
        return redirect("audit")
    context = {
        "form": form,
        "listing": listing,
        "events": shown_events(found.events, request.organization.id, request.organization.name),
        "next_cursor": found.next_cursor,
        "checkpoint": newest_checkpoint(),
        "unauthenticated": unauthenticated_requests_of_a_day(),
        "today": timezone.localdate(),
        "week": timezone.localdate() - timedelta(days=6),
    }
    return show(request, "audit", "audit", context)

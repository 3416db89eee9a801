"""Every component in each of its states, for people who work on the pages; not there in production."""

from datetime import date, timedelta
from typing import Final

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from portal.web.fields import FreeTextField
from portal.web.listing import Column, Listing
from protection.selectors.totals import Day

LONG: Final = "a-name-without-any-space-" * 8
COLUMNS: Final = (
    Column("name", "Name", "name", sorts=True, stays=True),
    Column("state", "State", "state"),
    Column("owner", "Owner", "person"),
    Column("number", "Number", "number", sorts=True),
)


class SampleForm(forms.Form):
    """One field of each kind; sent empty, so that those that must say something are wrong."""

    name = forms.CharField(label="Name", help_text="As others read it.")
    address = forms.EmailField(label="E-mail address", required=False)
    role = forms.ChoiceField(label="Role", choices=[("user", "User"), ("auditor", "Auditor")], widget=forms.RadioSelect)
    kind = forms.ChoiceField(label="Kind", choices=[("one", "One"), ("two", LONG)])
    note = FreeTextField(label="Note", max_length=500, widget=forms.Textarea(attrs={"rows": 2}), required=False)
    guest = forms.BooleanField(label="Guest", required=False, help_text="Guests do not count as everybody.")


@require_GET
def gallery(request: HttpRequest) -> HttpResponse:
    """Show all components."""
    if not settings.CHANCERY_EMBEDDED:
        raise Http404
    day = date(2026, 1, 1)
    context = {
        "long": LONG,
        "listing": Listing(
            request, "sample", COLUMNS, order="name", filters={"search": f"“{LONG}”", "state": "Active"}
        ),
        "form": SampleForm(auto_id="empty_%s"),
        "wrong": SampleForm({"address": "nobody"}, auto_id="wrong_%s"),
        "days": [Day(day + timedelta(number), number % 7, number % 3) for number in range(30)],
        "shown": Paginator(range(150), 50).page(2),
    }
    return render(request, "pages/components.html", context)

"""Roles: who holds which, giving and ending one, what each permits, and what somebody may do."""

from datetime import UTC, date, datetime
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from chancery.errors import NotFound
from chancery.policy.days import end_of
from chancery.policy.permission import Permission
from portal.usecases.confirmation import Stated
from portal.usecases.effects import Effect
from portal.usecases.personal_data import PersonalData
from portal.usecases.role_assignments import effective_rights, end_role, give_role, shown_roles
from portal.web.confirming import confirmed
from portal.web.framework import PAGE_SIZE, PageRequest, page, show
from portal.words.roles import (
    NAMES,
    named_with_sentence,
    permission_in_words,
    role_in_words,
    roles_in_words,
    sentence_of,
)
from tenants.directory.roles import PLACES, ROLES

CHOICES = [
    ("", gettext_lazy("Choose a role")),
    *((name, named_with_sentence(name)) for name in ROLES if name not in PLACES),
]


class RoleForm(forms.Form):
    """A role for a person, a group or an application."""

    whom = forms.CharField(
        label=gettext_lazy("Whom"),
        max_length=320,
        help_text=gettext_lazy("The address of a member or group, or the client id of an application."),
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "none"}),
    )
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=CHOICES)
    day = forms.DateField(
        label=gettext_lazy("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("It ends with this day, at midnight in your time zone; without a day it does not end."),
    )

    for_group = forms.CharField(
        label=gettext_lazy("For the members of one group alone"),
        required=False,
        max_length=320,
        help_text=gettext_lazy("The address of a group; only for a connector. Without one it is for all members."),
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "none"}),
    )

    def clean_day(self) -> datetime | None:
        """Return the midnight that ends the day."""
        day: date | None = self.cleaned_data["day"]
        if day is None:
            return None
        if day > date(9998, 12, 31):
            raise forms.ValidationError(gettext_lazy("Name a day before the year 9999, or none."))
        return datetime.fromtimestamp(end_of(day, timezone.get_current_timezone()), UTC)


@require_http_methods(["GET", "POST"])
@page(Permission.PEOPLE_READ, reads=PersonalData.PEOPLE)
def roles(request: PageRequest) -> HttpResponse:
    """Show who was given which role; who manages roles gives one here."""
    manages = request.caller.may(Permission.ROLES_MANAGE)
    initial = {"whom": request.GET.get("whom", "")}
    form = RoleForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and manages and form.is_valid():
        data = form.cleaned_data

        def act(stated: Stated) -> Effect:
            return give_role(
                caller=request.caller,
                role=data["role"],
                whom=data["whom"],
                until=data["day"],
                for_group=data["for_group"],
                stated=stated,
            )

        return confirmed(request, reverse("roles"), act, section="people", refused=lambda: _roles(request, form))
    return _roles(request, form)


def _roles(request: PageRequest, form: RoleForm) -> HttpResponse:
    role, cursor = request.GET.get("role", ""), request.GET.get("cursor", "")
    try:
        rows = shown_roles(caller=request.caller, role=role, after=_uuid(cursor), limit=PAGE_SIZE).rows
    except NotFound:
        rows = ()
    context = {
        "rows": [(one, role_in_words(one.role)) for one in rows],
        "next_cursor": rows[-1].id if len(rows) == PAGE_SIZE else "",
        "form": form,
        "role": role,
        "choices": [(name, NAMES[name]) for name in ROLES if name not in PLACES],
        "manages": request.caller.may(Permission.ROLES_MANAGE),
    }
    return show(request, "roles", "people", context)


@require_POST
@page(Permission.ROLES_MANAGE)
def role_end(request: PageRequest, assignment_id: UUID) -> HttpResponse:
    """End a role once what it means was seen."""
    return confirmed(
        request,
        reverse("roles"),
        lambda stated: end_role(caller=request.caller, assignment=assignment_id, stated=stated),
        section="people",
    )


@require_GET
@page(Permission.PEOPLE_READ)
def roles_explained(request: PageRequest) -> HttpResponse:
    """Say what each role permits, and who can be given it."""
    rows = [
        (role_in_words(name), sentence_of(name), role, sorted(map(permission_in_words, role.permissions)))
        for name, role in ROLES.items()
    ]
    return show(request, "roles_explained", "people", {"rows": rows})


@require_GET
@page(Permission.PEOPLE_READ, reads=PersonalData.PERSON)
def person_rights(request: PageRequest, person_id: UUID) -> HttpResponse:
    """Show what a person or an application may do here, and by what."""
    found = effective_rights(caller=request.caller, person_id=person_id)
    rights = [
        (
            permission_in_words(one.permission),
            [(role_in_words(source.role), source.path, source.ends_at) for source in one.sources],
        )
        for one in found.rights
    ]
    context = {"found": found.person, "rights": rights, "roles": roles_in_words(found.person.roles)}
    return show(request, "person_rights", "people", context)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None

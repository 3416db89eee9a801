"""Read permissions of applications: asked for, approved by another administrator, withdrawn, and what was read."""

import json
from typing import Any, Final, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from chancery.errors import InvalidPolicy
from chancery.policy.permission import Permission
from chancery.policy.policy import Principal
from portal.usecases.confirmation import Stated
from portal.usecases.effects import Effect
from portal.usecases.read_permissions.answer import approve, decline, withdraw
from portal.usecases.read_permissions.ask import DAYS, PermissionRequest, ask
from portal.usecases.read_permissions.report import permission_report
from portal.usecases.read_permissions.visible import VisiblePermission, visible_permission, visible_permissions
from portal.usecases.sealed_reports import NoReportYet
from portal.web.confirming import confirmed
from portal.web.fields import FreeTextField
from portal.web.framework import PAGE_SIZE, PageRequest, page, show, words_of
from portal.web.scope_form import SCOPE_FIELDS, ScopeForm
from portal.words.read_permissions import KINDS, people_in_words
from portal.words.scopes import scope_in_words
from protection.selectors.documents import titles_by_id
from protection.services.approvals import MOST_CASE, MOST_REASON
from protection.services.read_permissions import MOST_DAYS, MOST_PEOPLE
from tenants.directory.selectors.domains import applications_in

STATES: Final = {
    "waiting": gettext_lazy("Waiting"),
    "active": gettext_lazy("Active"),
    "declined": gettext_lazy("Declined"),
    "withdrawn": gettext_lazy("Withdrawn"),
    "lapsed": gettext_lazy("Not answered"),
    "ended": gettext_lazy("Ended"),
}
TONES: Final = {"waiting": "warn", "active": "good"}


class PermissionForm(ScopeForm):
    """Which application, what it reads, for whom, how long, why, and which documents."""

    application = forms.ChoiceField(label=gettext_lazy("Application"))
    kind = forms.ChoiceField(
        label=gettext_lazy("What it reads"),
        widget=forms.RadioSelect,
        initial="for_user",
        choices=[
            ("for_user", gettext_lazy("Read for user: for people, what policies let them read themselves")),
            ("all", gettext_lazy("Read all: whatever the policies grant, as an index, a scanner or a backup needs it")),
        ],
    )
    people = forms.CharField(
        label=gettext_lazy("Only for these people"),
        required=False,
        max_length=40_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Addresses of members. Leave it empty for every member, or name a group below."),
    )
    people_group = forms.CharField(
        label=gettext_lazy("Only for members of this group"),
        max_length=254,
        required=False,
        help_text=gettext_lazy("The address of a group."),
    )
    reason = FreeTextField(
        label=gettext_lazy("Why"),
        max_length=MOST_REASON,
        help_text=gettext_lazy("The approver, auditors and the owners of the documents read it."),
    )
    case = forms.CharField(label=gettext_lazy("Case number"), max_length=MOST_CASE, required=False)
    days = forms.IntegerField(label=gettext_lazy("Days"), min_value=1, max_value=MOST_DAYS, initial=DAYS)
    field_order = ("application", "kind", "people", "people_group", "reason", "case", "days", *SCOPE_FIELDS)

    def __init__(self, data: Any, initial: dict[str, str], organization: UUID) -> None:
        """Offer the enabled applications of the organization."""
        super().__init__(data, initial=initial)
        found = [(one.client_id, one.name) for one in applications_in(organization) if not one.disabled]
        cast(forms.ChoiceField, self.fields["application"]).choices = found

    def clean_people(self) -> tuple[str, ...]:
        """Return the addresses in their normal form, each once."""
        named = self.cleaned_data["people"].replace(",", " ").split()
        if len(named) > MOST_PEOPLE:
            raise forms.ValidationError(gettext_lazy("Name a group of so many people."))
        try:
            return tuple(dict.fromkeys(Principal.of_address(text).value for text in named))
        except InvalidPolicy as error:
            raise forms.ValidationError(gettext_lazy("One of them is no mail address.")) from error

    def requested(self) -> PermissionRequest:
        """Return what is asked for."""
        data = self.cleaned_data
        return PermissionRequest(
            application=data["application"],
            kind=data["kind"],
            people=data["people"],
            people_group=data["people_group"].strip().casefold(),
            days=data["days"],
            case=data["case"],
            **self.scope_members(),
        )


@require_GET
@page()
def read_permissions(request: PageRequest) -> HttpResponse:
    """Show all permissions with their state and last use."""
    cursor = request.GET.get("cursor", "")
    before = int(cursor) if cursor.isascii() and cursor.isdigit() and len(cursor) < 10 else None
    known = visible_permissions(caller=request.caller, limit=PAGE_SIZE, before=before)
    rows = known.rows
    if not known.all:
        raise Http404
    context = {
        "rows": [_shown(one) for one in rows],
        "next_cursor": rows[-1].facts.number if len(rows) == PAGE_SIZE else "",
        "asks": request.caller.may(Permission.APPLICATIONS_MANAGE),
    }
    return show(request, "read_permissions", "applications", context)


@require_http_methods(["GET", "POST"])
@page(Permission.APPLICATIONS_MANAGE)
def read_permission_new(request: PageRequest) -> HttpResponse:
    """Ask for a permission: which application, what and why, then what that covers, then ask."""
    asked = "days" in request.POST
    initial = {name: request.GET[name] for name in ("application", "kind") if name in request.GET}
    form = PermissionForm(request.POST if asked else None, initial, request.organization.id)

    def shown() -> HttpResponse:
        return show(request, "read_permission_new", "applications", {"form": form})

    if not asked or not form.is_valid():
        return shown()

    def act(stated: Stated) -> Effect:
        return ask(**_whom(request), requested=form.requested(), stated=stated)

    return confirmed(request, reverse("read_permissions"), act, section="applications", refused=shown)


@require_GET
@page()
def read_permission(request: PageRequest, permission_id: UUID) -> HttpResponse:
    """Show one permission: what it covers, who approved it, and what was read by it."""
    cursor = request.GET.get("cursor", "")
    after = int(cursor) if cursor.isascii() and cursor.isdigit() and len(cursor) < 15 else 0
    found = visible_permission(caller=request.caller, permission_id=permission_id, limit=PAGE_SIZE, after=after)
    facts = found.facts
    named = facts.scope.cids or ()
    titles = titles_by_id({*(one.cid for one in found.read), *named})
    context = {
        **_shown(VisiblePermission(facts, found.used_at)),
        "found": found,
        "covers": scope_in_words(facts.scope),
        "people": people_in_words(facts.people_addresses, facts.people_group_address) if facts.for_people else "",
        "named": [titles.get(cid) or str(cid) for cid in named[:PAGE_SIZE]],
        "read": [{"one": one, "title": titles.get(one.cid) or str(one.cid)} for one in found.read],
        "next_cursor": found.next_place or "",
    }
    return show(request, "read_permission", "applications", context)


@require_POST
@page()
def read_permission_answer(request: PageRequest, permission_id: UUID) -> HttpResponse:
    """Approve a permission once it was seen what it covers, decline or withdraw it."""
    acts = {"approve": approve, "decline": decline, "withdraw": withdraw}
    act = acts.get(request.POST.get("act", ""))
    if act is None:
        raise Http404

    def answer(stated: Stated) -> Effect:
        return act(**_whom(request), permission_id=permission_id, stated=stated)

    return confirmed(request, reverse("read_permission", args=[permission_id]), answer, section="applications")


@require_GET
@page()
def read_permission_report(request: PageRequest, permission_id: UUID) -> HttpResponse:
    """Give the sealed report as a file."""
    try:
        found = permission_report(caller=request.caller, permission_id=permission_id)
    except NoReportYet as error:
        messages.error(request, words_of(error))
        return redirect("read_permission", permission_id)
    response = HttpResponse(json.dumps(found.members, ensure_ascii=False), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="read-permission-{found.number}.json"'
    return response


def _whom(request: PageRequest) -> dict[str, Any]:
    return {"caller": request.caller, "organization": request.organization}


def _shown(row: VisiblePermission) -> dict[str, Any]:
    one = row.facts
    return {
        "one": one,
        "kind": KINDS[one.kind],
        "about": f"{KINDS[one.kind]}: {one.reason}",
        "state": STATES[one.state],
        "tone": TONES.get(one.state, ""),
        "used_at": row.used_at,
    }

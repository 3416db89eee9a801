"""People and groups of the organization."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from audit.selectors.events import Filter
from chancery.policy.permission import Permission
from portal.languages import reason_of
from portal.usecases.confirmation import Stated
from portal.usecases.devices import visible_devices
from portal.usecases.effects import Effect
from portal.usecases.groups import change_group, create_group
from portal.usecases.offboarding import offboarding_of
from portal.usecases.people import change_role, create_person, disable_person, enable_person, invite_person_again
from portal.usecases.personal_data import PersonalData
from portal.usecases.previews.ask import ask_about_group, ask_about_person
from portal.usecases.sessions import member_sessions
from portal.usecases.sight import audit_events
from portal.web.confirming import confirmed
from portal.web.fields import FreeTextField
from portal.web.framework import PageRequest, carried_out, page, paged, show
from portal.web.listing import Column, Listing
from portal.web.person_addresses import managed_addresses
from portal.web.previews import ask
from portal.words.events import shown_events
from portal.words.roles import named_with_sentence, roles_in_words
from tenants import naming
from tenants.directory.members import Member
from tenants.directory.roles import OF_PEOPLE, USER
from tenants.directory.selectors.domains import domains_in
from tenants.directory.selectors.groups import count_groups, group_in, groups_in, place_of
from tenants.directory.selectors.people import count_in, people_in, person_in, place_in_list

ROLES = [(role, named_with_sentence(role)) for role in (USER, *OF_PEOPLE)]
PAGE = 50
LATELY = 5
"""Events of a person that their page shows; the audit log has the others."""
PEOPLE_COLUMNS = (
    Column("email", gettext_lazy("Address"), "name", sorts=True, stays=True),
    Column("state", gettext_lazy("State"), "state"),
    Column("name", gettext_lazy("Name"), "person", sorts=True),
    Column("role", gettext_lazy("Role"), "do"),
    Column("since", gettext_lazy("Since"), "day", sorts=True),
)
GROUP_COLUMNS = (
    Column("address", gettext_lazy("Address"), "name", sorts=True, stays=True),
    Column("members", gettext_lazy("Members"), "number"),
    Column("name", gettext_lazy("Name"), "person", sorts=True),
)


class PersonForm(forms.Form):
    """A person who is to belong to the organization."""

    email = forms.EmailField(label=gettext_lazy("E-mail address"), max_length=254)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200, required=False)
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=ROLES, widget=forms.RadioSelect, initial="user")
    guest = forms.BooleanField(
        label=gettext_lazy("Guest"),
        required=False,
        help_text=gettext_lazy("Guests do not count as “everybody in the organization”."),
    )


@require_GET
@page(Permission.PEOPLE_READ, reads=PersonalData.PEOPLE)
def people(request: PageRequest) -> HttpResponse:
    """Show people, groups and mail domains."""
    search, after = request.GET.get("search", "").strip(), request.GET.get("cursor", "")
    manages = request.caller.may(Permission.PEOPLE_MANAGE)
    found_by = {"search": search and f"“{search}”"}
    listing = Listing(request, "people", PEOPLE_COLUMNS, order="email", filters=found_by, selects=manages)
    found = people_in(request.organization.id, search=search, sort=listing.sort, after=after, limit=PAGE)
    groups_after = request.GET.get("groups", "")
    groups_listing = Listing(
        request, "groups", GROUP_COLUMNS, order="address", parameter="groups_sort", places=("groups",)
    )
    groups = groups_in(request.organization.id, sort=groups_listing.sort, after=groups_after, limit=PAGE)
    context = {
        "found": [(one, roles_in_words(one.roles)) for one in found],
        "listing": listing,
        "groups_listing": groups_listing,
        "total": None if after or len(found) < PAGE else count_in(request.organization.id, search=search),
        "groups_total": None if groups_after or len(groups) < PAGE else count_groups(request.organization.id),
        "search": search,
        "next_cursor": place_in_list(found[-1], listing.sort) if len(found) == PAGE else "",
        "groups": groups,
        "next_group": place_of(groups[-1], groups_listing.sort) if len(groups) == PAGE else "",
        "domains": domains_in(request.organization.id),
        "manages": manages,
    }
    return show(request, "people", "people", context)


@require_http_methods(["GET", "POST"])
@page(Permission.PEOPLE_MANAGE)
def person_new(request: PageRequest) -> HttpResponse:
    """Add a person."""
    form = PersonForm(request.POST or None)

    def shown() -> HttpResponse:
        return show(request, "person_new", "people", {"form": form})

    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data

        def act(stated: Stated) -> Effect:
            return create_person(
                caller=request.caller,
                organization=request.organization,
                address=data["email"],
                name=data["name"],
                role=data["role"],
                guest=data["guest"],
                stated=stated,
            ).effect

        return confirmed(request, reverse("person_new"), act, done=reverse("people"), section="people", refused=shown)
    return shown()


class RoleForm(forms.Form):
    """Another role."""

    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=ROLES, widget=forms.RadioSelect)


@require_http_methods(["GET", "POST"])
@page(Permission.PEOPLE_READ, reads=PersonalData.PERSON)
def person(request: PageRequest, person_id: UUID) -> HttpResponse:
    """Show one person; an administrator changes the role or disables."""
    organization = request.organization.id
    found = person_in(organization, person_id)
    manages = request.caller.may(Permission.PEOPLE_MANAGE)
    form = RoleForm(
        request.POST if request.POST.get("act") == "role" else None,
        initial={"role": found.roles[-1] if found.roles else USER},
    )
    if request.method == "POST" and manages:
        act = request.POST.get("act")
        if act in {"preview-role", "preview-disable", "preview-enable"}:
            return _asked_about(request, person_id, act) or redirect("person", person_id)
        made = _change_of(request, person_id, form, act or "")
        if made is not None:
            return confirmed(request, reverse("person", args=[person_id]), made, section="people")
        return redirect("person", person_id)
    devices = [
        {"one": one, "blocked": organization in one.blocked_by}
        for one in (visible_devices(caller=request.caller, person_id=person_id).devices if manages else ())
        if one.revoked_at is None
    ]
    context = {"found": found, "form": form, "manages": manages, "devices": devices}
    if manages:
        context |= {"leaving": offboarding_of(caller=request.caller, person_id=person_id)}
        context |= {} if found.guest else {"sessions": member_sessions(caller=request.caller, person_id=person_id)}
        context |= {} if found.guest or found.is_service else {"managed": managed_addresses(organization, person_id)}
    if request.caller.may(Permission.AUDIT_READ):
        lately = audit_events(caller=request.caller, wanted=Filter(person_id=person_id), limit=LATELY).events
        context |= {"lately": shown_events(lately, organization, request.organization.name)}
    return show(request, "person", "people", context)


def _change_of(request: PageRequest, person_id: UUID, form: RoleForm, act: str) -> Callable[[Stated], Effect] | None:
    """Return the change that a button of the page asks for."""
    caller = request.caller
    if act == "role" and form.is_valid():
        role = form.cleaned_data["role"]
        return lambda stated: change_role(caller=caller, person_id=person_id, role=role, stated=stated)
    if act == "disable":
        return lambda stated: disable_person(caller=caller, person_id=person_id, stated=stated)
    if act == "enable":
        return lambda _stated: enable_person(caller=caller, person_id=person_id)
    if act == "invite":
        return lambda _stated: invite_person_again(
            caller=caller, organization=request.organization, person_id=person_id
        )
    return None


def _asked_about(request: PageRequest, person_id: UUID, act: str) -> HttpResponse | None:
    """Ask what another role, or disabling or enabling somebody, would do."""
    form = RoleForm(request.POST)
    change: dict[str, Any] = {"disabled": act == "preview-disable", "reason": request.POST.get("reason", "")}
    if act == "preview-role":
        if not form.is_valid():
            return None
        change = {"role": form.cleaned_data["role"]}
    change |= {"organization_id": request.organization.id, "person_id": person_id}
    return ask(request, lambda: ask_about_person(caller=request.caller, **change))


class GroupForm(forms.Form):
    """A group with an address of its own."""

    address = forms.EmailField(
        label=gettext_lazy("Address"),
        max_length=254,
        help_text=gettext_lazy("It must lie in one of your organization's proven mail domains."),
    )
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    description = FreeTextField(
        label=gettext_lazy("Description"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    members = forms.CharField(
        label=gettext_lazy("Members"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=gettext_lazy("One address in each line: people, or other groups of your organization."),
    )

    def clean_members(self) -> list[str]:
        """Return whom the lines name; a line that is no address is named."""
        found = []
        for number, line in enumerate(self.cleaned_data["members"].splitlines(), start=1):
            try:
                found += [naming.address(line.strip())] if line.strip() else []
            except naming.NameRefused as error:
                problem = _("Line {number}: {problem}").format(number=number, problem=reason_of(error))
                raise forms.ValidationError(problem) from error
        return found


@require_http_methods(["GET", "POST"])
@page(Permission.GROUPS_MANAGE)
def group_new(request: PageRequest) -> HttpResponse:
    """Make a group; ``next`` is the form of a template that somebody has left for it, and returns to."""
    form = GroupForm(request.POST or None)
    back = request.POST.get("next", request.GET.get("next", ""))
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = ""
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        if carried_out(request, lambda: create_group(caller=request.caller, **data).effect):
            return redirect(f"{back}?{urlencode({'group': data['address'].lower()})}" if back else "people")
    return show(request, "group_new", "people", {"form": form, "back": back})


class MemberForm(forms.Form):
    """One address to add."""

    address = forms.EmailField(label=gettext_lazy("Add a member"), max_length=254)


@require_GET
@page(Permission.GROUPS_READ, reads=PersonalData.GROUP)
def group(request: PageRequest, group_id: UUID) -> HttpResponse:
    """Show a group with its members."""
    found = group_in(request.organization.id, group_id)
    context = {
        "found": found,
        "shown": paged(request, found.members),
        "changed_hands": any(one.changed_hands for one in found.members),
        "form": MemberForm(initial={"address": request.GET.get("address", "")}),
        "manages": request.caller.may(Permission.GROUPS_MANAGE),
    }
    return show(request, "group", "people", context)


@require_POST
@page(Permission.GROUPS_MANAGE)
def group_change(request: PageRequest, group_id: UUID) -> HttpResponse:
    """Add or remove one member."""
    organization = request.organization.id
    address = request.POST.get("address", "").strip()
    member = Member(address=address)
    act = request.POST.get("act")
    if act in {"preview-add", "preview-remove"} and address:
        change: dict[str, Any] = {"add" if act == "preview-add" else "remove": [member]}
        change |= {"organization_id": organization, "group_id": group_id}
        asked = ask(request, lambda: ask_about_group(caller=request.caller, **change))
        return asked or redirect("group", group_id)

    named: dict[str, Any] = {"remove" if act == "remove" else "add": [address]} if address else {}

    def put(stated: Stated) -> Effect:
        return change_group(caller=request.caller, group_id=group_id, stated=stated, **named).effect

    back = reverse("group", args=[group_id])
    if not address:
        return redirect(back)
    again = f"{back}?{urlencode({'address': address})}"
    return confirmed(request, back, put, section="people", refused=lambda: redirect(again))

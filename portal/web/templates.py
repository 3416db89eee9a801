"""Templates: the named policies people protect by."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from chancery.policy.permission import Permission
from chancery.policy.policy import Policy
from portal.languages import reader_languages
from portal.ordering import TEMPLATES, in_order
from portal.usecases.confirmation import Stated
from portal.usecases.effects import Effect
from portal.usecases.previews.ask import ask_about_template
from portal.usecases.templates import (
    archive_template,
    copy_template,
    create_template,
    edit_template,
    publish_template,
    restore_template_version,
)
from portal.web.confirming import confirmed, status_changed
from portal.web.framework import PageRequest, carried_out, moment_of, page, paged, show
from portal.web.grant_lines import shown_grants
from portal.web.listing import Column, Listing
from portal.web.previews import ask, previewed
from portal.web.template_form import EXAMPLES, MAX_GROUPS, TemplateForm, example_of, group_of, template_initial
from portal.words.changes import shown_changes
from protection.selectors.templates import documents_under, offered_templates, template, templates, versions
from tenants.directory.selectors.groups import groups_in
from tenants.directory.selectors.people import names_of

PER_PAGE: Final = 24
COLUMNS: Final = (
    Column("name", gettext_lazy("Template"), "name", sorts=True, stays=True),
    Column("status", gettext_lazy("State"), "state", sorts=True),
    Column("grants", gettext_lazy("Who may do what"), "text"),
    Column("changed_at", gettext_lazy("Changed"), "day", sorts=True, extra=True),
    Column("actions", gettext_lazy("Actions"), "more", stays=True),
)
GRANTS: Final = 3
"""Entries of a template that its row shows at once."""
KEPT: Final = "template_form"
"""Where a session keeps what somebody has written while they make a group."""


@require_GET
@page(Permission.TEMPLATES_READ)
def template_list(request: PageRequest) -> HttpResponse:
    """Show all templates to those who manage them, and those they may choose to everybody else."""
    manages, search = request.caller.may(Permission.TEMPLATES_MANAGE), request.GET.get("search", "")[:200]
    organization = request.organization
    known = (
        templates(search=search)
        if manages
        else offered_templates(request.caller.known_as, legacy=request.caller.is_application, search=search)
    )
    columns = [column for column in COLUMNS if manages or column.name != "actions"]
    listing = Listing(request, "templates", columns, order="status", filters={"search": search and f"“{search}”"})
    shown = paged(request, in_order(known, TEMPLATES, listing.sort), size=PER_PAGE)
    rows = []
    for found in shown:
        grants = shown_grants(found.policy, organization.id, organization.name)
        rows.append(
            {
                "template": found,
                "name": found.name(*reader_languages()),
                "description": found.description(*reader_languages()),
                "first_grants": grants[:GRANTS],
                "further_grants": grants[GRANTS:],
                "expires": moment_of(found.expires),
                "offered_to": ", ".join(found.scope),
            }
        )
    context = {"rows": rows, "shown": shown, "listing": listing, "manages": manages, "search": search}
    return show(request, "templates", "templates", context)


@require_http_methods(["GET", "POST"])
@page(Permission.TEMPLATES_MANAGE)
def template_new(request: PageRequest) -> HttpResponse:
    """Make a template and publish it, unless the person wants to wait."""
    begun = {**example_of(request.GET), **_kept(request), **group_of(request.GET)}
    form = _form(request, initial=begun)
    leave = _meanwhile(request, form)
    if isinstance(leave, HttpResponse):
        return leave
    if leave is None and request.method == "POST" and form.is_valid():
        draft, publish = form.draft(None), bool(request.POST.get("publish"))
        if carried_out(request, lambda: create_template(caller=request.caller, draft=draft, publish=publish)):
            return redirect("templates")
    context = {
        "form": leave or form,
        "new": True,
        "examples": EXAMPLES,
        "publish": request.method == "GET" or request.POST.get("publish"),
    }
    return show(request, "template_edit", "templates", context)


@require_http_methods(["GET", "POST"])
@page(Permission.TEMPLATES_MANAGE)
def template_edit(request: PageRequest, template_id: UUID) -> HttpResponse:
    """Change a template; the change counts for documents it already protects."""
    found, organization = previewed(request, template(template_id)), request.organization.id
    kept = _kept(request)
    stored = replace(found.policy, expires=found.expires)
    initial = {**template_initial(found, organization), **kept, **group_of(request.GET)}
    form = _form(request, initial=initial, stored=stored)
    leave = _meanwhile(request, form)
    if isinstance(leave, HttpResponse):
        return leave

    def form_again() -> HttpResponse:
        context = {
            "form": leave or form,
            "found": found,
            "name": found.name(*reader_languages()),
            "documents": documents_under(template_id),
            # What the person has seen, also when the form comes back with an error.
            "based_on": request.POST.get("based_on") or kept.get("based_on") or found.version,
        }
        return show(request, "template_edit", "templates", context)

    if leave is None and request.method == "POST" and form.is_valid():
        seen = request.POST.get("based_on", "")
        based_on = int(seen) if seen.isdecimal() else None

        if request.POST.get("act") == "preview":
            about: dict[str, Any] = {"template_id": template_id, "draft": form.draft(found), "based_on": based_on}
            asked = ask(request, lambda: ask_about_template(caller=request.caller, **about))
            return asked or redirect("template", template_id)

        def act(stated: Stated) -> Effect:
            draft = form.draft(found)
            return edit_template(
                caller=request.caller, template_id=template_id, draft=draft, based_on=based_on, stated=stated
            )

        here, done = reverse("template", args=[template_id]), reverse("templates")
        return confirmed(request, here, act, done=done, section="templates", refused=form_again)
    return form_again()


def _form(request: PageRequest, *, initial: Mapping[str, Any], stored: Policy | None = None) -> TemplateForm:
    """Return the form with the organization's groups to choose from."""
    known = groups_in(request.organization.id, limit=MAX_GROUPS)
    return TemplateForm(
        request.POST or None,
        organization=request.organization.id,
        stored=stored,
        initial=dict(initial),
        groups=[(group.address, group.name) for group in known if not group.archived],
    )


def _meanwhile(request: PageRequest, form: TemplateForm) -> TemplateForm | HttpResponse | None:
    """Answer the buttons that save nothing: add somebody to the list, begin with an example, make a group."""
    if "add" in request.POST:
        return _shown_again(form, form.with_addition())
    if request.POST.get("start") in EXAMPLES:
        return _shown_again(form, form.with_example(EXAMPLES[request.POST["start"]]))
    if "make_group" in request.POST:
        values = {**form.as_it_stands(), "based_on": request.POST.get("based_on", "")}
        request.session[KEPT] = {"path": request.path, "values": values}
        return redirect(f"{reverse('group_new')}?{urlencode({'next': request.path})}")
    return None


def _shown_again(form: TemplateForm, values: Mapping[str, Any]) -> TemplateForm:
    return TemplateForm(organization=form.organization, stored=form.stored, groups=form.groups, initial=dict(values))


def _kept(request: PageRequest) -> dict[str, Any]:
    """Return once what was written in this form before its writer went to make a group."""
    if request.method != "GET" or request.session.get(KEPT, {}).get("path") != request.path:
        return {}
    return dict(request.session.pop(KEPT)["values"])


@require_GET
@page(Permission.TEMPLATES_MANAGE)
def template_history(request: PageRequest, template_id: UUID) -> HttpResponse:
    """Show every version: who made it, when, and what it changed."""
    found, organization = versions(template_id), request.organization
    names = names_of(organization.id, {one.author_id for one in found if one.author_id})
    rows = [
        {
            "version": one,
            "name": one.name(*reader_languages()),
            "author": names.get(one.author_id, "") if one.author_id else "",
            "changes": shown_changes(one.change, organization.id, organization.name),
        }
        for one in found
    ]
    context = {"rows": rows, "found": template(template_id), "documents": documents_under(template_id)}
    return show(request, "template_history", "templates", context)


@require_POST
@page(Permission.TEMPLATES_MANAGE)
def template_restore(request: PageRequest, template_id: UUID, number: int) -> HttpResponse:
    """Bring back what an earlier version said."""
    return confirmed(
        request,
        reverse("template_history", args=[template_id]),
        lambda stated: restore_template_version(
            caller=request.caller, template_id=template_id, number=number, stated=stated
        ),
        section="templates",
    )


@require_POST
@page(Permission.TEMPLATES_MANAGE)
def template_copy(request: PageRequest, template_id: UUID) -> HttpResponse:
    """Make an archived copy and lead on to editing it."""
    made = copy_template(caller=request.caller, template_id=template_id)
    messages.success(request, made.message)
    return redirect("template", made.members["id"])


@require_POST
@page(Permission.TEMPLATES_MANAGE)
def template_status(request: PageRequest, template_id: UUID) -> HttpResponse:
    """Publish or archive a template."""
    return status_changed(
        request,
        "templates",
        lambda: publish_template(caller=request.caller, template_id=template_id),
        lambda stated: archive_template(caller=request.caller, template_id=template_id, stated=stated),
    )

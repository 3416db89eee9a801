"""Templates: the named policies people protect by."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.pages.changes import shown_changes
from portal.pages.framework import PageRequest, attempt, moment_of, page, show
from portal.pages.policies import PolicyForm, policy_initial, shown_grants
from portal.permissions import Permission
from protection.selectors.templates import Template, documents_under, template, templates, versions
from protection.services.create_template import copy_template, create_template
from protection.services.edit_template import edit_template, restore_template_version
from protection.services.publish_template import archive_template, publish_template
from protection.services.template_draft import TemplateDraft
from tenants.directory.selectors.people import names_of

EXPIRY = [("never", "Never"), ("on_date", "On a date"), ("after_days", "A number of days after protection")]


class TemplateForm(PolicyForm):
    """A policy with a name, a description and an expiry rule."""

    name = forms.CharField(label="Name", max_length=120, help_text="What people choose from a list.")
    description = forms.CharField(label="Description", max_length=500, required=False)
    expiry_option = forms.ChoiceField(label="Access ends", choices=EXPIRY, initial="never")
    expires_after_days = forms.IntegerField(label="After how many days", required=False, min_value=1)
    field_order = (
        "name",
        "description",
        "grants",
        "deny",
        "offline_days",
        "expiry_option",
        "expires",
        "expires_after_days",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["expires"].label = "On which date"
        self.fields[
            "expires"
        ].help_text = "Access ends with this day, at midnight in your time zone; only with “on a date”."

    def clean(self) -> dict[str, Any]:
        """Check that the expiry rule has its value, and no value that the rule would drop without a word."""
        data: dict[str, Any] = super().clean() or {}
        option, date, days = data.get("expiry_option"), data.get("expires"), data.get("expires_after_days")
        instead = "access never ends" if option == "never" else f"“{dict(EXPIRY).get(option or '')}” is chosen"
        if option == "on_date" and not date:
            self.add_error("expires", "Say on which date access ends.")
        if option == "after_days" and not days:
            self.add_error("expires_after_days", "Say after how many days access ends.")
        if date and option in {"never", "after_days"}:
            self.add_error("expires", f"You gave a date, but {instead}. Choose “On a date”, or leave this empty.")
        if days and option in {"never", "on_date"}:
            given = f"{days} day" if days == 1 else f"{days} days"
            remedy = "Choose “A number of days after protection”, or leave this empty."
            self.add_error("expires_after_days", f"You gave {given}, but {instead}. {remedy}")
        return data

    def draft(self, known: Template | None) -> TemplateDraft:
        """Return the draft; texts in other languages than the one shown are kept."""
        data, policy = self.cleaned_data, self.policy()
        language = "en" if known is None else next(iter(known.names), "en")
        return TemplateDraft(
            names={**(known.names if known else {}), language: data["name"]},
            descriptions={**(known.descriptions if known else {}), language: data["description"]},
            policy=policy,
            expiry_option=data["expiry_option"],
            expires=policy.expires,
            expires_after_days=data["expires_after_days"],
        )


@require_GET
@page(Permission.TEMPLATES_READ)
def template_list(request: PageRequest) -> HttpResponse:
    """Show all templates, or the published ones to those who only use them."""
    manages = request.standing.may(Permission.TEMPLATES_MANAGE)
    organization = request.organization
    rows = [
        {
            "template": found,
            "name": found.name(),
            "description": found.description(),
            "grants": shown_grants(found.policy, organization.id, organization.name),
            "expires": moment_of(found.expires),
        }
        for found in templates(published_only=not manages)
    ]
    return show(request, "templates", "templates", {"rows": rows, "manages": manages})


@require_http_methods(["GET", "POST"])
@page(Permission.TEMPLATES_MANAGE)
def template_new(request: PageRequest) -> HttpResponse:
    """Make a template and publish it, unless the person wants to wait."""
    form = TemplateForm(
        request.POST or None, organization=request.organization.id, initial={"grants": "everybody: viewer"}
    )
    if request.method == "POST" and form.is_valid():
        actor = request.standing.actor

        def act() -> None:
            made = create_template(actor=actor, draft=form.draft(None))
            if request.POST.get("publish"):
                publish_template(actor=actor, template=made)

        if attempt(request, f"The template “{form.cleaned_data['name']}” is ready.", act):
            return redirect("templates")
    return show(request, "template_edit", "templates", {"form": form, "new": True})


@require_http_methods(["GET", "POST"])
@page(Permission.TEMPLATES_MANAGE)
def template_edit(request: PageRequest, template_id: UUID) -> HttpResponse:
    """Change a template; the change counts for documents it already protects."""
    found, organization = template(template_id), request.organization.id
    stored = replace(found.policy, expires=found.expires)
    initial = {
        **policy_initial(stored, organization),
        "name": found.name(),
        "description": found.description(),
        "expiry_option": found.expiry_option,
        "expires_after_days": found.expires_after_days,
    }
    form = TemplateForm(request.POST or None, organization=organization, stored=stored, initial=initial)
    if request.method == "POST" and form.is_valid():
        done = "The template is changed. It counts from the next opening on."
        actor = request.standing.actor
        seen = request.POST.get("based_on", "")
        based_on = int(seen) if seen.isdecimal() else None

        def act() -> None:
            edit_template(actor=actor, template=template_id, draft=form.draft(found), based_on=based_on)

        if attempt(request, done, act):
            return redirect("templates")
    context = {
        "form": form,
        "found": found,
        "name": found.name(),
        "documents": documents_under(template_id),
        # What the person has seen, also when the form comes back with an error.
        "based_on": request.POST.get("based_on", found.version),
    }
    return show(request, "template_edit", "templates", context)


@require_GET
@page(Permission.TEMPLATES_MANAGE)
def template_history(request: PageRequest, template_id: UUID) -> HttpResponse:
    """Show every version: who made it, when, and what it changed."""
    found, organization = versions(template_id), request.organization
    names = names_of(organization.id, {one.author_id for one in found if one.author_id})
    rows = [
        {
            "version": one,
            "name": one.name(),
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
    actor = request.standing.actor
    attempt(
        request,
        f"Version {number} is back. It counts from the next opening on.",
        lambda: restore_template_version(actor=actor, template=template_id, number=number),
    )
    return redirect("template_history", template_id)


@require_POST
@page(Permission.TEMPLATES_MANAGE)
def template_copy(request: PageRequest, template_id: UUID) -> HttpResponse:
    """Make an archived copy and lead on to editing it."""
    made = copy_template(actor=request.standing.actor, template=template_id)
    messages.success(request, "This is the copy. Change what you like, then publish it from the list.")
    return redirect("template", made)


@require_POST
@page(Permission.TEMPLATES_MANAGE)
def template_status(request: PageRequest, template_id: UUID) -> HttpResponse:
    """Publish or archive a template."""
    actor = request.standing.actor
    if request.POST.get("status") == "published":
        attempt(
            request, "The template is offered from now on.", lambda: publish_template(actor=actor, template=template_id)
        )
    else:
        done = "The template is not offered any more. What it protects still opens."
        attempt(request, done, lambda: archive_template(actor=actor, template=template_id))
    return redirect("templates")

"""Deleting a template with its consequences spelled out, and the list from which it comes back."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.languages import reader_languages
from portal.pages.framework import PageRequest, attempt, page, show
from portal.permissions import Permission
from protection.selectors.templates import deleted_templates, documents_by_template, documents_under, template
from protection.services.delete_template import delete_template, undelete_template


@require_GET
@page(Permission.TEMPLATES_MANAGE)
def deleted(request: PageRequest) -> HttpResponse:
    """Show the deleted templates."""
    found = deleted_templates()
    documents = documents_by_template([one.id for one in found])
    rows = [
        {"template": one, "name": one.name(*reader_languages()), "documents": documents.get(one.id, 0)} for one in found
    ]
    return show(request, "templates_deleted", "templates", {"rows": rows})


@require_http_methods(["GET", "POST"])
@page(Permission.TEMPLATES_MANAGE)
def template_delete(request: PageRequest, template_id: UUID) -> HttpResponse:
    """Ask for confirmation, then delete."""
    found = template(template_id)
    name = found.name(*reader_languages())
    if request.method == "POST":
        actor = request.standing.actor
        done = _("“{name}” is deleted. What it protects opens as before.").format(name=name)
        if attempt(request, done, lambda: delete_template(actor=actor, template=template_id)):
            return redirect("templates")
    context = {"found": found, "name": name, "documents": documents_under(template_id)}
    return show(request, "template_delete", "templates", context)


@require_POST
@page(Permission.TEMPLATES_MANAGE)
def template_undelete(request: PageRequest, template_id: UUID) -> HttpResponse:
    """Bring a deleted template back."""
    actor = request.standing.actor
    done = _("The template is back, archived. Publish it to offer it again.")
    attempt(request, done, lambda: undelete_template(actor=actor, template=template_id))
    return redirect("templates")

"""Deleting a template with its consequences spelled out, and the list from which it comes back."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from chancery.policy.permission import Permission
from portal.languages import reader_languages
from portal.usecases.templates import delete_template, undelete_template
from portal.web.confirming import confirmed
from portal.web.framework import PageRequest, carried_out, page, paged, show
from protection.selectors.templates import deleted_templates, documents_by_template, template


@require_GET
@page(Permission.TEMPLATES_MANAGE)
def deleted(request: PageRequest) -> HttpResponse:
    """Show the deleted templates."""
    shown = paged(request, deleted_templates())
    found = shown.object_list
    documents = documents_by_template([one.id for one in found])
    rows = [
        {"template": one, "name": one.name(*reader_languages()), "documents": documents.get(one.id, 0)} for one in found
    ]
    return show(request, "templates_deleted", "templates", {"rows": rows, "shown": shown})


@require_http_methods(["GET", "POST"])
@page(Permission.TEMPLATES_MANAGE)
def template_delete(request: PageRequest, template_id: UUID) -> HttpResponse:
    """Ask for confirmation, then delete."""
    found = template(template_id)
    if found.is_default or found.status == "published":
        context = {"found": found, "name": found.name(*reader_languages())}
        return show(request, "template_delete", "templates", context)
    return confirmed(
        request,
        reverse("templates"),
        lambda stated: delete_template(caller=request.caller, template_id=template_id, stated=stated),
        section="templates",
    )


@require_POST
@page(Permission.TEMPLATES_MANAGE)
def template_undelete(request: PageRequest, template_id: UUID) -> HttpResponse:
    """Bring a deleted template back."""
    carried_out(request, lambda: undelete_template(caller=request.caller, template_id=template_id))
    return redirect("templates")

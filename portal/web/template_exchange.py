"""Templates in files: a download, and an upload that is looked at before it is done."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from chancery.errors import ChanceryError
from chancery.policy.permission import Permission
from portal import clock
from portal.languages import grouped
from portal.template_files import here_at
from portal.usecases.templates import PlannedImport, import_templates, plan_import
from portal.web.framework import PageRequest, attempt, page, show, words_of
from portal.web.grant_lines import shown_grants
from portal.words.changes import shown_changes
from protection.services.export_templates import Form, export_templates
from protection.services.import_templates import Action, Plan
from protection.services.template_exchange.document import MAX_TEXT, InvalidImport

TYPES = {Form.JSON: "application/json", Form.XML: "application/xml"}


@require_GET
@page(Permission.TEMPLATES_MANAGE)
def template_export(request: PageRequest) -> HttpResponse:
    """Send a file with all templates, or with those that are named."""
    try:
        form = Form(request.GET.get("as", Form.JSON))
        chosen = [UUID(text) for text in request.GET.getlist("id")]
    except ValueError as error:
        raise Http404 from error
    try:
        found = export_templates(here=here_at(request.organization), chosen=chosen, form=form, now=clock.now())
    except InvalidImport as error:
        messages.error(request, words_of(error))
        return redirect("templates")
    name = f"templates-{request.organization.slug}.{form}"
    return HttpResponse(
        found, content_type=TYPES[form], headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


class ImportForm(forms.Form):
    """A file of templates."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("JSON or XML, as another organization or this one exported it."),
    )

    def clean_file(self) -> str:
        """Return the file's text."""
        file = self.cleaned_data["file"]
        if file.size is None or file.size > MAX_TEXT:
            raise forms.ValidationError(
                _("A file of templates has at most {number} bytes. Import it in parts.").format(
                    number=grouped(MAX_TEXT)
                )
            )
        try:
            return str(file.read().decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise forms.ValidationError(
                _("The file is not written in UTF-8 (byte {number}). Save it as UTF-8, then try again.").format(
                    number=error.start + 1
                )
            ) from error


@require_http_methods(["GET", "POST"])
@page(Permission.TEMPLATES_MANAGE)
def template_import(request: PageRequest) -> HttpResponse:
    """Take a file, show what it would do, and do it once that was seen."""
    here, text, seen = here_at(request.organization), request.POST.get("text", ""), request.POST.get("seen", "")
    if seen:

        def act() -> Plan:
            return import_templates(caller=request.caller, here=here, text=text, seen=seen)

        if attempt(request, _done, act):
            return redirect("templates")
    uploaded = request.method == "POST" and not seen
    form = ImportForm(request.POST, request.FILES) if uploaded else ImportForm()
    if uploaded and form.is_valid():
        text = form.cleaned_data["file"]
    context: dict[str, Any] = {"form": form}
    if text:
        try:
            context |= _shown(request, plan_import(caller=request.caller, here=here, text=text), text)
        except ChanceryError as error:
            form.add_error("file", words_of(error)) if uploaded else messages.error(request, words_of(error))
    return show(request, "templates_import", "templates", context)


def _done(plan: Plan) -> str:
    """Say what was done."""
    made = sum(one.action is Action.CREATE for one in plan.templates)
    changed = sum(one.action is Action.CHANGE for one in plan.templates)
    words = _("Imported: {made} new, {changed} changed. New templates are archived until you publish them.")
    return words.format(made=made, changed=changed)


def _shown(request: PageRequest, asked: PlannedImport, text: str) -> dict[str, Any]:
    organization, plan = request.organization, asked.plan

    def rows(action: Action) -> list[dict[str, Any]]:
        return [
            {
                "name": one.name,
                "grants": shown_grants(one.draft.policy, organization.id, organization.name),
                "changes": shown_changes(one.change, organization.id, organization.name),
                "foreign": one.foreign,
                "consequences": asked.consequences.get(one.id, ()),
            }
            for one in plan.templates
            if one.action is action
        ]

    created, changed, kept = (rows(action) for action in (Action.CREATE, Action.CHANGE, Action.KEEP))
    return {"plan": plan, "text": text, "created": created, "changed": changed, "kept": kept}

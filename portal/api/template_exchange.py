"""Protection templates in files, over the API: written out, looked at, and read in."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.permission import Permission
from portal import clock
from portal.api.framework import OrganizationView, checked, uuid_of
from portal.api.idempotency import idempotent
from portal.api.template_versions import TemplateChange, change_json
from portal.template_files import here_at
from portal.usecases.templates import import_templates, plan_import
from protection.services.export_templates import Form, export_templates
from protection.services.import_templates import Action, Plan, Planned

FILE = '{"format": "chancery-templates", "version": 1, "templates": [{"id": "0f4e…", …}]}'
RESULT = {
    "id": "0f4e0b9c-8d2e-4b7a-9c55-0c7a3c1f2e10",
    "name": "Read only, all employees",
    "action": "change",
    "changes": [{"member": "offline_days", "who": "", "before": -1, "after": 0}],
    "renamed": False,
    "expiry": None,
    "offer": None,
    "foreign_organizations": [],
    "consequences": [],
}


class ExportTemplates(OrganizationView):
    """Templates, written into a file."""

    needs = {"GET": Permission.TEMPLATES_MANAGE}

    @extend_schema(
        summary="Export templates",
        description="The text of a file in one of the formats of docs/templates.md. Without ids, all templates.",
        parameters=[
            OpenApiParameter("id", str, many=True, description="Only these templates."),
            OpenApiParameter("as", str, enum=list(Form), description="The format; json is the default."),
        ],
        responses=inline_serializer("TemplateExport", {"text": serializers.CharField()}),
        examples=[OpenApiExample("A file", {"text": FILE}, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        """Answer with the file's text."""
        form = request.query_params.get("as", Form.JSON)
        if form not in set(Form):
            raise serializers.ValidationError({"as": [_("This is one of {names}.").format(names=", ".join(Form))]})
        chosen = [uuid_of(text, "id") for text in request.query_params.getlist("id")]
        text = export_templates(here=here_at(self.organization), chosen=chosen, form=Form(form), now=clock.now())
        return Response({"text": text})


class File(serializers.Serializer[dict[str, Any]]):
    """A file of templates."""

    text = serializers.CharField(trim_whitespace=False, help_text="The file, JSON or XML.")
    confirm = serializers.CharField(
        required=False, allow_blank=True, default="", help_text="What the answer to the request without it said."
    )


class PlannedTemplate(TemplateChange):
    """One template of a file, and what an import does with it."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    action = serializers.ChoiceField(choices=[one.value for one in Action])
    foreign_organizations = serializers.ListField(child=serializers.CharField())
    consequences = serializers.ListField(
        child=serializers.CharField(),
        help_text="Before the import: what it does to those who lose access by it, where these are many.",
    )


class ImportTemplates(OrganizationView):
    """Templates, read from a file."""

    needs = {"POST": Permission.TEMPLATES_MANAGE}

    @extend_schema(
        summary="Import templates",
        description=(
            "Without confirm nothing is done: the answer says what would be created, changed and kept, who would lose"
            " access by it where these are many, and a text to send back as confirm. With it exactly that is done, all"
            " of it or nothing; when the file or a template was changed since, the answer is 409 and nothing is done. A"
            " known id gets a new version, a new template arrives archived. What the file says of all members of its"
            " own organization is then said of this one's."
        ),
        request=File,
        responses=inline_serializer(
            "TemplateImport",
            {
                "done": serializers.BooleanField(),
                "confirm": serializers.CharField(),
                "mapped_organization": serializers.UUIDField(allow_null=True),
                "results": PlannedTemplate(many=True),
            },
        ),
        examples=[
            OpenApiExample("Look first", {"text": FILE}, request_only=True),
            OpenApiExample(
                "What would be done",
                {"done": False, "confirm": "9c1f…", "mapped_organization": None, "results": [RESULT]},
                response_only=True,
            ),
        ],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Look at a file, or import it."""
        wanted, here = checked(File, request.data), here_at(self.organization)
        lost: Mapping[UUID, Sequence[str]] = {}
        if wanted["confirm"]:
            plan = import_templates(caller=self.caller, here=here, text=wanted["text"], seen=wanted["confirm"])
        else:
            asked = plan_import(caller=self.caller, here=here, text=wanted["text"])
            plan, lost = asked.plan, asked.consequences
        return Response(_plan_json(plan, lost, done=bool(wanted["confirm"])))


def _plan_json(plan: Plan, lost: Mapping[UUID, Sequence[str]], *, done: bool) -> dict[str, Any]:
    return {
        "done": done,
        "confirm": plan.seen,
        "mapped_organization": None if plan.mapped is None else str(plan.mapped),
        "results": [_planned_json(one, lost.get(one.id, ())) for one in plan.templates],
    }


def _planned_json(one: Planned, lost: Sequence[str]) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "name": one.name,
        "action": one.action.value,
        **change_json(one.change),
        "foreign_organizations": list(one.foreign),
        "consequences": list(lost),
    }

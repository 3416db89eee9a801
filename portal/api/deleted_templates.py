"""Deleted protection templates over the API: which there are, and bringing one back."""

from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.permission import Permission
from portal.api.examples import TEMPLATE, done, listed
from portal.api.framework import OrganizationView, effect_response, page, page_answer
from portal.api.templates import TemplateShown, languages_of, template_json
from portal.usecases.effects import EffectAnswer
from portal.usecases.templates import undelete_template
from protection.selectors.templates import deleted_templates, documents_by_template

DELETED = {**TEMPLATE, "status": "archived", "documents": 3, "deleted_at": "2026-11-28T09:00:00Z"}


class DeletedTemplate(TemplateShown):
    """One deleted template."""

    deleted_at = serializers.DateTimeField()


class DeletedTemplates(OrganizationView):
    """All templates that are deleted."""

    needs = {"GET": Permission.TEMPLATES_MANAGE}

    @extend_schema(
        summary="List deleted templates",
        description="The newest deletion first, each with the number of documents it goes on protecting.",
        responses=page_answer("DeletedTemplateList", DeletedTemplate),
        examples=[OpenApiExample("Deleted", listed(DELETED))],
    )
    def get(self, request: Request) -> Response:
        """Answer with all of them."""
        found, languages = deleted_templates(), languages_of(request)
        documents = documents_by_template([one.id for one in found])
        return page(
            [
                {
                    **template_json(one, languages),
                    "deleted_at": one.deleted_at,
                    "documents": documents.get(one.id, 0),
                }
                for one in found
            ]
        )


class UndeleteTemplate(OrganizationView):
    """A deleted template, brought back."""

    needs = {"POST": Permission.TEMPLATES_MANAGE}

    @extend_schema(
        summary="Bring back a deleted template",
        description="It is archived, as it was when it was deleted.",
        request=None,
        responses=EffectAnswer,
        examples=[OpenApiExample("Back", done("The template “Read only, all employees” is back, archived as it was."))],
    )
    def post(self, request: Request, template_id: UUID) -> Response:
        """Bring it back."""
        return effect_response(undelete_template(caller=self.caller, template_id=template_id))

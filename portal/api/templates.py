"""Protection templates over the API."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.framework import OrganizationView, checked, page
from portal.api.idempotency import idempotent
from portal.permissions import Permission
from protection.licensing.policy import parse_policy
from protection.selectors.templates import Template, documents_under, template, templates
from protection.services.edit_template import (
    TemplateDraft,
    archive_template,
    create_template,
    edit_template,
    publish_template,
)

EXAMPLE = {
    "names": {"en": "Read only, all employees"},
    "descriptions": {"en": "Everybody here may read."},
    "policy": {"grants": [{"who": "organization:6f1e0b9c-8d2e-4b7a-9c55-0c7a3c1f2e10", "rights": ["viewer"]}]},
}


class Draft(serializers.Serializer[dict[str, Any]]):
    """What a template says."""

    names = serializers.DictField(child=serializers.CharField(max_length=120))
    descriptions = serializers.DictField(child=serializers.CharField(max_length=500), required=False, default=dict)
    policy = serializers.DictField()
    expiry_option = serializers.ChoiceField(choices=["never", "on_date", "after_days"], required=False, default="never")
    expires = serializers.IntegerField(required=False, allow_null=True, min_value=0, default=None)
    expires_after_days = serializers.IntegerField(required=False, allow_null=True, min_value=1, default=None)


class Templates(OrganizationView):
    """All templates."""

    needs = {"GET": Permission.TEMPLATES_READ, "POST": Permission.TEMPLATES_MANAGE}

    @extend_schema(
        summary="List templates",
        parameters=[OpenApiParameter("published", bool, description="Only those offered for protecting.")],
        responses=inline_serializer("TemplateList", {"results": serializers.ListField(child=serializers.DictField())}),
        examples=[OpenApiExample("Templates", {"results": [EXAMPLE], "next": ""})],
    )
    def get(self, request: Request) -> Response:
        """Answer with names in the caller's language; people who may not manage templates see published ones."""
        manages = self.standing.may(Permission.TEMPLATES_MANAGE)
        only = request.query_params.get("published") == "true" or not manages
        languages = languages_of(request)
        return page([template_json(found, languages) for found in templates(published_only=only)])

    @extend_schema(
        summary="Create a template",
        request=Draft,
        responses={201: inline_serializer("TemplateCreated", {"id": serializers.UUIDField()})},
        examples=[OpenApiExample("Template", EXAMPLE, request_only=True)],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Make a template; it is archived until it is published."""
        identity = create_template(actor=self.standing.actor, draft=_draft(request))
        return Response({"id": str(identity)}, status=HTTPStatus.CREATED)


class TemplateDetail(OrganizationView):
    """One template."""

    needs = {"GET": Permission.TEMPLATES_READ, "PUT": Permission.TEMPLATES_MANAGE}

    @extend_schema(
        summary="Show one template",
        responses=inline_serializer("Template", {"id": serializers.UUIDField(), "names": serializers.DictField()}),
        examples=[OpenApiExample("Template", EXAMPLE)],
    )
    def get(self, request: Request, template_id: UUID) -> Response:
        """Answer with the current version."""
        found = template(template_id)
        return Response({**template_json(found, languages_of(request)), "documents": documents_under(template_id)})

    @extend_schema(
        summary="Edit a template",
        request=Draft,
        responses=inline_serializer("TemplateEdited", {"version": serializers.IntegerField()}),
        examples=[OpenApiExample("Template", EXAMPLE, request_only=True)],
    )
    @idempotent
    def put(self, request: Request, template_id: UUID) -> Response:
        """Make a new version, which counts from the next license on."""
        version = edit_template(actor=self.standing.actor, template=template_id, draft=_draft(request))
        return Response({"version": version})


class PublishTemplate(OrganizationView):
    """Offer a template for protecting."""

    needs = {"POST": Permission.TEMPLATES_MANAGE}

    @extend_schema(
        summary="Publish a template",
        request=None,
        responses={204: None},
        examples=[OpenApiExample("Nothing", None)],
    )
    def post(self, request: Request, template_id: UUID) -> Response:
        """Offer it from now on."""
        publish_template(actor=self.standing.actor, template=template_id)
        return Response(status=HTTPStatus.NO_CONTENT)


class ArchiveTemplate(OrganizationView):
    """Stop offering a template."""

    needs = {"POST": Permission.TEMPLATES_MANAGE}

    @extend_schema(
        summary="Archive a template",
        request=None,
        responses={204: None},
        examples=[OpenApiExample("Nothing", None)],
    )
    def post(self, request: Request, template_id: UUID) -> Response:
        """Stop offering it; what it protects still opens."""
        archive_template(actor=self.standing.actor, template=template_id)
        return Response(status=HTTPStatus.NO_CONTENT)


def languages_of(request: Request) -> tuple[str, ...]:
    """Return the caller's languages, best first."""
    header = request.headers.get("Accept-Language", "")
    return tuple(part.partition(";")[0].strip() for part in header.split(",") if part.strip())


def template_json(found: Template, languages: tuple[str, ...]) -> dict[str, Any]:
    """Return a template as the API shows it."""
    return {
        "id": str(found.id),
        "status": found.status,
        "version": found.version,
        "name": found.name(*languages),
        "description": found.description(*languages),
        "names": _plain(found.names),
        "descriptions": _plain(found.descriptions),
        "policy": found.policy.as_json(),
        "expiry_option": found.expiry_option,
        "expires": found.expires,
        "expires_after_days": found.expires_after_days,
        "is_default": found.is_default,
        "changed_at": found.changed_at,
    }


def _plain(texts: Mapping[str, str]) -> dict[str, str]:
    return dict(texts)


def _draft(request: Request) -> TemplateDraft:
    wanted = checked(Draft, request.data)
    return TemplateDraft(
        names=wanted["names"],
        descriptions=wanted["descriptions"],
        policy=parse_policy(wanted["policy"]),
        expiry_option=wanted["expiry_option"],
        expires=wanted["expires"],
        expires_after_days=wanted["expires_after_days"],
    )

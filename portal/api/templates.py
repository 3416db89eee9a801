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
from protection.licensing.patch import patched
from protection.licensing.policy import parse_policy
from protection.selectors.templates import Template, documents_under, template, templates
from protection.services.create_template import copy_template, create_template
from protection.services.edit_template import edit_template
from protection.services.publish_template import archive_template, publish_template
from protection.services.template_draft import TemplateDraft

EXAMPLE = {
    "names": {"en": "Read only, all employees"},
    "descriptions": {"en": "Everybody here may read."},
    "policy": {"grants": [{"who": "organization:6f1e0b9c-8d2e-4b7a-9c55-0c7a3c1f2e10", "rights": ["viewer"]}]},
}


EXPIRY = ("expiry_option", "expires", "expires_after_days")


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
        identity = create_template(actor=self.standing.actor, draft=_draft(checked(Draft, request.data)))
        return Response({"id": str(identity)}, status=HTTPStatus.CREATED)


class Edited(Draft):
    """A new version of a template, with the version that its editor saw."""

    based_on = serializers.IntegerField(required=False, min_value=1)


class Patch(serializers.Serializer[dict[str, Any]]):
    """What is to be different; texts are merged by language, the policy entry by entry."""

    names = serializers.DictField(child=serializers.CharField(max_length=120, allow_null=True), required=False)
    descriptions = serializers.DictField(
        child=serializers.CharField(max_length=500, allow_null=True, allow_blank=True), required=False
    )
    policy = serializers.DictField(required=False)
    expiry_option = serializers.ChoiceField(choices=["never", "on_date", "after_days"], required=False)
    expires = serializers.IntegerField(required=False, allow_null=True, min_value=0)
    expires_after_days = serializers.IntegerField(required=False, allow_null=True, min_value=1)
    based_on = serializers.IntegerField(required=False, min_value=1)


class TemplateDetail(OrganizationView):
    """One template."""

    needs = {
        "GET": Permission.TEMPLATES_READ,
        "PUT": Permission.TEMPLATES_MANAGE,
        "PATCH": Permission.TEMPLATES_MANAGE,
    }

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
        summary="Replace what a template says",
        description="With based_on, the change is refused with 409 when somebody made another version meanwhile.",
        request=Edited,
        responses=inline_serializer("TemplateEdited", {"version": serializers.IntegerField()}),
        examples=[OpenApiExample("Template", EXAMPLE, request_only=True)],
    )
    @idempotent
    def put(self, request: Request, template_id: UUID) -> Response:
        """Make a new version, which counts from the next license on."""
        wanted = checked(Edited, request.data)
        version = edit_template(
            actor=self.standing.actor, template=template_id, draft=_draft(wanted), based_on=wanted.get("based_on")
        )
        return Response({"version": version})

    @extend_schema(
        summary="Change one thing of a template",
        description=(
            "A JSON merge patch (RFC 7396): what is not named stays, null removes. In the policy, grants and deny are"
            " objects with whom they mean as names, so that one person or one right can change alone."
        ),
        request=Patch,
        responses=inline_serializer("TemplatePatched", {"version": serializers.IntegerField()}),
        examples=[
            OpenApiExample(
                "One person more",
                {"policy": {"grants": {"rita@fabrikam.example": ["VIEW", "PRINT"]}}, "based_on": 3},
                request_only=True,
            )
        ],
    )
    @idempotent
    def patch(self, request: Request, template_id: UUID) -> Response:
        """Make a new version that differs in what is named."""
        wanted = checked(Patch, request.data)
        found = template(template_id)
        # Without a version of its own a patch is made to the one just read, so that no other change is lost to it.
        based_on = wanted.get("based_on", found.version)
        draft = TemplateDraft(
            names=_merged(found.names, wanted.get("names", {})),
            descriptions=_merged(found.descriptions, wanted.get("descriptions", {})),
            policy=patched(found.policy, wanted.get("policy", {})),
            **{name: wanted.get(name, getattr(found, name)) for name in EXPIRY},
        )
        version = edit_template(actor=self.standing.actor, template=template_id, draft=draft, based_on=based_on)
        return Response({"version": version})


class CopyName(serializers.Serializer[dict[str, Any]]):
    """What the copy is called."""

    name = serializers.CharField(required=False, allow_blank=True, max_length=120, default="")


class CopyTemplate(OrganizationView):
    """A template made after another."""

    needs = {"POST": Permission.TEMPLATES_MANAGE}

    @extend_schema(
        summary="Copy a template",
        request=CopyName,
        responses={201: inline_serializer("TemplateCopied", {"id": serializers.UUIDField()})},
        examples=[OpenApiExample("Under a name of its own", {"name": "Read only, finance"}, request_only=True)],
    )
    @idempotent
    def post(self, request: Request, template_id: UUID) -> Response:
        """Make an archived template that says the same."""
        name = checked(CopyName, request.data)["name"]
        identity = copy_template(actor=self.standing.actor, template=template_id, name=name)
        return Response({"id": str(identity)}, status=HTTPStatus.CREATED)


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


def _merged(texts: Mapping[str, str], patch: Mapping[str, str | None]) -> dict[str, str]:
    """Return texts by language with those of the patch set or, where it says null, removed."""
    return {language: text for language, text in {**texts, **patch}.items() if text is not None}


def _draft(wanted: Mapping[str, Any]) -> TemplateDraft:
    return TemplateDraft(
        names=wanted["names"],
        descriptions=wanted["descriptions"],
        policy=parse_policy(wanted["policy"]),
        **{name: wanted[name] for name in EXPIRY},
    )

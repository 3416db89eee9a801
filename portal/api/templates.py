"""Protection templates over the API."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.utils.decorators import method_decorator
from django.views.decorators.http import conditional_page
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.patch import patched
from chancery.policy.permission import Permission
from chancery.policy.policy import Principal, parse_policy
from portal.api.examples import NEW_TEMPLATE, TEMPLATE, done, listed
from portal.api.framework import (
    Answer,
    Confirmed,
    FreeText,
    OrganizationView,
    checked,
    effect_response,
    page,
    page_answer,
)
from portal.api.idempotency import idempotent
from portal.api.policies import PolicyField, PolicyPatchField, ShownPolicy
from portal.api.sorting import sort_of, sort_parameter
from portal.ordering import TEMPLATES, in_order
from portal.usecases.effects import EffectAnswer, effect_answer
from portal.usecases.templates import (
    archive_template,
    copy_template,
    create_template,
    delete_template,
    edit_template,
    publish_template,
)
from protection.selectors.templates import (
    Template,
    documents_under,
    offered_template,
    offered_templates,
    template,
    templates,
)
from protection.services.template_draft import TemplateDraft

EXPIRY_OPTIONS = ("never", "on_date", "after_days")
EXPIRY = ("expiry_option", "expires", "expires_after_days")
OFFER = ("scope", "offered_to_legacy")
PUBLISHED = done("The template “Read only, all employees” is offered from now on.")
DELETED = done(
    "The template “Read only, all employees” is deleted. What it protects opens as before, and it can be brought back."
)
SCOPE_HELP = "Addresses of the people and groups who are offered it; none for everyone. It never decides who opens."
LEGACY_HELP = "Whether programs without a signed-in person are offered it although it has a scope."


class Draft(serializers.Serializer[dict[str, Any]]):
    """What a template says."""

    names = serializers.DictField(child=serializers.CharField(max_length=120))
    descriptions = serializers.DictField(child=FreeText(max_length=500), required=False, default=dict)
    policy = PolicyField()
    expiry_option = serializers.ChoiceField(choices=EXPIRY_OPTIONS, required=False, default="never")
    expires = serializers.IntegerField(required=False, allow_null=True, min_value=0, default=None)
    expires_after_days = serializers.IntegerField(required=False, allow_null=True, min_value=1, default=None)
    scope = serializers.ListField(child=serializers.CharField(max_length=320), required=False, help_text=SCOPE_HELP)
    offered_to_legacy = serializers.BooleanField(required=False, help_text=LEGACY_HELP)


class TemplateItem(Answer):
    """One template in a list."""

    id = serializers.UUIDField()
    status = serializers.CharField()
    version = serializers.IntegerField()
    name = serializers.CharField(help_text="In the caller's language.")
    description = serializers.CharField(allow_blank=True)
    names = serializers.DictField(child=serializers.CharField(), help_text="By language.")
    descriptions = serializers.DictField(child=serializers.CharField(), help_text="By language.")
    policy = ShownPolicy()
    expiry_option = serializers.ChoiceField(choices=EXPIRY_OPTIONS)
    expires = serializers.IntegerField(allow_null=True)
    expires_after_days = serializers.IntegerField(allow_null=True)
    scope = serializers.ListField(child=serializers.CharField(), help_text=SCOPE_HELP)
    offered_to_legacy = serializers.BooleanField(help_text=LEGACY_HELP)
    is_default = serializers.BooleanField(help_text="Whether it came with the service.")
    changed_at = serializers.DateTimeField()


class TemplateShown(TemplateItem):
    """One template, with the number of documents that it protects."""

    documents = serializers.IntegerField()


@method_decorator(conditional_page, name="get")
class Templates(OrganizationView):
    """All templates."""

    needs = {"GET": Permission.TEMPLATES_READ, "POST": Permission.TEMPLATES_MANAGE}

    @extend_schema(
        summary="List templates",
        description=(
            "Callers who manage templates get all but deleted ones, others those that are offered to them: published,"
            " and with no scope or with them in it. An application asks for people whom it cannot name, so of"
            " templates with a scope it is offered those with offered_to_legacy. The answer carries an ETag; asked"
            " again with If-None-Match, an unchanged list is answered with 304 and no body."
        ),
        parameters=[
            OpenApiParameter("offered", bool, description="Only those offered to the caller."),
            OpenApiParameter("published", bool, description="Only published ones, whomever they are offered to."),
            OpenApiParameter("search", str, description="Only those with this in a name or description."),
            sort_parameter(TEMPLATES),
        ],
        responses={
            200: page_answer("TemplateList", TemplateItem),
            304: OpenApiResponse(description="The list is the one that If-None-Match names."),
        },
        examples=[OpenApiExample("Templates", listed(TEMPLATE))],
    )
    def get(self, request: Request) -> Response:
        """Answer with names in the caller's language."""
        manages, asked = self.caller.may(Permission.TEMPLATES_MANAGE), request.query_params
        search, languages = asked.get("search", ""), languages_of(request)
        if manages and asked.get("offered") != "true":
            found = templates(published_only=asked.get("published") == "true", search=search)
        else:
            found = offered_templates(self.caller.known_as, legacy=self.caller.is_application, search=search)
        return page([template_json(one, languages) for one in in_order(found, TEMPLATES, sort_of(request, TEMPLATES))])

    @extend_schema(
        summary="Create a template",
        request=Draft,
        responses={201: effect_answer("TemplateCreated", id=serializers.UUIDField())},
        examples=[OpenApiExample("Template", NEW_TEMPLATE, request_only=True)],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Make a template; it is archived until it is published."""
        draft = draft_of(checked(Draft, request.data))
        return effect_response(create_template(caller=self.caller, draft=draft), HTTPStatus.CREATED)


class Edited(Draft, Confirmed):
    """A new version of a template, with the version that its editor saw."""

    based_on = serializers.IntegerField(required=False, min_value=1)


class Patch(Confirmed):
    """What is to be different; texts are merged by language, the policy entry by entry."""

    names = serializers.DictField(child=serializers.CharField(max_length=120, allow_null=True), required=False)
    descriptions = serializers.DictField(
        child=FreeText(max_length=500, allow_null=True, allow_blank=True), required=False
    )
    policy = PolicyPatchField(required=False)
    expiry_option = serializers.ChoiceField(choices=EXPIRY_OPTIONS, required=False)
    expires = serializers.IntegerField(required=False, allow_null=True, min_value=0)
    expires_after_days = serializers.IntegerField(required=False, allow_null=True, min_value=1)
    scope = serializers.DictField(
        child=serializers.BooleanField(allow_null=True),
        required=False,
        allow_null=True,
        help_text="Addresses with true to add and null to remove; null instead of the object offers it to everyone.",
    )
    offered_to_legacy = serializers.BooleanField(required=False, help_text=LEGACY_HELP)
    based_on = serializers.IntegerField(required=False, min_value=1)


class TemplateDetail(OrganizationView):
    """One template."""

    needs = {
        "GET": Permission.TEMPLATES_READ,
        "PUT": Permission.TEMPLATES_MANAGE,
        "PATCH": Permission.TEMPLATES_MANAGE,
        "DELETE": Permission.TEMPLATES_MANAGE,
    }

    @extend_schema(
        summary="Show one template",
        responses=TemplateShown,
        examples=[OpenApiExample("Template", {**TEMPLATE, "documents": 3})],
    )
    def get(self, request: Request, template_id: UUID) -> Response:
        """Answer with the current version; who does not manage templates finds what is offered to them."""
        manages = self.caller.may(Permission.TEMPLATES_MANAGE)
        found = (
            template(template_id)
            if manages
            else offered_template(template_id, self.caller.known_as, legacy=self.caller.is_application)
        )
        return Response({**template_json(found, languages_of(request)), "documents": documents_under(template_id)})

    @extend_schema(
        summary="Replace what a template says",
        description=(
            "With based_on, the change is refused with 409 if another version was made in the meantime. scope and"
            " offered_to_legacy do not change when they are not named, so that no program lifts a limit it does not"
            " know of. If many people would lose access, nothing is done without confirm (409 confirmation_required)."
        ),
        request=Edited,
        responses=effect_answer("TemplateEdited", version=serializers.IntegerField()),
        examples=[OpenApiExample("Template", NEW_TEMPLATE, request_only=True)],
    )
    @idempotent
    def put(self, request: Request, template_id: UUID) -> Response:
        """Make a new version, which counts from the next license on."""
        wanted, found = checked(Edited, request.data), template(template_id)
        draft = draft_of({**{name: getattr(found, name) for name in OFFER}, **wanted})
        return self._edited(template_id, draft, wanted)

    @extend_schema(
        summary="Change one thing of a template",
        description=(
            "A JSON merge patch (RFC 7396): what is not named stays, null removes. In the policy, grants and deny are"
            " objects with whom they mean as names, so that one person or one right can change alone. Where many lose"
            " access by it, nothing is done without confirm (409 confirmation_required)."
        ),
        request=Patch,
        responses=effect_answer("TemplatePatched", version=serializers.IntegerField()),
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
            names=merged(found.names, wanted.get("names", {})),
            descriptions=merged(found.descriptions, wanted.get("descriptions", {})),
            policy=patched(found.policy, wanted.get("policy", {})),
            scope=_patched_scope(found.scope, wanted.get("scope", {})),
            offered_to_legacy=wanted.get("offered_to_legacy", found.offered_to_legacy),
            **{name: wanted.get(name, getattr(found, name)) for name in EXPIRY},
        )
        return self._edited(template_id, draft, {**wanted, "based_on": based_on})

    def _edited(self, template_id: UUID, draft: TemplateDraft, wanted: Mapping[str, Any]) -> Response:
        return effect_response(
            edit_template(
                caller=self.caller,
                template_id=template_id,
                draft=draft,
                based_on=wanted.get("based_on"),
                stated=self.stated(wanted),
            )
        )

    @extend_schema(
        summary="Delete a template",
        description=(
            "Only an archived template that did not come with the service. It disappears from all lists and can be"
            " brought back; what it protects opens as before. Without confirm nothing is done, and the answer, 409"
            " confirmation_required, tells how many documents the template protects."
        ),
        parameters=[
            OpenApiParameter("confirm", str, description="The template's name, once the consequences were seen.")
        ],
        responses={200: EffectAnswer},
        examples=[OpenApiExample("Deleted", DELETED)],
    )
    def delete(self, request: Request, template_id: UUID) -> Response:
        """Delete it, once the caller knows what it protects."""
        wanted = checked(Confirmed, request.data or request.query_params.dict())
        return effect_response(delete_template(caller=self.caller, template_id=template_id, stated=self.stated(wanted)))


class CopyName(serializers.Serializer[dict[str, Any]]):
    """What the copy is called."""

    name = serializers.CharField(required=False, allow_blank=True, max_length=120, default="")


class CopyTemplate(OrganizationView):
    """A template made after another."""

    needs = {"POST": Permission.TEMPLATES_MANAGE}

    @extend_schema(
        summary="Copy a template",
        request=CopyName,
        responses={201: effect_answer("TemplateCopied", id=serializers.UUIDField())},
        examples=[OpenApiExample("Under a name of its own", {"name": "Read only, finance"}, request_only=True)],
    )
    @idempotent
    def post(self, request: Request, template_id: UUID) -> Response:
        """Make an archived template that says the same."""
        name = checked(CopyName, request.data)["name"]
        made = copy_template(caller=self.caller, template_id=template_id, name=name)
        return effect_response(made, HTTPStatus.CREATED)


class PublishTemplate(OrganizationView):
    """Offer a template for protecting."""

    needs = {"POST": Permission.TEMPLATES_MANAGE}

    @extend_schema(
        summary="Publish a template",
        request=None,
        responses=EffectAnswer,
        examples=[OpenApiExample("Published", PUBLISHED)],
    )
    def post(self, request: Request, template_id: UUID) -> Response:
        """Offer it from now on."""
        return effect_response(publish_template(caller=self.caller, template_id=template_id))


class ArchiveTemplate(OrganizationView):
    """Stop offering a template."""

    needs = {"POST": Permission.TEMPLATES_MANAGE}

    @extend_schema(
        summary="Archive a template",
        request=Confirmed,
        responses=EffectAnswer,
        examples=[OpenApiExample("Confirmed", {"confirm": "Read only, all employees"}, request_only=True)],
    )
    def post(self, request: Request, template_id: UUID) -> Response:
        """Stop offering it; what it protects still opens."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(archive_template(caller=self.caller, template_id=template_id, stated=stated))


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
        "names": dict(found.names),
        "descriptions": dict(found.descriptions),
        "policy": found.policy.as_json(),
        "expiry_option": found.expiry_option,
        "expires": found.expires,
        "expires_after_days": found.expires_after_days,
        "scope": list(found.scope),
        "offered_to_legacy": found.offered_to_legacy,
        "is_default": found.is_default,
        "changed_at": found.changed_at,
    }


def merged(texts: Mapping[str, str], patch: Mapping[str, str | None]) -> dict[str, str]:
    """Return texts by language with those of the patch set or, where it says null, removed."""
    return {language: text for language, text in {**texts, **patch}.items() if text is not None}


def draft_of(wanted: Mapping[str, Any]) -> TemplateDraft:
    """Return what a template is to say, of checked members."""
    return TemplateDraft(
        names=wanted["names"],
        descriptions=wanted["descriptions"],
        policy=parse_policy(wanted["policy"]),
        scope=tuple(wanted.get("scope", ())),
        offered_to_legacy=wanted.get("offered_to_legacy", False),
        **{name: wanted[name] for name in EXPIRY},
    )


def _patched_scope(scope: Iterable[str], patch: Mapping[str, bool | None] | None) -> tuple[str, ...]:
    """Return the scope with addresses added and removed; None stands for everybody."""
    if patch is None:
        return ()
    named = {str(Principal.parse(text)).removeprefix("address:"): value for text, value in patch.items()}
    return tuple({*scope, *(who for who, value in named.items() if value)} - {who for who in named if not named[who]})

"""Labels over the API: list, make, change, publish, archive, and give one to a document."""

from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.framework import ANYBODY, OrganizationView, checked, page
from portal.api.idempotency import idempotent
from portal.api.templates import languages_of, merged
from portal.permissions import Permission
from protection.licensing.labels import Effect
from protection.selectors.labels import ShownLabel, documents_with, label, labels, offered_labels
from protection.services.relabel import MAX_JUSTIFICATION, relabel
from protection.services.save_label import (
    MAX_SENSITIVITY,
    LabelDraft,
    archive_label,
    create_label,
    edit_label,
    publish_label,
)

EXAMPLE: Final = {
    "names": {"en": "Confidential", "de": "Vertraulich"},
    "sensitivity": 30,
    "effect": "protect",
    "template": "0f4e3f0c-7f5d-4c59-9d0e-2c5d3f1b7a10",
}
SHOWN: Final = {
    **EXAMPLE,
    "name": "Confidential",
    "status": "published",
    "template": {"id": "0f4e3f0c-7f5d-4c59-9d0e-2c5d3f1b7a10", "version": 2, "name": "Employees only"},
}


class NewLabel(serializers.Serializer[dict[str, Any]]):
    """What a label says."""

    names = serializers.DictField(child=serializers.CharField(max_length=120))
    descriptions = serializers.DictField(
        child=serializers.CharField(max_length=500, allow_blank=True), required=False, default=dict
    )
    sensitivity = serializers.IntegerField(min_value=0, max_value=MAX_SENSITIVITY)
    effect = serializers.ChoiceField(choices=[effect.value for effect in Effect])
    template = serializers.UUIDField(required=False, allow_null=True, default=None)


class LabelPatch(serializers.Serializer[dict[str, Any]]):
    """What is to be different; texts are merged by language, null removes one."""

    names = serializers.DictField(child=serializers.CharField(max_length=120, allow_null=True), required=False)
    descriptions = serializers.DictField(
        child=serializers.CharField(max_length=500, allow_null=True, allow_blank=True), required=False
    )
    sensitivity = serializers.IntegerField(min_value=0, max_value=MAX_SENSITIVITY, required=False)
    effect = serializers.ChoiceField(choices=[effect.value for effect in Effect], required=False)
    template = serializers.UUIDField(required=False, allow_null=True)


class Labels(OrganizationView):
    """All labels."""

    needs = {"GET": Permission.TEMPLATES_READ, "POST": Permission.TEMPLATES_MANAGE}

    @extend_schema(
        summary="List labels, the least sensitive first",
        description=(
            "Who manages templates sees all labels, everybody else those in use whose template is offered to him."
            " effect is protect for a label that protects by its template, none for one that leaves a protection that"
            " somebody chose by himself, remove for one that asks for none."
        ),
        parameters=[OpenApiParameter("offered", bool, description="Only those offered to the caller.")],
        responses=inline_serializer("LabelList", {"results": serializers.ListField(child=serializers.DictField())}),
        examples=[OpenApiExample("Labels", {"results": [SHOWN], "next": ""})],
    )
    def get(self, request: Request) -> Response:
        """Answer with names in the caller's language."""
        manages = self.standing.may(Permission.TEMPLATES_MANAGE)
        everything = manages and request.query_params.get("offered") != "true"
        found = labels() if everything else offered_labels(self.standing.audience)
        return page([label_json(one, languages_of(request)) for one in found])

    @extend_schema(
        summary="Make a label",
        request=NewLabel,
        responses={201: inline_serializer("LabelCreated", {"id": serializers.UUIDField()})},
        examples=[OpenApiExample("Label", EXAMPLE, request_only=True)],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Make it; it is archived until it is published."""
        identity = create_label(actor=self.standing.actor, draft=_draft(checked(NewLabel, request.data)))
        return Response({"id": str(identity)}, status=HTTPStatus.CREATED)


class LabelDetail(OrganizationView):
    """One label."""

    needs = {"GET": Permission.TEMPLATES_MANAGE, "PATCH": Permission.TEMPLATES_MANAGE}

    @extend_schema(
        summary="Show one label, with the number of documents that carry it",
        responses=inline_serializer("Label", {"id": serializers.UUIDField(), "names": serializers.DictField()}),
        examples=[OpenApiExample("Label", {**SHOWN, "documents": 12})],
    )
    def get(self, request: Request, label_id: UUID) -> Response:
        """Answer also for an archived one."""
        return Response({**label_json(label(label_id), languages_of(request)), "documents": documents_with(label_id)})

    @extend_schema(
        summary="Change a label; documents that carry it keep their protection",
        request=LabelPatch,
        responses={204: None},
        examples=[OpenApiExample("More sensitive", {"sensitivity": 40}, request_only=True)],
    )
    @idempotent
    def patch(self, request: Request, label_id: UUID) -> Response:
        """Change what is named, leave the rest."""
        wanted, known = checked(LabelPatch, request.data), label(label_id)
        draft = LabelDraft(
            names=merged(known.names, wanted.get("names", {})),
            descriptions=merged(known.descriptions, wanted.get("descriptions", {})),
            sensitivity=wanted.get("sensitivity", known.sensitivity),
            effect=Effect(wanted.get("effect", known.effect)),
            template=wanted.get("template", None if known.template is None else known.template.id),
        )
        edit_label(actor=self.standing.actor, label=label_id, draft=draft)
        return Response(status=HTTPStatus.NO_CONTENT)


class PublishLabel(OrganizationView):
    """Offer a label."""

    needs = {"POST": Permission.TEMPLATES_MANAGE}

    @extend_schema(
        summary="Publish a label", request=None, responses={204: None}, examples=[OpenApiExample("Nothing", None)]
    )
    def post(self, request: Request, label_id: UUID) -> Response:
        """Offer it; from then on its template is chosen through the label."""
        publish_label(actor=self.standing.actor, label=label_id)
        return Response(status=HTTPStatus.NO_CONTENT)


class ArchiveLabel(OrganizationView):
    """Stop offering a label."""

    needs = {"POST": Permission.TEMPLATES_MANAGE}

    @extend_schema(
        summary="Archive a label", request=None, responses={204: None}, examples=[OpenApiExample("Nothing", None)]
    )
    def post(self, request: Request, label_id: UUID) -> Response:
        """Stop offering it; documents keep it."""
        archive_label(actor=self.standing.actor, label=label_id)
        return Response(status=HTTPStatus.NO_CONTENT)


class WantedLabel(serializers.Serializer[dict[str, Any]]):
    """The label, and why it lowers the protection if it does."""

    label = serializers.UUIDField()  # type: ignore[assignment]  # the member; the field's own label is unused
    justification = serializers.CharField(required=False, allow_blank=True, default="", max_length=MAX_JUSTIFICATION)


class DocumentLabel(OrganizationView):
    """A document's label."""

    needs = {"POST": ANYBODY}

    @extend_schema(
        summary="Give a document another label",
        description=(
            "Its protection is kept, replaced by the label's template, or to be removed (outcome). where is done when"
            " the service has done all of it, for every copy; at_the_file when the caller's program must protect its"
            " copy anew or remove its protection, since the caller may do that to a copy only or because only the file"
            " has the content. A label that lowers the protection needs a justification, which is kept on record."
        ),
        request=WantedLabel,
        responses=inline_serializer(
            "DocumentLabeled", {"outcome": serializers.CharField(), "where": serializers.CharField()}
        ),
        examples=[
            OpenApiExample(
                "Lower",
                {"label": "5f0e3f0c-7f5d-4c59-9d0e-2c5d3f1b7a10", "justification": "It was published."},
                request_only=True,
            )
        ],
    )
    @idempotent
    def post(self, request: Request, cid: UUID) -> Response:
        """Give it; whoever manages the document or may remove its protection may."""
        wanted, standing = checked(WantedLabel, request.data), self.standing
        done = relabel(
            actor=standing.actor,
            cid=cid,
            label=wanted["label"],
            justification=wanted["justification"],
            holder=standing.holder,
        )
        return Response({"outcome": done.outcome.value, "where": done.where.value})


def label_json(found: ShownLabel, languages: tuple[str, ...]) -> dict[str, Any]:
    """Return a label as the API shows it."""
    template = found.template
    return {
        "id": str(found.id),
        "status": found.status,
        "name": found.name(*languages),
        "description": found.description(*languages),
        "names": dict(found.names),
        "descriptions": dict(found.descriptions),
        "sensitivity": found.sensitivity,
        "effect": found.effect.value,
        "template": None
        if template is None
        else {"id": str(template.id), "version": template.version, "name": template.name(*languages)},
    }


def _draft(wanted: dict[str, Any]) -> LabelDraft:
    return LabelDraft(
        names=wanted["names"],
        descriptions=wanted["descriptions"],
        sensitivity=wanted["sensitivity"],
        effect=Effect(wanted["effect"]),
        template=wanted["template"],
    )

"""Labels over the API: list, make, change, publish, archive, and give one to a document."""

from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.labels import Effect, Outcome
from chancery.policy.permission import Permission
from portal.api.examples import EMPLOYEES_ONLY, LABEL, done, listed
from portal.api.framework import (
    ANYBODY,
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
from portal.api.sorting import sort_of, sort_parameter
from portal.api.templates import languages_of, merged
from portal.ordering import LABELS, in_order
from portal.usecases.effects import EffectAnswer, effect_answer
from portal.usecases.labels import archive_label, create_label, edit_label, publish_label, relabel
from protection.selectors.labels import ShownLabel, documents_with, label, labels, offered_labels
from protection.services.relabel import MAX_JUSTIFICATION, Where, choices_for
from protection.services.save_label import (
    MAX_SENSITIVITY,
    LabelDraft,
)

EXAMPLE: Final = {
    "names": {"en": "Confidential", "de": "Vertraulich"},
    "sensitivity": 30,
    "effect": "protect",
    "template": EMPLOYEES_ONLY,
}


class NewLabel(serializers.Serializer[dict[str, Any]]):
    """What a label says."""

    names = serializers.DictField(child=serializers.CharField(max_length=120))
    descriptions = serializers.DictField(child=FreeText(max_length=500, allow_blank=True), required=False, default=dict)
    sensitivity = serializers.IntegerField(min_value=0, max_value=MAX_SENSITIVITY)
    effect = serializers.ChoiceField(choices=[effect.value for effect in Effect])
    template = serializers.UUIDField(required=False, allow_null=True, default=None)
    publish = serializers.BooleanField(required=False, default=False, help_text="Whether to offer it at once.")


class LabelPatch(serializers.Serializer[dict[str, Any]]):
    """What is to be different; texts are merged by language, null removes one."""

    names = serializers.DictField(child=serializers.CharField(max_length=120, allow_null=True), required=False)
    descriptions = serializers.DictField(
        child=FreeText(max_length=500, allow_null=True, allow_blank=True), required=False
    )
    sensitivity = serializers.IntegerField(min_value=0, max_value=MAX_SENSITIVITY, required=False)
    effect = serializers.ChoiceField(choices=[effect.value for effect in Effect], required=False)
    template = serializers.UUIDField(required=False, allow_null=True)
    based_on = serializers.IntegerField(required=False, min_value=1)


class LabelTemplate(Answer):
    """The template by which a label protects."""

    id = serializers.UUIDField()
    version = serializers.IntegerField()
    name = serializers.CharField()


class LabelItem(Answer):
    """One label in a list."""

    id = serializers.UUIDField()
    status = serializers.CharField()
    version = serializers.IntegerField()
    name = serializers.CharField(help_text="In the caller's language.")
    description = serializers.CharField(allow_blank=True)
    names = serializers.DictField(child=serializers.CharField(), help_text="By language.")
    descriptions = serializers.DictField(child=serializers.CharField(), help_text="By language.")
    sensitivity = serializers.IntegerField()
    effect = serializers.ChoiceField(choices=[effect.value for effect in Effect])
    template = LabelTemplate(allow_null=True)


class LabelShown(LabelItem):
    """One label, with the number of documents that carry it."""

    documents = serializers.IntegerField()


class LabelChoice(LabelItem):
    """A label that can be given to a document, and what it would do."""

    outcome = serializers.ChoiceField(choices=[one.value for one in Outcome])
    where = serializers.ChoiceField(choices=[one.value for one in Where])
    lowers = serializers.BooleanField(help_text="Whether giving it needs a justification.")


class Labels(OrganizationView):
    """All labels."""

    needs = {"GET": Permission.TEMPLATES_READ, "POST": Permission.TEMPLATES_MANAGE}

    @extend_schema(
        summary="List labels, the least sensitive first",
        description=(
            "Callers who manage templates get all labels, others those in use whose template is offered to them."
            " effect is protect for a label that protects by its template, none for one that leaves a protection that"
            " a person chose, remove for one that asks for none."
        ),
        parameters=[
            OpenApiParameter("offered", bool, description="Only those offered to the caller."),
            sort_parameter(LABELS),
        ],
        responses=page_answer("LabelList", LabelItem),
        examples=[OpenApiExample("Labels", listed(LABEL))],
    )
    def get(self, request: Request) -> Response:
        """Answer with names in the caller's language."""
        manages = self.caller.may(Permission.TEMPLATES_MANAGE)
        everything = manages and request.query_params.get("offered") != "true"
        found = labels() if everything else offered_labels(self.caller.known_as, legacy=self.caller.is_application)
        shown = in_order(found, LABELS, sort_of(request, LABELS))
        return page([label_json(one, languages_of(request)) for one in shown])

    @extend_schema(
        summary="Create a label",
        description="It is archived until it is published. Where publish is refused, no label is made either.",
        request=NewLabel,
        responses={201: effect_answer("LabelCreated", id=serializers.UUIDField())},
        examples=[OpenApiExample("Label", EXAMPLE, request_only=True)],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Make it, and offer it where that is asked for."""
        wanted = checked(NewLabel, request.data)
        made = create_label(caller=self.caller, draft=_draft(wanted), publish=wanted["publish"])
        return effect_response(made, HTTPStatus.CREATED)


class LabelDetail(OrganizationView):
    """One label."""

    needs = {"GET": Permission.TEMPLATES_MANAGE, "PATCH": Permission.TEMPLATES_MANAGE}

    @extend_schema(
        summary="Show one label, with the number of documents that carry it",
        responses=LabelShown,
        examples=[OpenApiExample("Label", {**LABEL, "documents": 12})],
    )
    def get(self, request: Request, label_id: UUID) -> Response:
        """Answer also for an archived one."""
        return Response({**label_json(label(label_id), languages_of(request)), "documents": documents_with(label_id)})

    @extend_schema(
        summary="Change a label; documents that carry it keep their protection",
        description=(
            "A JSON merge patch (RFC 7396): what is not named stays, in names and descriptions null removes a language."
            " A label that is made to protect keeps or needs a template; with another effect it leaves its template."
            " The change is refused with 409 if the label was changed after the version in based_on, or while this"
            " request was answered."
        ),
        request=LabelPatch,
        responses=effect_answer("LabelPatched", version=serializers.IntegerField()),
        examples=[OpenApiExample("More sensitive", {"sensitivity": 40, "based_on": 3}, request_only=True)],
    )
    @idempotent
    def patch(self, request: Request, label_id: UUID) -> Response:
        """Change what is named, leave the rest."""
        wanted, known = checked(LabelPatch, request.data), label(label_id)
        chosen = Effect(wanted.get("effect", known.effect))
        own = None if known.template is None or chosen is not Effect.PROTECT else known.template.id
        draft = LabelDraft(
            names=merged(known.names, wanted.get("names", {})),
            descriptions=merged(known.descriptions, wanted.get("descriptions", {})),
            sensitivity=wanted.get("sensitivity", known.sensitivity),
            effect=chosen,
            template=wanted.get("template", own),
        )
        # Without a version of its own a patch is made to the one just read, so that no other change is lost to it.
        based_on = wanted.get("based_on", known.version)
        return effect_response(edit_label(caller=self.caller, label_id=label_id, draft=draft, based_on=based_on))


class PublishLabel(OrganizationView):
    """Offer a label."""

    needs = {"POST": Permission.TEMPLATES_MANAGE}

    @extend_schema(
        summary="Publish a label",
        request=None,
        responses=EffectAnswer,
        examples=[OpenApiExample("Published", done("The label “Confidential” is offered from now on."))],
    )
    def post(self, request: Request, label_id: UUID) -> Response:
        """Offer it; from then on its template is chosen through the label."""
        return effect_response(publish_label(caller=self.caller, label_id=label_id))


class ArchiveLabel(OrganizationView):
    """Stop offering a label."""

    needs = {"POST": Permission.TEMPLATES_MANAGE}

    @extend_schema(
        summary="Archive a label",
        request=Confirmed,
        responses=EffectAnswer,
        examples=[OpenApiExample("Confirmed", {"confirm": "Internal"}, request_only=True)],
    )
    def post(self, request: Request, label_id: UUID) -> Response:
        """Stop offering it; documents keep it."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(archive_label(caller=self.caller, label_id=label_id, stated=stated))


class WantedLabel(Confirmed):
    """The label, and why it lowers the protection if it does."""

    label = serializers.UUIDField()  # type: ignore[assignment]  # the member; the field's own label is unused
    justification = FreeText(required=False, allow_blank=True, default="", max_length=MAX_JUSTIFICATION)


class DocumentLabel(OrganizationView):
    """A document's label."""

    needs = {"GET": ANYBODY, "POST": ANYBODY}

    @extend_schema(
        summary="List the labels that can be given to a document, the least sensitive first",
        description=(
            "For people who may relabel it, also from another organization; 403 for people who may only open it,"
            " 404 for others. present is the label that it carries. outcome and where say what another label would do,"
            " as in the answer to giving it; lowers says whether giving it needs a justification."
        ),
        responses=page_answer("DocumentLabels", LabelChoice, present=LabelItem(allow_null=True)),
        examples=[
            OpenApiExample(
                "Labels",
                {
                    "present": None,
                    "results": [{**LABEL, "outcome": "replaced", "where": "done", "lowers": False}],
                    "next": "",
                },
            )
        ],
    )
    def get(self, request: Request, cid: UUID) -> Response:
        """Answer with names in the caller's language; a label that the caller cannot give is left out."""
        caller, languages = self.caller, languages_of(request)
        found = choices_for(
            actor=caller.actor,
            cid=cid,
            rights_on=caller.rights_on,
            known_as=caller.known_as,
            legacy=caller.is_application,
        )
        results = [
            {
                **label_json(one.label, languages),
                "outcome": one.becomes.outcome.value,
                "where": one.becomes.where.value,
                "lowers": one.lowers,
            }
            for one in found.others
        ]
        present = None if found.present is None else label_json(found.present, languages)
        return Response({"present": present, "results": results, "next": ""})

    @extend_schema(
        summary="Give a document another label",
        description=(
            "The label is one of those offered to the caller, else the answer is 404; 403 for people who may only open"
            " the document. To give it the label that it carries, and is protected by, changes nothing and is not"
            " recorded. Its protection is kept, replaced by the label's template, or to be removed (outcome). where is"
            " done when the service has done all of it, for every copy; at_the_file when the caller's program must"
            " protect its copy anew or remove its protection, since the caller may do that to a copy only or because"
            " only the file has the content. Where many lose access by the label's template, nothing is done without"
            " confirm (409 confirmation_required).\n\n"
            "A label that lowers the protection needs a justification, which is recorded."
        ),
        request=WantedLabel,
        responses=effect_answer("DocumentLabeled", outcome=serializers.CharField(), where=serializers.CharField()),
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
        """Give it; people who manage the document or may remove its protection may."""
        wanted = checked(WantedLabel, request.data)
        return effect_response(
            relabel(
                caller=self.caller,
                organization=self.organization,
                cid=cid,
                label=wanted["label"],
                justification=wanted["justification"],
                stated=self.stated(wanted),
            )
        )


def label_json(found: ShownLabel, languages: tuple[str, ...]) -> dict[str, Any]:
    """Return a label as the API shows it."""
    template = found.template
    return {
        "id": str(found.id),
        "status": found.status,
        "version": found.version,
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

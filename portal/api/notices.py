"""Of what the caller is mailed about their documents."""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.examples import PLAN
from portal.api.framework import ANYBODY, Answer, OrganizationView, checked, effect_response
from portal.api.idempotency import idempotent
from portal.usecases.effects import EffectAnswer
from portal.usecases.notices import AS_FOR_ALL, IN_WORDS, choose_notices, notice_choices


class ChosenDocument(Answer):
    """A document with a choice of its own."""

    cid = serializers.UUIDField()
    title = serializers.CharField()
    of = serializers.ChoiceField(choices=list(IN_WORDS))


class NoticeChoices(Answer):
    """What the caller has chosen."""

    of = serializers.ChoiceField(choices=list(IN_WORDS), help_text="For all documents that the caller decides about.")
    documents = ChosenDocument(many=True)


class NoticeChoice(serializers.Serializer[dict[str, str]]):
    """Of what to be mailed from now on."""

    of = serializers.ChoiceField(
        choices=[*IN_WORDS, AS_FOR_ALL],
        allow_blank=True,
        help_text="every, first (opening by each person), refusals, daily, none; empty lets a document go by all.",
    )
    document = serializers.UUIDField(default=None, allow_null=True, help_text="Only this document; without it, all.")

    def validate(self, attrs: dict[str, str]) -> dict[str, str]:
        """Refuse an empty choice for all."""
        if attrs["of"] == AS_FOR_ALL and attrs["document"] is None:
            raise serializers.ValidationError({"of": [f"One of: {', '.join(IN_WORDS)}."]})
        return attrs


class Notices(OrganizationView):
    """Mail about openings of the caller's documents."""

    needs = {"GET": ANYBODY, "PUT": ANYBODY}

    @extend_schema(
        summary="Show of what I am mailed",
        responses=NoticeChoices,
        examples=[OpenApiExample("Choices", {"of": "daily", "documents": []}, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        """Answer with the choice for all documents and those of single ones."""
        return Response(NoticeChoices(notice_choices(caller=self.caller)).data)

    @extend_schema(
        summary="Choose of what I am mailed",
        description="For all documents that the caller decides about, or for one. Their own acts are not mailed.",
        request=NoticeChoice,
        responses=EffectAnswer,
        examples=[OpenApiExample("One document", {"of": "every", "document": PLAN}, request_only=True)],
    )
    @idempotent
    def put(self, request: Request) -> Response:
        """Choose; 404 for a document that the caller does not see."""
        wanted = checked(NoticeChoice, request.data)
        return effect_response(choose_notices(caller=self.caller, of=wanted["of"], cid=wanted["document"]))

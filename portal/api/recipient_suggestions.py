"""Suggested recipients over the API: whom a text may mean in a policy."""

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.permission import Permission
from portal.api.framework import Answer, OrganizationView, checked
from portal.subjects.suggestion import Kind
from portal.usecases.recipient_suggestions import suggest_recipients
from portal.words.suggestions import suggestion_json

EXAMPLE = {
    "results": [
        {
            "who": "address:rita@fabrikam.example",
            "kind": "outside",
            "name": "rita@fabrikam.example",
            "address": "rita@fabrikam.example",
            "meaning": "Outside; you named this address before",
        }
    ]
}


class Typed(serializers.Serializer[dict[str, str]]):
    """What somebody has typed so far."""

    text = serializers.CharField(max_length=320, required=False, default="", allow_blank=True)


class RecipientSuggestion(Answer):
    """One way to understand it."""

    who = serializers.CharField(help_text="As a grant of a policy names it.")
    kind = serializers.ChoiceField(choices=[one.value for one in Kind])
    name = serializers.CharField()
    address = serializers.CharField(help_text="As people read it; for “everybody” and domains a sentence.")
    meaning = serializers.CharField(help_text="What naming it means.")


class RecipientSuggestionList(Answer):
    """All of them, the likeliest first."""

    results = RecipientSuggestion(many=True)


class RecipientSuggestions(OrganizationView):
    """Whom a text may mean."""

    needs = {"GET": Permission.FILES_PROTECT}

    @extend_schema(
        summary="Suggest recipients for what somebody has typed",
        description=(
            "People and groups of the organization by name or address, addresses that the caller granted something"
            " before, and the text itself where it is an address or a domain. Nothing for less than two characters."
        ),
        parameters=[OpenApiParameter("text", str)],
        responses={200: RecipientSuggestionList},
        examples=[OpenApiExample("Suggestions", EXAMPLE, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        """Answer the likeliest first."""
        text = checked(Typed, request.query_params)["text"]
        found = suggest_recipients(caller=self.caller, organization=self.organization, text=text)
        return Response({"results": [suggestion_json(one, self.organization) for one in found.suggestions]})

"""Act for another person, over the API."""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.permission import Permission
from portal.api.framework import Answer, Confirmed, OrganizationView, checked, effect_response
from portal.api.idempotency import idempotent
from portal.usecases.acting import act_for_address, stop_acting
from portal.usecases.effects import EffectAnswer, effect_answer


class ActFor(Confirmed):
    """For whom."""

    person = serializers.EmailField(max_length=320, help_text="The address of a member.")


class ActingState(Answer):
    """For whom the caller acts; all is empty when they act for themselves."""

    person = serializers.UUIDField(allow_null=True)
    address = serializers.CharField(allow_blank=True)
    reason = serializers.CharField(allow_blank=True)
    until = serializers.DateTimeField(allow_null=True)


class Acting(OrganizationView):
    """For whom an administrator acts."""

    needs = {
        "GET": Permission.DOCUMENTS_REVOKE,
        "POST": Permission.DOCUMENTS_REVOKE,
        "DELETE": Permission.DOCUMENTS_REVOKE,
    }

    @extend_schema(
        summary="Read for whom you act",
        responses=ActingState,
        examples=[
            OpenApiExample(
                "Acting",
                {
                    "person": "7b1de5f0-6a52-4d4e-8a35-1f1f0a4d9c11",
                    "address": "olga@contoso.example",
                    "reason": "She is on leave and called",
                    "until": "2026-11-29T10:00:00Z",
                },
                response_only=True,
            )
        ],
    )
    def get(self, request: Request) -> Response:
        """Answer for whom."""
        nobody = {"person": None, "address": "", "reason": "", "until": None}
        return Response(ActingState(self.caller.acting or nobody).data)

    @extend_schema(
        summary="Act for a member for an hour",
        description=(
            "The caller's own lists show the member's documents, and access that the caller takes back is taken back"
            " in the member's name. It gives no access. Asked first: confirm is the member's address."
        ),
        request=ActFor,
        responses=effect_answer("ActingBegan", until=serializers.DateTimeField()),
        examples=[
            OpenApiExample(
                "Begin",
                {
                    "person": "olga@contoso.example",
                    "reason": "She is on leave and called",
                    "confirm": "olga@contoso.example",
                },
                request_only=True,
            )
        ],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Begin."""
        given = checked(ActFor, request.data)
        return effect_response(
            act_for_address(
                caller=self.caller,
                organization=self.organization,
                address=given["person"].lower(),
                stated=self.stated(given),
            )
        )

    @extend_schema(summary="Act for yourself again", request=None, responses={200: EffectAnswer})
    @idempotent
    def delete(self, request: Request) -> Response:
        """End."""
        return effect_response(stop_acting(caller=self.caller))

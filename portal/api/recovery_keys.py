"""Recovery keys over the API: two people approve a super-user grant where no administrator can."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.permission import Permission
from portal.api.examples import done
from portal.api.framework import ANYBODY, Confirmed, MailAddress, OrganizationView, checked, effect_response
from portal.api.super_user_grants import answer_of
from portal.usecases.effects import EffectAnswer, effect_answer
from portal.usecases.super_users.recovery import choose_keepers, present, show_key


class KeepersBody(Confirmed):
    """Two people."""

    first = MailAddress(max_length=320)
    second = MailAddress(max_length=320)


class KeyBody(serializers.Serializer[dict[str, Any]]):
    """A recovery key."""

    key = serializers.CharField(max_length=100, help_text="Hyphens, spaces and case do not matter.")


class RecoveryKeys(OrganizationView):
    """The keepers of the two recovery keys."""

    needs = {"POST": Permission.SUPER_USERS_MANAGE}

    @extend_schema(
        summary="Name the two keepers of the recovery keys",
        description=(
            "Two members who are independent of you and of each other. Asked first: confirm is both addresses. Where no"
            " independent administrator is left, both together approve a super-user grant."
        ),
        request=KeepersBody,
        responses=EffectAnswer,
        examples=[
            OpenApiExample(
                "Two people", {"first": "olga@contoso.example", "second": "max@contoso.example"}, request_only=True
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Name them."""
        wanted = checked(KeepersBody, request.data)
        return effect_response(
            choose_keepers(
                caller=self.caller,
                organization=self.organization,
                first=wanted["first"],
                second=wanted["second"],
                stated=self.stated(wanted),
            )
        )


class OwnRecoveryKey(OrganizationView):
    """The key of the caller."""

    needs = {"POST": ANYBODY}

    @extend_schema(
        summary="Get your recovery key, once",
        request=None,
        responses=effect_answer("RecoveryKeyShown", key=serializers.CharField()),
        examples=[
            OpenApiExample(
                "Shown",
                done("Write it down and keep it where nobody else finds it. It is not shown again.", key="ABCD-…"),
                response_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Answer with it; 404 for everybody who is not named as a keeper."""
        shown = show_key(caller=self.caller)
        return Response({**shown.effect.as_json(), "key": shown.key})


class PresentRecoveryKey(OrganizationView):
    """The approval by two keepers of recovery keys."""

    needs = {"POST": ANYBODY}

    @extend_schema(
        summary="Present your recovery key for a super-user grant that waits",
        description=(
            "For the two keepers, where no independent administrator is left. The second one's key approves the grant."
            " Five wrong keys within an hour are the most."
        ),
        request=KeyBody,
        responses=answer_of("RecoveryKeyPresented"),
        examples=[OpenApiExample("Key", {"key": "ABCD-EFGH-…"}, request_only=True)],
    )
    def post(self, request: Request, grant_id: UUID) -> Response:
        """Note it, or approve the grant."""
        key = checked(KeyBody, request.data)["key"]
        return effect_response(present(caller=self.caller, organization=self.organization, grant_id=grant_id, key=key))

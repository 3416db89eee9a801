"""Revocations over the API: at once or at a moment, what is scheduled, and what replaces a document."""

from typing import Any, Final
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.days import LAST_MOMENT
from portal.api.examples import PLAN, SCHEDULED, done, listed
from portal.api.framework import (
    ANYBODY,
    Answer,
    Confirmed,
    FreeText,
    OrganizationView,
    checked,
    effect_response,
    limit_of,
    page,
    page_answer,
)
from portal.api.idempotency import idempotent
from portal.usecases.effects import effect_answer
from portal.usecases.revoking import RevocationRequest, restore_access, revoke_access, set_successor
from portal.usecases.scheduled_revocations import cancel_scheduled
from protection.selectors.documents import document_for
from protection.selectors.scheduled import ScheduledFacts, scheduled_revocations

RECIPIENT: Final = "An address, domain:… or organization:…; empty for everybody."


class Restoration(serializers.Serializer[dict[str, str]]):
    """From whom access was taken back, and why it is given back."""

    reason = FreeText(required=False, allow_blank=True, default="", max_length=500)
    recipient = serializers.CharField(required=False, allow_blank=True, default="", max_length=320, help_text=RECIPIENT)


class Revocation(Confirmed):
    """From whom, when, why, and what they read."""

    recipient = serializers.CharField(required=False, allow_blank=True, default="", max_length=320, help_text=RECIPIENT)
    at = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=None,
        min_value=1,
        max_value=LAST_MOMENT,
        help_text="When access ends, in seconds since 1970; null for now. A second call changes the moment.",
    )
    message = FreeText(
        required=False,
        allow_blank=True,
        default="",
        max_length=500,
        help_text="What those who are refused read; people who were named get it by mail, too.",
    )
    successor = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="The document that replaces this one."
    )
    issuer_too = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Whether the person who protected it is shut out, too; administrators only, and from everybody.",
    )


class SuccessorBody(serializers.Serializer[dict[str, Any]]):
    """What replaces a document."""

    successor = serializers.UUIDField(allow_null=True, help_text="null for none any more.")


class ScheduledItem(Answer):
    """One revocation that was set for a moment."""

    id = serializers.UUIDField()
    document = serializers.UUIDField(source="cid")
    title = serializers.CharField(allow_blank=True)
    owner = serializers.CharField(source="owner_address")
    recipient = serializers.CharField(source="name", allow_blank=True, help_text="Empty for everybody.")
    at = serializers.DateTimeField()
    reason = serializers.CharField(allow_blank=True)
    message = serializers.CharField(allow_blank=True)
    successor = serializers.UUIDField(allow_null=True)
    issuer_too = serializers.BooleanField()
    set_by = serializers.CharField()


class Revoke(OrganizationView):
    """Take access back."""

    needs = {"POST": ANYBODY}

    @extend_schema(
        summary="Revoke a document, or one recipient's access to it, now or at a moment",
        description=(
            "Without a recipient it is revoked for everybody. That, a domain and an organization ask first: see"
            " confirm. With at, licenses that are issued meanwhile end at that moment."
        ),
        request=Revocation,
        responses=effect_answer(
            "Revoked",
            rev=serializers.IntegerField(),
            latest_offline_moment=serializers.DateTimeField(allow_null=True),
            had_access=serializers.BooleanField(
                allow_null=True, help_text="null where only an opening can show it: another organization knows."
            ),
            scheduled=serializers.UUIDField(allow_null=True, help_text="The scheduled revocation, where at was given."),
        ),
        examples=[
            OpenApiExample("Revoke", {"reason": "Sent to the wrong person", "confirm": "Offer.pdf"}, request_only=True)
        ],
    )
    @idempotent
    def post(self, request: Request, cid: UUID) -> Response:
        """Refuse from the next license request on; say until when cached licenses could still open it."""
        wanted = checked(Revocation, request.data)
        asked = RevocationRequest(
            recipient=wanted["recipient"].strip(),
            at=wanted["at"],
            message=wanted["message"],
            successor=wanted["successor"],
            issuer_too=wanted["issuer_too"],
        )
        stated = self.stated(wanted)
        return effect_response(
            revoke_access(caller=self.caller, organization=self.organization, cid=cid, asked=asked, stated=stated)
        )


class Restore(OrganizationView):
    """Undo a revocation."""

    needs = {"POST": ANYBODY}

    @extend_schema(
        summary="Restore a revoked document, or one recipient's access to it",
        request=Restoration,
        responses=effect_answer(
            "Restored",
            still_revoked=serializers.ListField(child=serializers.CharField()),
            revoked_for_everybody=serializers.BooleanField(),
        ),
        examples=[OpenApiExample("Restore", {}, request_only=True)],
    )
    @idempotent
    def post(self, request: Request, cid: UUID) -> Response:
        """Undo a revocation; say what stays revoked."""
        recipient = checked(Restoration, request.data)["recipient"].strip()
        return effect_response(
            restore_access(caller=self.caller, organization=self.organization, cid=cid, recipient=recipient)
        )


class DocumentSuccessor(OrganizationView):
    """What replaces a document."""

    needs = {"PUT": ANYBODY}

    @extend_schema(
        summary="Name the document that replaces another one",
        description=(
            "Those who are refused because access was taken back are led to it, if they may open it; the others learn"
            " only that there is one. It must be yours, or belong to the same owner."
        ),
        request=SuccessorBody,
        responses=effect_answer("SuccessorNamed"),
        examples=[OpenApiExample("Successor", {"successor": PLAN}, request_only=True)],
    )
    @idempotent
    def put(self, request: Request, cid: UUID) -> Response:
        """Set it, or none any more."""
        # People who may not manage a document do not learn by what is wrong with a request that it exists.
        document_for(self.caller.actor, cid)
        successor = checked(SuccessorBody, request.data)["successor"]
        return effect_response(set_successor(caller=self.caller, cid=cid, successor=successor))


class ScheduledRevocations(OrganizationView):
    """What was set to end at a moment."""

    needs = {"GET": ANYBODY}

    @extend_schema(
        summary="List scheduled revocations, the soonest first",
        parameters=[
            OpenApiParameter("scope", str, enum=["mine", "all"], description="Of whose documents."),
            OpenApiParameter("cursor", str),
            OpenApiParameter("limit", int),
        ],
        responses=page_answer("ScheduledRevocationList", ScheduledItem),
        examples=[OpenApiExample("Scheduled", listed(SCHEDULED))],
    )
    def get(self, request: Request) -> Response:
        """Answer with those of the caller's documents, or with all by role."""
        query, limit = request.query_params, limit_of(request)
        found = scheduled_revocations(
            self.caller.actor, everybody=query.get("scope") == "all", limit=limit + 1, after=query.get("cursor", "")
        )
        shown = found[:limit]
        return page([scheduled_item(one) for one in shown], str(shown[-1].id) if len(found) > limit else "")


class ScheduledRevocation(OrganizationView):
    """One that was set to end at a moment."""

    needs = {"DELETE": ANYBODY}

    @extend_schema(
        summary="Cancel a scheduled revocation",
        request=None,
        responses={200: effect_answer("RevocationCanceled", document=serializers.UUIDField())},
        examples=[
            OpenApiExample("Canceled", done("Canceled: access does not end then.", document=PLAN), response_only=True)
        ],
    )
    @idempotent
    def delete(self, request: Request, scheduled_id: UUID) -> Response:
        """Let access not end then."""
        return effect_response(cancel_scheduled(caller=self.caller, scheduled=scheduled_id))


def scheduled_item(one: ScheduledFacts) -> Any:
    """Return one scheduled revocation as the API answers it."""
    return ScheduledItem(one).data

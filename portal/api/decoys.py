"""Decoys and their alarms, over the API."""

from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.examples import OPENING, PLAN, listed
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
    uuid_of,
)
from portal.api.idempotency import idempotent
from portal.usecases.decoys import (
    ShownAlarm,
    acknowledge_alarm,
    mark_decoy,
    unmark_decoy,
    visible_alarms,
    visible_decoys,
)
from portal.usecases.effects import EffectAnswer
from protection.selectors.cursors import InvalidCursor
from protection.selectors.decoys import STATES, DecoyRow

CURSOR_AND_LIMIT = (OpenApiParameter("cursor", str), OpenApiParameter("limit", int))
DECOY = {
    "cid": PLAN,
    "title": "passwords.xlsx",
    "owner": "olga@contoso.example",
    "marked_at": "2026-11-29T09:00:00Z",
    "marked_by": "olga@contoso.example",
    "note": "On the file server",
}
ALARM = {
    "id": OPENING,
    "cid": PLAN,
    "title": "passwords.xlsx",
    "what": "max@contoso.example tried to open “passwords.xlsx” and was refused.",
    "who": "max@contoso.example",
    "ip": "192.0.2.7",
    "first_at": "2026-11-29T09:00:00Z",
    "last_at": "2026-11-29T09:02:00Z",
    "opened": 0,
    "refused": 3,
    "other": 0,
    "state": "open",
    "acknowledged_at": None,
    "acknowledged_by": "",
    "note": "",
    "event": OPENING,
}


class Note(serializers.Serializer[object]):
    """What is kept beside it."""

    note = FreeText(required=False, allow_blank=True, default="", max_length=500, help_text="Recorded with it.")


class DecoyItem(Answer):
    """One decoy."""

    cid = serializers.UUIDField()
    title = serializers.CharField(allow_blank=True)
    owner = serializers.CharField()
    marked_at = serializers.DateTimeField()
    marked_by = serializers.CharField()
    note = serializers.CharField(allow_blank=True)


class AlarmItem(Answer):
    """What one person did with one decoy within ten minutes."""

    id = serializers.UUIDField()
    cid = serializers.UUIDField()
    title = serializers.CharField(allow_blank=True)
    what = serializers.CharField(help_text="The first thing that happened, in the caller's language.")
    who = serializers.CharField(allow_blank=True, help_text="Empty where nobody is named.")
    ip = serializers.CharField(allow_blank=True)
    first_at = serializers.DateTimeField()
    last_at = serializers.DateTimeField()
    opened = serializers.IntegerField()
    refused = serializers.IntegerField()
    other = serializers.IntegerField(help_text="Codes asked for, edits, prints and other acts.")
    state = serializers.ChoiceField(choices=list(STATES))
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    acknowledged_by = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)
    event = serializers.UUIDField(help_text="The first event in the audit log.")


class Decoys(OrganizationView):
    """Decoys."""

    needs = {"GET": ANYBODY}

    @extend_schema(
        summary="List decoys",
        description="Of documents that you decide about; auditors and administrators see all.",
        parameters=list(CURSOR_AND_LIMIT),
        responses=page_answer("DecoyList", DecoyItem),
        examples=[OpenApiExample("Decoys", listed(DECOY))],
    )
    def get(self, request: Request) -> Response:
        """Answer with the last marked first."""
        try:
            found = visible_decoys(
                caller=self.caller, limit=limit_of(request), cursor=request.query_params.get("cursor", "")
            )
        except InvalidCursor:
            raise _unknown_cursor() from None
        return page([_decoy(one) for one in found.rows], found.next)


class DocumentDecoy(OrganizationView):
    """The mark of a document."""

    needs = {"PUT": ANYBODY, "DELETE": ANYBODY}

    @extend_schema(
        summary="Mark a document as a decoy",
        description="As its owner or an administrator. Whoever opens it or tries to raises an alarm.",
        request=Note,
        responses=EffectAnswer,
        examples=[OpenApiExample("Mark", {"note": "On the file server"}, request_only=True)],
    )
    @idempotent
    def put(self, request: Request, cid: UUID) -> Response:
        """Mark it."""
        return effect_response(mark_decoy(caller=self.caller, cid=cid, note=checked(Note, request.data)["note"]))

    @extend_schema(
        summary="Remove the mark of a decoy",
        description="Asked first: confirm is the document's title.",
        request=Confirmed,
        responses={200: EffectAnswer},
        examples=[OpenApiExample("Remove", {"confirm": "plan.pdf", "reason": "Test over"}, request_only=True)],
    )
    @idempotent
    def delete(self, request: Request, cid: UUID) -> Response:
        """Stop its alarms."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(unmark_decoy(caller=self.caller, cid=cid, stated=stated))


class Alarms(OrganizationView):
    """Alarms."""

    needs = {"GET": ANYBODY}

    @extend_schema(
        summary="List alarms",
        description="Of decoys that you decide about; auditors and administrators see all.",
        parameters=[
            OpenApiParameter("state", str, enum=list(STATES)),
            OpenApiParameter("document", UUID),
            *CURSOR_AND_LIMIT,
        ],
        responses=page_answer("AlarmList", AlarmItem),
        examples=[OpenApiExample("Alarms", listed(ALARM))],
    )
    def get(self, request: Request) -> Response:
        """Answer with the newest first."""
        wanted = request.query_params
        state, document = wanted.get("state", ""), wanted.get("document", "")
        if state and state not in STATES:
            raise serializers.ValidationError({"state": [_("There is no such state.")]})
        try:
            found = visible_alarms(
                caller=self.caller,
                organization=self.organization,
                state=state,
                cid=uuid_of(document, "document") if document else None,
                limit=limit_of(request),
                cursor=wanted.get("cursor", ""),
            )
        except InvalidCursor:
            raise _unknown_cursor() from None
        return page([_alarm(one) for one in found.rows], found.next)


class AcknowledgeAlarm(OrganizationView):
    """What becomes of an alarm."""

    needs = {"POST": ANYBODY}

    @extend_schema(
        summary="Acknowledge an alarm",
        description="What happens to the decoy from then on raises a new one.",
        request=Note,
        responses=EffectAnswer,
        examples=[OpenApiExample("Acknowledge", {"note": "It was the backup"}, request_only=True)],
    )
    @idempotent
    def post(self, request: Request, alarm_id: UUID) -> Response:
        """Keep that somebody looked at it."""
        note = checked(Note, request.data)["note"]
        return effect_response(acknowledge_alarm(caller=self.caller, alarm_id=alarm_id, note=note))


def _unknown_cursor() -> serializers.ValidationError:
    return serializers.ValidationError({"cursor": [_("This cursor is not known.")]})


def _decoy(one: DecoyRow) -> object:
    return {
        "cid": str(one.cid),
        "title": one.title,
        "owner": one.owner_address,
        "marked_at": one.marked_at,
        "marked_by": one.marked_address,
        "note": one.note,
    }


def _alarm(one: ShownAlarm) -> object:
    row = one.row
    return {
        "id": str(row.id),
        "cid": str(row.cid),
        "title": row.title,
        "what": one.what,
        "who": one.who,
        "ip": one.ip,
        "first_at": row.first_at,
        "last_at": row.last_at,
        "opened": row.opened,
        "refused": row.refused,
        "other": row.other,
        "state": row.state,
        "acknowledged_at": row.acknowledged_at,
        "acknowledged_by": row.acknowledged_address,
        "note": row.note,
        "event": str(row.event),
    }

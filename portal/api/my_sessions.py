"""What the caller is signed in with: list it, and end it."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.examples import SESSION, done, listed
from portal.api.framework import (
    UNTIL,
    Answer,
    BaseView,
    Confirmed,
    checked,
    directory_actor,
    effect_response,
    page,
    page_answer,
    stated_by,
)
from portal.identity.bearer import token_shown
from portal.usecases.effects import effect_answer
from portal.usecases.sessions import Session, end_other_sessions, end_own_session, own_sessions

ENDED = effect_answer("SessionsEnded", latest_offline_moment=UNTIL)


class SessionItem(Answer):
    """One browser or program that is signed in."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(
        choices=["browser", "program"], help_text="program: a command line, or another one that holds tokens."
    )
    name = serializers.CharField(help_text="Browser and system, or the name of the program's device.")
    ip = serializers.CharField(allow_blank=True, help_text="Where a browser signed in; empty for a program.")
    since = serializers.DateTimeField()
    last_used = serializers.DateTimeField(help_text="To the minute for a browser, to its last token for a program.")
    current = serializers.BooleanField(help_text="Whether it is the one that asks.")
    devices = serializers.ListField(child=serializers.UUIDField(), help_text="Devices that end with it.")


class MySessions(BaseView):
    """What the person is signed in with."""

    @extend_schema(
        summary="List my sessions",
        responses=page_answer("MySessionList", SessionItem),
        examples=[OpenApiExample("Sessions", listed(SESSION))],
    )
    def get(self, request: Request) -> Response:
        """Answer with browsers and programs, what was used last at first."""
        found = own_sessions(actor=directory_actor(request), current=str(token_shown(request).family))
        return page([session_answer(one) for one in found.rows])


class EndMySession(BaseView):
    """The end of one session."""

    @extend_schema(
        summary="End one of my sessions",
        request=Confirmed,
        responses=ENDED,
        examples=[
            OpenApiExample("Confirmed", {"confirm": "yes"}, request_only=True),
            OpenApiExample(
                "Ended", done("Signed out: Firefox, Linux.", latest_offline_moment=None), response_only=True
            ),
        ],
    )
    def post(self, request: Request, session_id: UUID) -> Response:
        """Sign it out at its next request; its devices are revoked."""
        stated = stated_by(request, checked(Confirmed, request.data))
        return effect_response(end_own_session(actor=directory_actor(request), session_id=session_id, stated=stated))


class EndMyOtherSessions(BaseView):
    """The end of all other sessions."""

    @extend_schema(
        summary="End all my sessions but this one",
        request=Confirmed,
        responses=ENDED,
        examples=[OpenApiExample("Confirmed", {"confirm": "yes"}, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """Sign out every browser and program but the one that asks; their devices are revoked."""
        stated = stated_by(request, checked(Confirmed, request.data))
        return effect_response(
            end_other_sessions(
                current=str(token_shown(request).family),
                actor=directory_actor(request),
                stated=stated,
            )
        )


def session_answer(one: Session) -> dict[str, Any]:
    """Return a session as the API has it."""
    return {
        "id": str(one.id),
        "kind": one.kind,
        "name": one.name,
        "ip": one.ip,
        "since": one.since,
        "last_used": one.last_used,
        "current": one.current,
        "devices": [str(device) for device in one.devices],
    }

"""What a member of the organization is signed in with over the API: list it, and end it."""

from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.permission import Permission
from portal.api.examples import SESSION, listed
from portal.api.framework import Confirmed, OrganizationView, checked, effect_response, page, page_answer
from portal.api.my_sessions import ENDED, SessionItem, session_answer
from portal.usecases.personal_data import PersonalData
from portal.usecases.sessions import end_member_session, end_member_sessions, member_sessions

BODY = {"confirm": "max@contoso.example", "reason": "Laptop stolen"}
CONFIRMED = [OpenApiExample("Confirmed", BODY, request_only=True)]


class PersonSessions(OrganizationView):
    """The sessions of one person."""

    needs = {"GET": Permission.PEOPLE_MANAGE}
    reads = {"GET": PersonalData.PERSON}

    @extend_schema(
        summary="List the sessions of a person",
        description="None of guests, and of members whose account another organization manages.",
        responses=page_answer("PersonSessionList", SessionItem),
        examples=[OpenApiExample("Sessions", listed({**SESSION, "current": False}))],
    )
    def get(self, request: Request, person_id: UUID) -> Response:
        """Answer with browsers and programs, what was used last at first."""
        found = member_sessions(caller=self.caller, person_id=person_id)
        return page([session_answer(one) for one in found.rows])


class EndPersonSession(OrganizationView):
    """The end of one session of a person."""

    needs = {"POST": Permission.PEOPLE_MANAGE}

    @extend_schema(summary="End a session of a person", request=Confirmed, responses=ENDED, examples=CONFIRMED)
    def post(self, request: Request, person_id: UUID, session_id: UUID) -> Response:
        """Sign it out at its next request, everywhere; its devices are revoked."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(
            end_member_session(caller=self.caller, person_id=person_id, session_id=session_id, stated=stated)
        )


class EndPersonSessions(OrganizationView):
    """The end of all sessions of a person."""

    needs = {"POST": Permission.PEOPLE_MANAGE}

    @extend_schema(summary="End all sessions of a person", request=Confirmed, responses=ENDED, examples=CONFIRMED)
    def post(self, request: Request, person_id: UUID) -> Response:
        """Sign the person out everywhere; the devices of what was signed in are revoked."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(end_member_sessions(caller=self.caller, person_id=person_id, stated=stated))

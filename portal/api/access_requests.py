"""Requests for access over the API: people who were refused ask, the owner answers."""

from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.errors import NotFound
from chancery.policy.days import LAST_MOMENT
from chancery.policy.permission import Permission
from chancery.policy.reasons import WORDS, Reason
from chancery.policy.rights import LEVELS_ASKED, parse_rights
from portal.api.examples import ASKED, listed
from portal.api.framework import (
    ANYBODY,
    Answer,
    FreeText,
    OrganizationView,
    checked,
    effect_response,
    limit_of,
    page,
    page_answer,
)
from portal.api.idempotency import idempotent
from portal.api.sorting import sort_of, sort_parameter
from portal.languages import translate
from portal.usecases.access_requests import (
    decline_request,
    explain_to_caller,
    grant_request,
    request_access,
    request_blockers,
)
from portal.usecases.effects import effect_answer
from portal.usecases.personal_data import PersonalData
from protection.selectors.blockers import Blockers
from protection.selectors.documents import document_for
from protection.selectors.requests import ORDERS, RequestRow, request_for, requests_about, requests_for
from protection.services.grant_request import Terms
from protection.services.request_access import RequestedAccess

STATES: Final = ("open", "granted", "declined")
BLOCKERS: Final = [{"name": "restore", "message": WORDS[Reason.REVOKED_FOR_YOU].owner}]


class Question(serializers.Serializer[dict[str, str]]):
    """What the caller asks for."""

    level = serializers.ChoiceField(choices=LEVELS_ASKED, required=False, default="viewer")
    note = FreeText(required=False, allow_blank=True, default="", max_length=500)


class OwnAccessRequest(Answer):
    """A request for access as the person who asked sees it."""

    id = serializers.UUIDField()
    cid = serializers.UUIDField()
    state = serializers.ChoiceField(choices=STATES)
    who = serializers.CharField(help_text="The address of the person who asks.")
    level = serializers.CharField()
    note = serializers.CharField(allow_blank=True)
    asked_at = serializers.DateTimeField()
    answered_at = serializers.DateTimeField(allow_null=True)
    message = serializers.CharField(allow_blank=True, help_text="What the owner answered.")
    rights = serializers.ListField(child=serializers.CharField(), allow_null=True, help_text="What was granted.")
    until = serializers.IntegerField(allow_null=True, help_text="Seconds since 1970; null for no end of its own.")
    owner = serializers.CharField(help_text="The owner's address.")


class AccessRequestItem(OwnAccessRequest):
    """A request for access as issuer, owner, administrators and auditors see it."""

    title = serializers.CharField(allow_blank=True)
    name = serializers.CharField(allow_blank=True)
    organization = serializers.CharField(allow_blank=True)
    reason = serializers.CharField(allow_blank=True, help_text="Why the opening was refused, as a code.")


class DocumentRequest(OwnAccessRequest):
    """A request about one document; title, name, organization and reason are left out for the person who asked."""

    title = serializers.CharField(allow_blank=True, required=False)
    name = serializers.CharField(allow_blank=True, required=False)
    organization = serializers.CharField(allow_blank=True, required=False)
    reason = serializers.CharField(allow_blank=True, required=False)


class AccessRequestChange(Answer):
    """Something that a grant may change when it names it."""

    name = serializers.CharField(help_text="What a grant sends in lift.")
    message = serializers.CharField()


class AccessRequestShown(AccessRequestItem):
    """One request for access, and what blocks the person's access."""

    blockers = AccessRequestChange(many=True)
    blocked = serializers.ListField(child=serializers.CharField(), help_text="What no grant to one person changes.")


class DocumentRequests(OrganizationView):
    """Requests about one document."""

    for_outsiders = frozenset({"POST"})

    needs = {"GET": ANYBODY, "POST": ANYBODY}

    @extend_schema(
        summary="List the requests for access to a document",
        responses=page_answer("DocumentRequests", DocumentRequest),
        examples=[OpenApiExample("Requests", listed(ASKED))],
    )
    def get(self, request: Request, cid: UUID) -> Response:
        """Answer with all of them to people who may see the document, with one's own newest to others."""
        try:
            document_for(self.caller.actor, cid)
        except NotFound:
            found = explain_to_caller(caller=self.caller, organization=self.organization, cid=cid)
            return page([] if found.asked is None else [own_json(found.asked)])
        return page([request_json(row) for row in requests_about(cid, limit_of(request))])

    @extend_schema(
        summary="Ask for access to a document that you were refused",
        description="Only people refused in the last 30 days may ask. Asking again changes an open request.",
        request=Question,
        responses={200: OwnAccessRequest, 201: OwnAccessRequest},
        examples=[OpenApiExample("Ask", {"note": "I prepare the meeting."}, request_only=True)],
    )
    @idempotent
    def post(self, request: Request, cid: UUID) -> Response:
        """Ask; the owner gets a mail.  201 for a new request, 200 when an open one was changed."""
        wanted = checked(Question, request.data)
        asked = request_access(
            caller=self.caller,
            organization=self.organization,
            cid=cid,
            requested=RequestedAccess(wanted["level"], wanted["note"]),
        )
        status = HTTPStatus.CREATED if asked.fresh else HTTPStatus.OK
        return Response(own_json(asked.request), status=status)


class AccessRequests(OrganizationView):
    """Requests about the caller's documents."""

    needs = {"GET": ANYBODY}

    @extend_schema(
        summary="List requests for access to your documents",
        parameters=[
            OpenApiParameter("scope", str, enum=["mine", "all"], description="Whose documents."),
            OpenApiParameter(
                "state", str, enum=["open", "granted", "declined", "any"], description="open if left out."
            ),
            sort_parameter(ORDERS, "-asked_at"),
            OpenApiParameter("cursor", str),
            OpenApiParameter("limit", int),
        ],
        responses=page_answer("AccessRequests", AccessRequestItem),
        examples=[OpenApiExample("Requests", listed(ASKED))],
    )
    def get(self, request: Request) -> Response:
        """Answer with one page."""
        query = request.query_params
        state = query.get("state", "open")
        if state not in {"open", "granted", "declined", "any"}:
            raise serializers.ValidationError({"state": [_("This is open, granted, declined or any.")]})
        everybody = query.get("scope") == "all"
        if everybody and self.caller.may(Permission.DOCUMENTS_READ_ALL):
            self.record_reading(PersonalData.REQUESTS)
        found = requests_for(
            self.caller.actor,
            everybody=everybody,
            state="" if state == "any" else state,
            sort=sort_of(request, ORDERS, "-asked_at"),
            limit=limit_of(request),
            after=query.get("cursor", ""),
        )
        return page([request_json(row) for row in found], str(found[-1].id) if len(found) == limit_of(request) else "")


class AccessRequestDetail(OrganizationView):
    """One request."""

    needs = {"GET": ANYBODY}

    @extend_schema(
        summary="Show one request for access",
        responses=AccessRequestShown,
        examples=[OpenApiExample("Request", {**ASKED, "blockers": BLOCKERS, "blocked": []})],
    )
    def get(self, request: Request, request_id: UUID) -> Response:
        """Answer for issuer, owner, administrators and auditors; 404 for others.

        ``blockers`` is what a grant may change when it names it, ``blocked`` what no grant to one person changes.
        """
        row = request_for(self.caller.actor, request_id)
        needed = Blockers()
        if row.is_open:
            needed = request_blockers(caller=self.caller, organization=self.organization, request=row)
        blockers = [{"name": name, "message": translate(words)} for name, words in needed.messages.items()]
        blocked = [f"{translate(WORDS[one.reason].owner)} {translate(one.detail)}".strip() for one in needed.blocked]
        return Response({**request_json(row), "blockers": blockers, "blocked": blocked})


class GivenTerms(serializers.Serializer[dict[str, Any]]):
    """What is given, until when, and which blockers are changed too."""

    rights = serializers.ListField(child=serializers.CharField(max_length=20), required=False, max_length=20)
    level = serializers.CharField(required=False, default="", max_length=20)
    until = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=0, max_value=LAST_MOMENT)
    lift = serializers.ListField(
        child=serializers.CharField(max_length=500), required=False, default=list, max_length=1000
    )


class GrantRequest(OrganizationView):
    """The answer yes."""

    needs = {"POST": ANYBODY}

    @extend_schema(
        summary="Give access to the person who asked",
        description=(
            "rights are levels or codes. Without them what was asked for is given, and level names it as you saw it; if"
            " it was changed since, the grant is refused with another_level. until is in seconds since"
            " 1970, null for no end of its own. lift names what else is changed, as the request's blockers"
            " has it: a revocation for this person, the end of the document, deny entries. Where anything else"
            " blocks access, the grant is refused with still_blocked and nothing is changed."
        ),
        request=GivenTerms,
        responses=effect_answer(
            "AccessGranted",
            id=serializers.UUIDField(),
            rights=serializers.ListField(child=serializers.CharField()),
            ends=serializers.IntegerField(allow_null=True),
            changes=serializers.ListField(child=serializers.CharField()),
        ),
        examples=[OpenApiExample("For a week", {"rights": ["viewer"], "until": 1798675200}, request_only=True)],
    )
    @idempotent
    def post(self, request: Request, request_id: UUID) -> Response:
        """Give it; issuer and owner may."""
        wanted = checked(GivenTerms, request.data)
        rights = parse_rights(wanted["rights"]) if wanted.get("rights") else None
        return effect_response(
            grant_request(
                caller=self.caller,
                organization=self.organization,
                request_id=request_id,
                terms=Terms(rights, wanted["until"], wanted["level"], frozenset(wanted["lift"])),
            )
        )


class Message(serializers.Serializer[dict[str, str]]):
    """What the person who asked reads."""

    message = FreeText(required=False, allow_blank=True, default="", max_length=500)


class DeclineRequest(OrganizationView):
    """The answer no."""

    needs = {"POST": ANYBODY}

    @extend_schema(
        summary="Decline a request for access",
        request=Message,
        responses=effect_answer("AccessDeclined", id=serializers.UUIDField(), state=serializers.CharField()),
        examples=[OpenApiExample("Decline", {"message": "Ask Max for the summary."}, request_only=True)],
    )
    @idempotent
    def post(self, request: Request, request_id: UUID) -> Response:
        """Decline it; issuer and owner may.  Nothing about the document changes."""
        message = checked(Message, request.data)["message"]
        return effect_response(
            decline_request(caller=self.caller, organization=self.organization, request_id=request_id, message=message)
        )


def own_json(row: RequestRow) -> dict[str, Any]:
    """Return a request as the person who asked may see it: without the document's name."""
    return {
        "id": str(row.id),
        "cid": str(row.cid),
        "state": row.state,
        "who": row.address,
        "level": row.wanted,
        "note": row.note,
        "asked_at": row.asked_at,
        "answered_at": row.answered_at,
        "message": row.message,
        "rights": row.rights,
        "until": row.until,
        "owner": row.owner_address,
    }


def request_json(row: RequestRow) -> dict[str, Any]:
    """Return a request as issuer, owner and those who watch see it."""
    return {**own_json(row), "title": row.title, "name": row.name, "organization": row.place, "reason": row.reason}

"""Documents over the API: list, track, change; the same verbs as pages and command line."""

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, inline_serializer
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.permission import Permission
from chancery.policy.policy import Policy, parse_policy
from chancery.policy.rights import level_of
from portal.api.event_items import EXAMPLE, EventList, event_page
from portal.api.examples import DOCUMENT, DOCUMENT_POLICY, DOCUMENT_SHOWN, listed
from portal.api.framework import (
    ANYBODY,
    Answer,
    Confirmed,
    OrganizationView,
    checked,
    effect_response,
    limit_of,
    page,
)
from portal.api.idempotency import idempotent
from portal.api.policies import PersonalGrant, PolicyDifference, PolicyField, ShownGrant, ShownPolicy
from portal.api.revocations import ScheduledItem, scheduled_item
from portal.api.sorting import sort_of, sort_parameter
from portal.subjects.recipients import entry_named
from portal.usecases.documents import change_access
from portal.usecases.effects import effect_answer
from portal.usecases.notices import news_for
from portal.usecases.personal_data import PersonalData
from portal.usecases.sight import document_events, sight_of
from protection.selectors.cursors import InvalidCursor
from protection.selectors.document_list import NEWEST, SORTS, documents_of
from protection.selectors.documents import (
    Document,
    document_for,
    offline_end_of,
    policy_for,
)
from protection.selectors.requests import given_on
from protection.selectors.scheduled import ScheduledFacts, scheduled_revocations
from protection.services.template_draft import MAX_EXPIRY_DAYS


class DocumentItem(Answer):
    """One document in a list."""

    cid = serializers.UUIDField()
    title = serializers.CharField()
    state = serializers.CharField()
    issuer = serializers.CharField(source="issuer_address")
    owner = serializers.CharField(source="owner_address")
    template = serializers.UUIDField(source="template_id", allow_null=True)
    label = serializers.UUIDField(source="label_id", allow_null=True)  # type: ignore[assignment]  # the member
    registered_at = serializers.DateTimeField()
    revoked_at = serializers.DateTimeField(allow_null=True)
    expires = serializers.IntegerField(allow_null=True)
    opened = serializers.IntegerField(allow_null=True, help_text="null where the organization does not show it.")
    refused = serializers.IntegerField(allow_null=True)


class DocumentList(Answer):
    """One page of documents."""

    results = DocumentItem(many=True)
    next = serializers.CharField(allow_blank=True)
    total = serializers.IntegerField(
        required=False, help_text="How many match, with the first page; left out where they are more than 10,000."
    )


class RecipientRevocationItem(Answer):
    """One recipient for whom alone a document is revoked."""

    address = serializers.CharField()
    revoked_at = serializers.DateTimeField()


class PolicyChangeItem(Answer):
    """One entry of a document's history of policies."""

    at = serializers.DateTimeField()
    basis = serializers.CharField()
    rev = serializers.IntegerField()
    reason = serializers.CharField(allow_blank=True)


class DocumentShown(Answer):
    """One document with its policy and history."""

    document = DocumentItem()
    policy = ShownPolicy()
    grants = ShownGrant(many=True)
    rev = serializers.IntegerField()
    pending_because = serializers.CharField(allow_blank=True)
    editions = serializers.IntegerField()
    revocations = RecipientRevocationItem(many=True)
    scheduled = ScheduledItem(many=True)
    message_to_recipients = serializers.CharField(allow_blank=True, help_text="What refused people read.")
    successor = serializers.UUIDField(allow_null=True, help_text="The document that replaces it.")
    personal_grants = PersonalGrant(many=True)
    changes = PolicyChangeItem(many=True)
    latest_offline_moment = serializers.DateTimeField(allow_null=True)


class Documents(OrganizationView):
    """The caller's documents, or all documents by role."""

    needs = {"GET": ANYBODY}

    @extend_schema(
        summary="List documents",
        parameters=[
            OpenApiParameter("scope", str, enum=["mine", "all"], description="Whose documents."),
            OpenApiParameter("search", str, description="In title, issuer and owner."),
            OpenApiParameter("state", str, enum=["active", "revoked", "pending", "blocked"]),
            OpenApiParameter(
                "granted_to",
                str,
                description="Whom a policy or a request names: an address, a domain with its addresses, everybody.",
            ),
            OpenApiParameter("owner", str, description="Who owns them: an address or a person's id."),
            OpenApiParameter("issuer", str, description="Who protected them: an address or a person's id."),
            OpenApiParameter("new", bool, description="Only mine that others opened since my last visit to the pages."),
            sort_parameter(SORTS, NEWEST),
            OpenApiParameter("cursor", str),
            OpenApiParameter("limit", int),
        ],
        responses=DocumentList,
        examples=[OpenApiExample("Documents", listed(DOCUMENT))],
    )
    def get(self, request: Request) -> Response:
        """Answer with one page."""
        query = request.query_params
        granted_to = query.get("granted_to", "").strip()
        sight = sight_of(caller=self.caller)
        new = query.get("new") == "true"
        since = news_for(caller=self.caller, sight=sight, visiting=False).since if new else None
        if new and (since is None or not sight.sorts):
            return page([], "", 0)
        everybody = query.get("scope") == "all"
        if everybody and self.caller.may(Permission.DOCUMENTS_READ_ALL):
            self.record_reading(PersonalData.DOCUMENTS)
        try:
            found = documents_of(
                self.caller.actor,
                everybody=everybody,
                search=query.get("search", ""),
                state=query.get("state", ""),
                granted_to=entry_named(granted_to, self.organization.id) if granted_to else None,
                owner=query.get("owner", "").strip(),
                issuer=query.get("issuer", "").strip(),
                sort=sort_of(request, SORTS, NEWEST),
                limit=limit_of(request),
                cursor=query.get("cursor", ""),
                counted=True,
                sight=sight,
                news_since=since,
            )
        except InvalidCursor:
            raise exceptions.ValidationError({"cursor": [_("This cursor is not known.")]}) from None
        return page([DocumentItem(row).data for row in found.documents], found.next_cursor, found.total)


class DocumentDetail(OrganizationView):
    """One document with its policy and history."""

    needs = {"GET": ANYBODY}
    reads = {"GET": PersonalData.DOCUMENT}

    @extend_schema(
        summary="Show one document",
        responses=DocumentShown,
        examples=[OpenApiExample("Document", DOCUMENT_SHOWN)],
    )
    def get(self, request: Request, cid: UUID) -> Response:
        """Answer for issuer, owner, administrators and auditors; 404 for others."""
        found = document_for(self.caller.actor, cid, sight_of(caller=self.caller))
        return Response(_document(found, scheduled_revocations(self.caller.actor, cid=cid)))


class DocumentEvents(OrganizationView):
    """What happened to one document."""

    needs = {"GET": ANYBODY}
    reads = {"GET": PersonalData.DOCUMENT}

    @extend_schema(
        summary="Track one document: who opened it, who was refused, when and from where",
        parameters=[OpenApiParameter("cursor", str), OpenApiParameter("limit", int)],
        responses=EventList,
        examples=[OpenApiExample("Events", {"results": [EXAMPLE], "next": ""}, response_only=True)],
    )
    def get(self, request: Request, cid: UUID) -> Response:
        """Answer newest first."""
        document_for(self.caller.actor, cid)
        return event_page(request, partial(document_events, caller=self.caller, cid=cid), self.organization)


class NewPolicy(Confirmed):
    """A policy in its JSON form."""

    policy = PolicyField()
    expires_after_days = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=MAX_EXPIRY_DAYS,
        help_text="Days after the document was protected, in the place of the policy's expires.",
    )
    based_on = serializers.IntegerField(
        required=False, min_value=0, help_text="The version that you saw; refused with 409 when there is a newer one."
    )


class DocumentPolicy(OrganizationView):
    """The policy that counts for a document."""

    needs = {"GET": ANYBODY, "PUT": ANYBODY}

    @extend_schema(
        summary="Show who may do what with a document",
        description=(
            "For issuer, owner, administrators, auditors, and people with VIEWRIGHTSDATA on the document; others"
            " get 404. may_change tells whether the caller may set another policy."
        ),
        responses=inline_serializer(
            "DocumentPolicy",
            {
                "policy": ShownPolicy(),
                "grants": ShownGrant(many=True),
                "template": serializers.UUIDField(allow_null=True),
                "rev": serializers.IntegerField(),
                "version": serializers.IntegerField(),
                "may_change": serializers.BooleanField(),
                "personal_grants": PersonalGrant(many=True),
            },
        ),
        examples=[OpenApiExample("Policy", DOCUMENT_POLICY)],
    )
    def get(self, request: Request, cid: UUID) -> Response:
        """Answer with the whole list, or as if there were no such document."""
        shown = policy_for(self.caller.actor, cid, self.caller.rights_on)
        return Response(
            {
                "policy": shown.policy.as_json(),
                "grants": _grants(shown.policy),
                "template": None if shown.template_id is None else str(shown.template_id),
                "rev": shown.rev,
                "version": shown.version,
                "may_change": shown.may_change,
                "personal_grants": _given(cid),
            }
        )

    @extend_schema(
        summary="Change a document's policy, also after it was sent",
        description=(
            "If many people would lose access, nothing is done without confirm. The answer, 409 confirmation_required,"
            " says who loses access and until when kept copies can be opened."
        ),
        request=NewPolicy,
        responses=effect_answer(
            "Changed",
            rev=serializers.IntegerField(),
            differences=PolicyDifference(many=True),
        ),
        examples=[
            OpenApiExample(
                "Read only",
                {"policy": {"grants": [{"who": "address:rita@fabrikam.example", "rights": ["VIEW"]}]}},
                request_only=True,
            )
        ],
    )
    @idempotent
    def put(self, request: Request, cid: UUID) -> Response:
        """Replace the policy; issuer, owner and holders of EDITRIGHTSDATA may anything, administrators only narrow."""
        wanted = checked(NewPolicy, request.data)
        return effect_response(
            change_access(
                caller=self.caller,
                organization=self.organization,
                cid=cid,
                policy=parse_policy(wanted["policy"]),
                expires_after_days=wanted.get("expires_after_days"),
                based_on=wanted.get("based_on"),
                stated=self.stated(wanted),
            )
        )


def _grants(policy: Policy) -> list[dict[str, Any]]:
    return [{**grant.as_json(), "level": level_of(grant.rights)} for grant in policy.grants]


def _given(cid: UUID) -> list[dict[str, Any]]:
    return [
        {
            "who": one.address,
            "rights": one.rights,
            "until": one.until,
            "given_at": one.given_at,
            "taken": one.taken,
        }
        for one in given_on(cid)
    ]


def _document(document: Document, scheduled: Sequence[ScheduledFacts]) -> dict[str, Any]:
    return {
        "document": DocumentItem(document.row).data,
        "policy": document.policy.as_json(),
        "grants": _grants(document.policy),
        "rev": document.rev,
        "pending_because": document.pending_because,
        "editions": document.editions,
        "revocations": [{"address": one.address, "revoked_at": one.revoked_at} for one in document.revocations],
        "scheduled": [scheduled_item(one) for one in scheduled],
        "message_to_recipients": document.revocation_message,
        "successor": document.successor,
        "personal_grants": _given(document.row.cid),
        "changes": [
            {"at": one.at, "basis": one.basis, "rev": one.rev, "reason": one.reason} for one in document.changes
        ],
        "latest_offline_moment": offline_end_of(document.row),
    }

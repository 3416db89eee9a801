"""A document's recipients over the API: who may open it now and why, and what each of them did."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.rights import level_of, parse_rights
from portal.api.examples import RECIPIENT, listed
from portal.api.framework import ANYBODY, Answer, OrganizationView, limit_of
from portal.languages import translate
from portal.usecases.personal_data import PersonalData
from portal.usecases.recipients import recipients, who_took
from portal.words.recipients import in_words
from protection.selectors.documents import document_for
from protection.selectors.recipient_rows import Access, Listed, Recipient
from tenants.organizations.selectors import OrganizationFacts


class TakenBack(Answer):
    """When access was revoked for one address."""

    address = serializers.CharField()
    at = serializers.DateTimeField()


class DoneItem(Answer):
    """What a person did with the document beyond opening it, as their clients reported."""

    action = serializers.CharField()
    allowed = serializers.IntegerField(help_text="How often they did it.")
    refused = serializers.IntegerField(help_text="How often their client refused it.")


class RecipientItem(Answer):
    """One row."""

    who = serializers.CharField(help_text="The entry of the policy, or address: and an address.")
    name = serializers.CharField(help_text="Of a person who tried and has no address.")
    listed = serializers.ChoiceField(choices=[one.value for one in Listed], help_text="Why they are in the list.")
    group = serializers.BooleanField(help_text="Whether the address is a group, so that the row is about its members.")
    access = serializers.ChoiceField(
        choices=[one.value for one in Access],
        help_text="unknown where another organization decides it when they open it.",
    )
    reason = serializers.CharField(help_text="Why not, as in refusals; empty for yes.")
    message = serializers.CharField(help_text="Access in words, with who took it back and when.")
    rights = serializers.ListField(child=serializers.CharField())
    level = serializers.CharField(allow_null=True)
    through = serializers.ListField(child=serializers.CharField(), help_text="Entries that mean them without a name.")
    since = serializers.DateTimeField(allow_null=True, help_text="Named since.")
    until = serializers.DateTimeField(
        allow_null=True, help_text="When the last of what gives them access ends or ended; null for never."
    )
    ended_at = serializers.DateTimeField(allow_null=True)
    ended_by = serializers.CharField(allow_null=True)
    taken = TakenBack(allow_null=True, help_text="Revoked for this address alone.")
    opened = serializers.IntegerField(allow_null=True, help_text="null for entries that mean many.")
    last_opened = serializers.DateTimeField(allow_null=True)
    refused = serializers.IntegerField(allow_null=True)
    last_refused = serializers.DateTimeField(allow_null=True)
    by_code = serializers.BooleanField(help_text="Whether they last came by a mailed code, without an account.")
    last_from = serializers.CharField(help_text="The network address of their last attempt.")
    kept_until = serializers.DateTimeField(
        allow_null=True, help_text="Until when a device of theirs could still open it without a network."
    )
    done = DoneItem(many=True)


class RecipientList(Answer):
    """One page of recipients."""

    results = RecipientItem(many=True)
    next = serializers.CharField(allow_blank=True)
    total = serializers.IntegerField()
    at_opening = serializers.ListField(child=serializers.CharField())


class DocumentRecipients(OrganizationView):
    """Who has access to a document, and what each of them did."""

    needs = {"GET": ANYBODY}
    reads = {"GET": PersonalData.DOCUMENT}

    @extend_schema(
        summary="List a document's recipients: who may open it now, why or why not, and how often each opened it",
        description=(
            "All whom the policy names, who were given access or lost it, and who tried to open it, each once."
            " Access is decided as an opening would be, except for what only an opening has (at_opening)."
        ),
        parameters=[
            OpenApiParameter("search", str, description="In address, domain and name."),
            OpenApiParameter("cursor", str),
            OpenApiParameter("limit", int),
        ],
        responses=RecipientList,
        examples=[OpenApiExample("Recipients", listed(RECIPIENT, total=1, at_opening=[]))],
    )
    def get(self, request: Request, cid: UUID) -> Response:
        """Answer for issuer, owner, administrators and auditors; 404 for others."""
        document, cursor = document_for(self.caller.actor, cid), request.query_params.get("cursor", "") or "0"
        if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 10):
            raise exceptions.ValidationError({"cursor": [_("This cursor is not known.")]})
        found = recipients(
            caller=self.caller,
            organization=self.organization,
            document=document,
            search=request.query_params.get("search", ""),
            first=int(cursor),
            limit=limit_of(request),
        )
        takers = who_took(found, document, self.organization)
        return Response(
            {
                "results": [_json(one, self.organization, takers) for one in found.rows],
                "next": "" if found.next is None else str(found.next),
                "total": found.total,
                "at_opening": [translate(text) for text in found.at_opening],
            }
        )


def _json(one: Recipient, organization: OrganizationFacts, takers: Mapping[UUID, str]) -> dict[str, Any]:
    return {
        "who": str(one.who),
        "name": one.name,
        "listed": one.listed.value,
        "group": one.group,
        "access": one.access.value,
        "reason": one.reason,
        "message": in_words(one, organization, takers).message,
        "rights": one.rights,
        "level": level_of(parse_rights(one.rights)) if one.rights else None,
        "through": [str(who) for who in one.through],
        "since": one.since,
        "until": one.until,
        "ended_at": one.ended_at,
        "ended_by": takers.get(one.ended_by) if one.ended_by else None,
        "taken": None if one.taken is None else {"address": one.taken.address, "at": one.taken.at},
        "opened": one.opened,
        "last_opened": one.last_opened,
        "refused": one.refused,
        "last_refused": one.last_refused,
        "by_code": one.by_code,
        "last_from": one.last_from,
        "kept_until": one.kept_until,
        "done": [{"action": did.action, "allowed": did.allowed, "refused": did.refused} for did in one.done],
    }

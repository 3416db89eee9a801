"""What others licensed to the caller, in whatever organization it is protected."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.reasons import WORDS
from chancery.policy.rights import level_of, parse_rights
from portal.api.examples import SHARED, listed
from portal.api.framework import (
    Answer,
    BaseView,
    directory_actor,
    limit_of,
    page,
    page_answer,
)
from portal.api.sorting import sort_of, sort_parameter
from portal.identity.bearer import token_shown
from portal.languages import translate
from portal.usecases.shared import SharedDocument, shared_with
from protection.selectors.cursors import InvalidCursor
from protection.selectors.shared import ORDERS


class SharingOrganization(Answer):
    """The organization that protects a document."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    origin = serializers.URLField()


class SharedItem(Answer):
    """One document that was granted to the caller and that they have opened."""

    cid = serializers.UUIDField()
    title = serializers.CharField(allow_blank=True, help_text="Empty where its organization keeps no file names.")
    organization = SharingOrganization()
    owner = serializers.CharField(allow_blank=True, help_text="The address of whom to ask.")
    rights = serializers.ListField(child=serializers.CharField(), help_text="What the caller may do now.")
    level = serializers.CharField(allow_null=True)
    until = serializers.DateTimeField(allow_null=True, help_text="When access ends; null for never, or for no access.")
    reason = serializers.CharField(allow_blank=True, help_text="Why not; empty for a document that they may open.")
    message = serializers.CharField(allow_blank=True)
    first_opened = serializers.DateTimeField()
    last_opened = serializers.DateTimeField(allow_null=True)
    page = serializers.URLField(help_text="Where the caller asks for more.")


class Shared(BaseView):
    """What was shared with the caller."""

    @extend_schema(
        summary="List what others shared with me",
        description=(
            "Documents of all organizations that were granted to you and that you have opened. Rights and end are those"
            " of now, except for what only an opening has."
        ),
        parameters=[
            OpenApiParameter("search", str, description="In title and owner."),
            sort_parameter(ORDERS, "-first_opened"),
            OpenApiParameter("cursor", str),
            OpenApiParameter("limit", int),
        ],
        responses=page_answer("SharedDocuments", SharedItem),
        examples=[OpenApiExample("Shared", listed(SHARED))],
    )
    def get(self, request: Request) -> Response:
        """Answer with one page."""
        token, query = token_shown(request), request.query_params
        try:
            found = shared_with(
                actor=directory_actor(request),
                strength=token.authentication.strength,
                search=query.get("search", "").strip(),
                sort=sort_of(request, ORDERS, "-first_opened"),
                cursor=query.get("cursor", ""),
                limit=limit_of(request),
                without=token.blocked_at,
            )
        except InvalidCursor as error:
            raise serializers.ValidationError({"cursor": [str(error)]}) from error
        return page([_json(one) for one in found.documents], found.next_cursor)


def _json(one: SharedDocument) -> dict[str, Any]:
    row, access = one.row, one.access
    reason = None if access.rights else next(iter(access.reasons), None)
    return {
        "cid": str(row.cid),
        "title": row.title,
        "organization": {
            "id": str(one.organization.id),
            "name": one.organization.name,
            "origin": one.organization.origin,
        },
        "owner": row.owner,
        "rights": list(access.rights),
        "level": level_of(parse_rights(access.rights)) if access.rights else None,
        "until": access.until,
        "reason": "" if reason is None else reason.reason.value,
        "message": "" if reason is None else translate(WORDS[reason.reason].person),
        "first_opened": row.first_opened,
        "last_opened": access.last_opened,
        "page": one.page,
    }

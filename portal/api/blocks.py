"""Whom the organization keeps out, over the API."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.days import LAST_MOMENT
from chancery.policy.permission import Permission
from portal.api.examples import PLAN, done, listed
from portal.api.framework import (
    Answer,
    Confirmed,
    OrganizationView,
    checked,
    effect_response,
    limit_of,
    page,
    page_answer,
)
from portal.api.idempotency import idempotent
from portal.usecases.blocks import MOST_AT_ONCE, WantedBlocks, block, unblock, visible_blocks
from portal.usecases.effects import EffectAnswer, effect_answer
from tenants.directory.selectors.blocks import ADDRESS, DOMAIN, ORGANIZATION, BlockFacts

MALLORY: dict[str, Any] = {
    "id": PLAN,
    "kind": "domain",
    "value": "mallory.example",
    "subdomains": True,
    "reason": "Sends traps",
    "until": None,
    "over": False,
    "made_at": "2026-11-29T09:00:00Z",
    "made_by": "ada@contoso.example",
}


class BlockBody(Confirmed):
    """Whom to keep out."""

    who = serializers.ListField(
        child=serializers.CharField(max_length=320, allow_blank=True),
        help_text=f"1 to {MOST_AT_ONCE}: addresses, mail domains, or organization: with an id or a mail domain that the"
        " organization has proven. Empty lines and those that begin with # are skipped.",
    )
    subdomains = serializers.BooleanField(
        required=False, default=False, help_text="Whether all domains below the named ones are meant, too."
    )
    until = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=None,
        min_value=0,
        max_value=LAST_MOMENT,
        help_text="When the blocks end by themselves, in seconds since 1970; null for never.",
    )


class BlockItem(Answer):
    """One block."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=[ADDRESS, DOMAIN, ORGANIZATION])
    value = serializers.CharField(help_text="The address, the mail domain or the organization's id.")
    subdomains = serializers.BooleanField()
    reason = serializers.CharField()
    until = serializers.DateTimeField(allow_null=True)
    over = serializers.BooleanField(help_text="Whether its end has passed.")
    made_at = serializers.DateTimeField()
    made_by = serializers.CharField(allow_blank=True)


class Blocks(OrganizationView):
    """Whom the organization keeps out."""

    needs = {"GET": Permission.SETTINGS_READ, "POST": Permission.SETTINGS_MANAGE}

    @extend_schema(
        summary="List whom the organization blocks",
        parameters=[
            OpenApiParameter("search", str, description="A part of the name."),
            OpenApiParameter("cursor", str),
            OpenApiParameter("limit", int),
        ],
        responses=page_answer("BlockList", BlockItem),
        examples=[OpenApiExample("Blocks", listed(MALLORY))],
    )
    def get(self, request: Request) -> Response:
        """Answer in the order of the names."""
        found = visible_blocks(
            caller=self.caller,
            search=request.query_params.get("search", ""),
            after=request.query_params.get("cursor", ""),
            limit=limit_of(request),
        )
        return page([_block(one) for one in found.rows], found.next)

    @extend_schema(
        summary="Block people, mail domains or organizations",
        description=(
            "Asked first: confirm is the name, or of several names their number. Needs a reason and a recent sign-in."
            " A block beats every grant, also of owners and super users. All names are blocked or none."
        ),
        request=BlockBody,
        responses=effect_answer(
            "BlocksMade",
            blocked=serializers.IntegerField(help_text="How many of them were not blocked before."),
            latest_offline_moment=serializers.DateTimeField(allow_null=True),
        ),
        examples=[
            OpenApiExample("A domain", {"who": ["mallory.example"], "subdomains": True}, request_only=True),
            OpenApiExample(
                "Blocked", done("1 block is in force.", blocked=1, latest_offline_moment=None), response_only=True
            ),
        ],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Keep them out."""
        body = checked(BlockBody, request.data)
        wanted = WantedBlocks(who=body["who"], subdomains=body["subdomains"], until=body["until"])
        return effect_response(block(caller=self.caller, wanted=wanted, stated=self.stated(body)))


class BlockDetail(OrganizationView):
    """One block."""

    needs = {"DELETE": Permission.SETTINGS_MANAGE}

    @extend_schema(
        summary="Let somebody in again",
        description="Asked first: confirm is the name.",
        request=Confirmed,
        responses={200: EffectAnswer},
        examples=[OpenApiExample("Let in", {"confirm": "mallory.example"}, request_only=True)],
    )
    @idempotent
    def delete(self, request: Request, block_id: UUID) -> Response:
        """Take the block back."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(unblock(caller=self.caller, block_id=block_id, stated=stated))


def _block(one: BlockFacts) -> Mapping[str, Any]:
    return {
        "id": str(one.id),
        "kind": one.kind,
        "value": one.value,
        "subdomains": one.subdomains,
        "reason": one.reason,
        "until": one.until,
        "over": one.over,
        "made_at": one.made_at,
        "made_by": one.made_by,
    }

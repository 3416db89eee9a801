"""Pending registrations over the API: accept or block; the same verbs as pages and command line."""

from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.permission import Permission
from portal.api.examples import done
from portal.api.framework import (
    Confirmed,
    OrganizationView,
    checked,
    effect_response,
)
from portal.usecases.documents import accept_document, block_document
from portal.usecases.effects import EffectAnswer


class Accept(OrganizationView):
    """Believe a pending registration."""

    needs = {"POST": Permission.DOCUMENTS_REVOKE}

    @extend_schema(
        tags=["documents"],
        summary="Accept a pending document",
        request=None,
        responses=EffectAnswer,
        examples=[OpenApiExample("Accepted", done("The document is accepted and can be opened."))],
    )
    def post(self, request: Request, cid: UUID) -> Response:
        """Let it be opened from now on."""
        return effect_response(accept_document(caller=self.caller, cid=cid))


class Block(OrganizationView):
    """Refuse a pending registration for good."""

    needs = {"POST": Permission.DOCUMENTS_REVOKE}

    @extend_schema(
        tags=["documents"],
        summary="Block a pending document",
        request=Confirmed,
        responses=EffectAnswer,
        examples=[OpenApiExample("Block", {"confirm": "plan.pdf", "reason": "Not one of ours"}, request_only=True)],
    )
    def post(self, request: Request, cid: UUID) -> Response:
        """Never let it be opened."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(block_document(caller=self.caller, cid=cid, stated=stated))

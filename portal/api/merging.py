"""Merge two accounts of one person over the API."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.framework import BaseView, Confirmed, checked, directory_actor, effect_response, stated_by
from portal.usecases.effects import effect_answer
from portal.usecases.merging import give_merge_code, merge

CODE: Any = {
    "code": serializers.CharField(help_text="Shown this once."),
    "until": serializers.DateTimeField(help_text="Until when it is good."),
}


class MergeCodeEntered(Confirmed):
    """The code of the account that ends, confirmed."""

    code = serializers.CharField(max_length=64, help_text="As the other account got it; hyphens do not matter.")


class MyMergeCode(BaseView):
    """The code of the account that ends."""

    @extend_schema(
        summary="Get a code to merge my account into another one",
        request=None,
        responses=effect_answer("MergeCodeGiven", **CODE),
    )
    def post(self, request: Request) -> Response:
        """Give a code for a quarter of an hour; the sign-in is of the last ten minutes."""
        made = give_merge_code(actor=directory_actor(request), stated=stated_by(request, {}))
        body: dict[str, Any] = {**made.effect.as_json(), "code": made.code, "until": made.until}
        return Response(body)


class MergeAccounts(BaseView):
    """The account that stays."""

    @extend_schema(
        summary="Let my account take in another one of mine",
        request=MergeCodeEntered,
        responses=effect_answer(
            "AccountsMerged", address=serializers.CharField(help_text="Of the account that ended.")
        ),
        examples=[
            OpenApiExample(
                "Confirmed", {"code": "K7QM-2RXT-9WPD-B4HG", "confirm": "olga@home.example"}, request_only=True
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Take it in: its addresses, groups, places and documents are the caller's, and nobody signs in to it."""
        wanted = checked(MergeCodeEntered, request.data)
        return effect_response(
            merge(actor=directory_actor(request), code=wanted["code"], stated=stated_by(request, wanted))
        )

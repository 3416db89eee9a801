"""One-time enrollment codes, exchanged for tokens."""

from typing import Final

from drf_spectacular.utils import OpenApiExample, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from chancery.policy.policy import Strength
from portal import clock
from portal.api.framework import (
    TooManyRequests,
    members,
    plain,
    refuse_disabled,
)
from portal.identity.clients import CLI
from portal.identity.clients import ensure as ensure_clients
from portal.identity.strength import Authentication
from portal.identity.tokens import grant_refresh_token
from portal.request_facts import client_address
from portal.throttle import count_wrong_guess, may_guess
from tenants.directory.errors import CodeRefused
from tenants.directory.services.redeem_enrollment_code import redeem_enrollment_code

CODE_GUESSES: Final = 10
CODE_SECONDS: Final = 60


class Enrollments(APIView):
    """One-time enrollment codes for automation and for devices without a browser."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        summary="Exchange a one-time enrollment code for tokens",
        request=inline_serializer("EnrollmentCode", {"code": serializers.CharField(max_length=64)}),
        responses=inline_serializer(
            "Tokens",
            {"refresh_token": serializers.CharField(), "token_type": serializers.CharField()},
        ),
        examples=[OpenApiExample("Code", {"code": "K7QM-2RXT-9WPD"}, request_only=True)],
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Use the code up; wrong codes are limited by network address."""
        guesser = f"enrollment:{client_address(plain(request))}"
        if not may_guess(guesser, most=CODE_GUESSES):
            raise TooManyRequests(CODE_SECONDS)
        try:
            person = redeem_enrollment_code(code=str(members(request).get("code", "")))
        except CodeRefused:
            count_wrong_guess(guesser, seconds=CODE_SECONDS)
            raise
        refuse_disabled(person)
        authentication = Authentication(Strength.CODE, clock.now())
        ensure_clients()
        granted = grant_refresh_token(person_id=person, client_id=CLI, authentication=authentication)
        return Response({"refresh_token": granted.refresh_token, "token_type": "Bearer"})

"""Licenses sent ahead, over the API: sealed to recipients' devices, for whoever carries them there."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.errors import InvalidObject
from chancery.objects.jws import b64, unb64
from chancery.policy.permission import Permission
from chancery.texts import message
from portal.api.framework import Answer, OrganizationView, checked
from portal.api.licensing import PROOF
from portal.usecases.prelicensing import prelicense_recipients
from portal.words.prelicensing import not_ahead_in_words

_DIGEST = 32


class NewPrelicense(serializers.Serializer[dict[str, Any]]):
    """Which edition, and for whom."""

    seal = serializers.CharField(
        required=False, help_text="The digest of the edition's body seal, in base64url; left out, the newest edition."
    )
    to = serializers.ListField(
        child=serializers.CharField(max_length=320),
        required=False,
        help_text="Addresses of recipients; left out, everyone whom the policy names by address.",
    )
    cursor = serializers.CharField(required=False, allow_blank=True, default="", max_length=400)


class PrelicensedRecipient(Answer):
    """How many licenses one recipient got."""

    recipient = serializers.CharField()
    licenses = serializers.IntegerField(help_text="One for each device that can keep it.")
    reason = serializers.CharField(allow_blank=True, help_text="Why there is none, as a code.")
    message = serializers.CharField(allow_blank=True)


class Prelicense(Answer):
    """The licenses of one call, at most 1,000."""

    results = PrelicensedRecipient(many=True)
    licenses = serializers.ListField(
        child=serializers.CharField(),
        help_text="Nonce, tag and sealed license of docs/format.md, in base64url. Whose it is only devices can tell.",
    )
    next = serializers.CharField(allow_blank=True, help_text="The cursor for the other recipients.")


class DocumentPrelicenses(OrganizationView):
    """Licenses sent ahead to the recipients of a document."""

    needs = {"POST": Permission.FILES_PROTECT}

    @extend_schema(
        tags=["documents"],
        summary="Issue licenses for recipients ahead of their opening",
        description="For the owner of the document and the person who protected it. Each license is sealed to one"
        " device and recorded for its recipient; put them beside the file as docs/format.md says.",
        parameters=[PROOF],
        request=NewPrelicense,
        responses=Prelicense,
        examples=[
            OpenApiExample(
                "For two recipients",
                {"seal": "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA", "to": ["rita@fabrikam.example"]},
                request_only=True,
            ),
            OpenApiExample(
                "Licenses",
                {
                    "results": [{"recipient": "rita@fabrikam.example", "licenses": 1, "reason": "", "message": ""}],
                    "licenses": ["BHw3…"],
                    "next": "",
                },
                response_only=True,
            ),
        ],
    )
    def post(self, request: Request, cid: UUID) -> Response:
        """Answer for issuer and owner; 403 for administrators, 404 for others."""
        self.device()
        wanted = checked(NewPrelicense, request.data)
        seal = unb64(wanted["seal"]) if "seal" in wanted else None
        if seal is not None and len(seal) != _DIGEST:
            raise InvalidObject(message("{name!r} is a digest of 32 bytes in base64url.", name="seal"))
        made = prelicense_recipients(
            caller=self.caller, cid=cid, seal=seal, to=wanted.get("to"), after=wanted["cursor"]
        )
        return Response(
            {
                "results": [
                    {
                        "recipient": one.recipient,
                        "licenses": one.licenses,
                        "reason": str(one.reason),
                        "message": not_ahead_in_words(one.reason),
                    }
                    for one in made.results
                ],
                "licenses": [b64(one.encode()) for one in made.licenses],
                "next": made.next,
            }
        )

"""The rights as the API tells them: what each allows and how firmly each kind of program withholds it."""

from typing import Final

from drf_spectacular.utils import OpenApiExample, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.programs import MEANINGS, WATERMARK, Hold, Program
from chancery.policy.rights import LEVELS, Right, in_order
from chancery.policy.words import right_in_words
from portal.api.framework import ANYBODY, Answer, OrganizationView
from portal.languages import translate

HOLDS: Final = [hold.value for hold in Hold]


class RightItem(Answer):
    """One right."""

    right = serializers.CharField()
    name = serializers.CharField()
    allows = serializers.CharField()
    held = inline_serializer("RightHeld", {one.value: serializers.ChoiceField(choices=HOLDS) for one in Program})


class Rights(OrganizationView):
    """The fourteen rights and the levels made of them."""

    needs = {"GET": ANYBODY}

    @extend_schema(
        summary="List the rights, their levels, and where each is enforced",
        responses=inline_serializer(
            "Rights",
            {
                "rights": RightItem(many=True),
                "levels": serializers.DictField(child=serializers.ListField(child=serializers.CharField())),
                "watermark": inline_serializer(
                    "WatermarkHeld", {one.value: serializers.ChoiceField(choices=HOLDS) for one in Program}
                ),
            },
        ),
        examples=[
            OpenApiExample(
                "Print",
                {
                    "rights": [
                        {
                            "right": "PRINT",
                            "name": "print",
                            "allows": "Print it.",
                            "held": {
                                "command_line": "not_enforced",
                                "browser": "advised",
                                "viewer": "advised",
                                "library": "advised",
                            },
                        }
                    ],
                    "levels": {"viewer": ["VIEW"]},
                    "watermark": {
                        "command_line": "not_enforced",
                        "browser": "advised",
                        "viewer": "enforced",
                        "library": "advised",
                    },
                },
            )
        ],
    )
    def get(self, request: Request) -> Response:
        """Answer with the one table that the handbook shows too."""
        rights = [
            {
                "right": right.value,
                "name": translate(right_in_words(right)),
                "allows": translate(MEANINGS[right].allows),
                "held": {program.value: hold.value for program, hold in MEANINGS[right].held.items()},
            }
            for right in Right
        ]
        levels = {name: in_order(members) for name, members in LEVELS.items()}
        watermark = {program.value: hold.value for program, hold in WATERMARK.held.items()}
        return Response({"rights": rights, "levels": levels, "watermark": watermark})

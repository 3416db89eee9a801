"""Showing viewer-only documents: the sealed file goes in by parts, drawn pages come out, sealed to the reader's device.

The license that ``portal.fastpath`` answers begins a rendering and gives it its id.
"""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.objects.jws import b64, unb64
from portal.api.framework import ANYBODY, OrganizationView, checked
from portal.api.licensing import PROOF
from portal.rendering.exchange import PART, Stage
from portal.rendering.requests import drawn_page, receive_part, rendering_of
from portal.words.drawing import problem_in_words

STAGES = [stage.value for stage in Stage]


class RenderingDetail(OrganizationView):
    """How far a rendering is."""

    needs = {"GET": ANYBODY}
    for_outsiders = frozenset({"GET"})

    @extend_schema(
        summary="See how far the pages of a viewer-only document are",
        description="Send the parts of the file once the stage is receiving. Pages 1 to ready can be taken.",
        responses=inline_serializer(
            "Rendering",
            {
                "stage": serializers.ChoiceField(choices=STAGES),
                "part_size": serializers.IntegerField(help_text="Bytes of each part of the file but the last."),
                "ready": serializers.IntegerField(),
                "pages": serializers.IntegerField(help_text="How many are drawn in the end; 0 until that is known."),
                "of": serializers.IntegerField(help_text="How many the document has."),
                "problem": serializers.CharField(help_text="Why it failed, as a code; empty otherwise."),
                "message": serializers.CharField(),
                "next_step": serializers.CharField(),
            },
        ),
        examples=[
            OpenApiExample(
                "Drawing",
                {
                    "stage": "drawing",
                    "part_size": PART,
                    "ready": 2,
                    "pages": 12,
                    "of": 12,
                    "problem": "",
                    "message": "",
                    "next_step": "",
                },
            )
        ],
    )
    def get(self, request: Request, rendering_id: UUID) -> Response:
        """Answer the reader only."""
        state = rendering_of(self.caller.actor.person, self.organization.id, rendering_id)
        title, step = problem_in_words(state.problem) if state.problem else ("", "")
        return Response(
            {
                "stage": state.stage.value,
                "part_size": PART,
                "ready": state.ready,
                "pages": state.pages,
                "of": state.of,
                "problem": state.problem,
                "message": title,
                "next_step": step,
            }
        )


class NewPart(serializers.Serializer[dict[str, Any]]):
    """A part of the sealed file."""

    part = serializers.CharField(help_text="The bytes, in base64url.", trim_whitespace=False)


class RenderingParts(OrganizationView):
    """The sealed file on its way in."""

    needs = {"POST": ANYBODY}
    for_outsiders = frozenset({"POST"})

    @extend_schema(
        summary="Send a part of the sealed file of a viewer-only document",
        description="Parts are numbered from 1. The service keeps them in memory, sealed, and only until it has drawn.",
        parameters=[PROOF],
        request=NewPart,
        responses={202: None},
        examples=[OpenApiExample("Part", {"part": "k0NITkNS…"}, request_only=True)],
    )
    def post(self, request: Request, rendering_id: UUID, number: int) -> Response:
        """Take a part from the reader only."""
        rendering_of(self.caller.actor.person, self.organization.id, rendering_id)
        self.device()
        receive_part(
            person=self.caller.actor.person,
            organization=self.organization.id,
            event=rendering_id,
            number=number,
            data=unb64(checked(NewPart, request.data)["part"]),
        )
        return Response(status=HTTPStatus.ACCEPTED)


class RenderingPages(OrganizationView):
    """The pages on their way out."""

    needs = {"GET": ANYBODY}
    for_outsiders = frozenset({"GET"})

    @extend_schema(
        summary="Take a page of a viewer-only document, once",
        description="The page is a WebP picture with the reader's watermark, sealed to the device of the license.",
        responses=inline_serializer("RenderedPage", {"page": serializers.CharField(help_text="In base64url.")}),
        examples=[OpenApiExample("Page", {"page": "BHw3…"})],
    )
    def get(self, request: Request, rendering_id: UUID, number: int) -> Response:
        """Answer the reader only."""
        page = drawn_page(
            person=self.caller.actor.person, organization=self.organization.id, event=rendering_id, number=number
        )
        return Response({"page": b64(page)})

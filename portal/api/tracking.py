"""A document's tracking over the API: from where it was opened, and files to take along."""

from uuid import UUID

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.framework import ANYBODY, Answer, OrganizationView
from portal.usecases.tracking_export import FORMS, PARTS, document_places, export_tracking


class PlaceItem(Answer):
    """A network or a mail domain."""

    name = serializers.CharField(help_text="Like 203.0.113.0/24 or fabrikam.example; empty where it is not known.")
    people = serializers.IntegerField()
    opened = serializers.IntegerField()
    refused = serializers.IntegerField()
    last = serializers.DateTimeField()


class PlacesShown(Answer):
    """From where a document was opened or tried, the most frequent first."""

    networks = PlaceItem(many=True)
    organizations = PlaceItem(many=True)
    shown = serializers.BooleanField(help_text="false where the organization does not show who opened documents.")


PLACE = {"name": "fabrikam.example", "people": 1, "opened": 2, "refused": 0, "last": "2026-11-28T09:00:00Z"}


class DocumentPlaces(OrganizationView):
    """From where a document was opened."""

    needs = {"GET": ANYBODY}

    @extend_schema(
        summary="Show from which networks and organizations a document was opened",
        responses=PlacesShown,
        examples=[OpenApiExample("Places", {"networks": [], "organizations": [PLACE], "shown": True})],
    )
    def get(self, request: Request, cid: UUID) -> Response:
        """Answer for issuer, owner, administrators and auditors; 404 for others."""
        return Response(PlacesShown(document_places(caller=self.caller, cid=cid)).data)


class DocumentExport(OrganizationView):
    """A document's recipients or timeline as a file."""

    needs = {"GET": ANYBODY}

    @extend_schema(
        summary="Export a document's recipients or timeline",
        description="The text of a file: CSV in which nothing is a formula, or one JSON object on each line.",
        parameters=[
            OpenApiParameter("what", str, enum=list(PARTS), description="recipients is the default."),
            OpenApiParameter("as", str, enum=list(FORMS), description="json is the default."),
        ],
        responses=inline_serializer(
            "TrackingExport", {"name": serializers.CharField(), "text": serializers.CharField(allow_blank=True)}
        ),
        examples=[OpenApiExample("A file", {"name": "recipients.csv", "text": "who,…"}, response_only=True)],
    )
    def get(self, request: Request, cid: UUID) -> Response:
        """Answer with the file's name and text."""
        what, form = request.query_params.get("what", PARTS[0]), request.query_params.get("as", "json")
        made = export_tracking(caller=self.caller, organization=self.organization, cid=cid, what=what, form=form)
        return Response({"name": made.name, "text": made.text})

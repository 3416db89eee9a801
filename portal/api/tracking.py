"""A document's tracking over the API: from where it was opened, and files to take along."""

from uuid import UUID

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.framework import ANYBODY, Answer, OrganizationView
from portal.usecases.application_readings import ApplicationReading, application_readings
from portal.usecases.personal_data import PersonalData
from portal.usecases.tracking_export import FORMS, PARTS, document_places, export_tracking
from protection.selectors.read_permissions import KINDS


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
    reads = {"GET": PersonalData.DOCUMENT}

    @extend_schema(
        summary="Show from which networks and organizations a document was opened",
        responses=PlacesShown,
        examples=[OpenApiExample("Places", {"networks": [], "organizations": [PLACE], "shown": True})],
    )
    def get(self, request: Request, cid: UUID) -> Response:
        """Answer for issuer, owner, administrators and auditors; 404 for others."""
        return Response(PlacesShown(document_places(caller=self.caller, cid=cid)).data)


class ReadingItem(Answer):
    """What an application read of a document by one permission."""

    application = serializers.CharField()
    kind = serializers.ChoiceField(choices=KINDS)
    permission = serializers.UUIDField()
    number = serializers.IntegerField()
    reason = serializers.CharField()
    approved_by = serializers.CharField()
    for_person = serializers.CharField(allow_blank=True, help_text="Empty for itself, and where no names are shown.")
    times = serializers.IntegerField()
    first_at = serializers.DateTimeField()
    last_at = serializers.DateTimeField()


class ReadingsShown(Answer):
    """Which applications read a document by a permission, the last first."""

    results = ReadingItem(many=True)
    shown = serializers.BooleanField(help_text="false where the organization does not show who opened documents.")


READING = {
    "application": "Search",
    "kind": "all",
    "permission": "0190b6a4-7a9b-7c31-9a55-0d6c5d1c2a31",
    "number": 2,
    "reason": "Full-text search for all members",
    "approved_by": "ben@contoso.example",
    "for_person": "",
    "times": 31,
    "first_at": "2026-11-01T02:00:00Z",
    "last_at": "2026-12-01T02:00:00Z",
}


class DocumentReadings(OrganizationView):
    """Which applications read a document."""

    needs = {"GET": ANYBODY}
    reads = {"GET": PersonalData.DOCUMENT}

    @extend_schema(
        summary="Show which applications read a document by a read permission",
        responses=ReadingsShown,
        examples=[OpenApiExample("Readings", {"results": [READING], "shown": True})],
    )
    def get(self, request: Request, cid: UUID) -> Response:
        """Answer for issuer, owner, administrators and auditors; 404 for others."""
        found = application_readings(caller=self.caller, cid=cid)
        return Response({"results": [_reading(one) for one in found.rows], "shown": found.shown})


def _reading(one: ApplicationReading) -> dict[str, object]:
    return {
        "application": one.permission.application,
        "kind": one.permission.kind,
        "permission": str(one.permission.id),
        "number": one.permission.number,
        "reason": one.permission.reason,
        "approved_by": one.permission.approved_by,
        "for_person": one.read.person_address,
        "times": one.read.times,
        "first_at": one.read.first_at.isoformat(),
        "last_at": one.read.last_at.isoformat(),
    }


class DocumentExport(OrganizationView):
    """A document's recipients or timeline as a file."""

    needs = {"GET": ANYBODY}
    reads = {"GET": PersonalData.DOCUMENT}

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

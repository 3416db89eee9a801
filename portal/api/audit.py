"""The ledger over the API: events, and what an outsider needs to prove them."""

import base64
from datetime import datetime
from functools import partial
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, inline_serializer
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from audit.selectors import proofs
from audit.selectors.events import ORDERS, Filter
from chancery.policy.permission import Permission
from portal.api.event_items import EXAMPLE, EventList, event_page
from portal.api.framework import (
    ANYBODY,
    MailAddress,
    OrganizationView,
    checked,
    number_of,
    page,
    page_answer,
    uuid_of,
)
from portal.api.sorting import sort_parameter
from portal.subjects.event_person import person_in_events
from portal.usecases.personal_data import PersonalData
from portal.usecases.sight import audit_events

EPOCH = OpenApiParameter("epoch", int, description="An epoch of the ledger; by default the newest.")


class Named(serializers.Serializer[dict[str, str]]):
    """Whose events are looked for."""

    who = MailAddress()


class AuditEvents(OrganizationView):
    """Everything that happened in the organization."""

    needs = {"GET": Permission.AUDIT_READ}

    @extend_schema(
        summary="List events",
        parameters=[
            OpenApiParameter("kind", str, many=True, description="A kind, or all of an object: content."),
            OpenApiParameter("outcome", str, enum=["done", "allowed", "refused", "failed"]),
            OpenApiParameter("cid", UUID),
            OpenApiParameter("person", UUID),
            OpenApiParameter("who", str, description="The address of a person, instead of their id."),
            OpenApiParameter("since", datetime),
            OpenApiParameter("before", datetime),
            sort_parameter(ORDERS, "-at"),
            OpenApiParameter("cursor", str),
            OpenApiParameter("limit", int),
        ],
        responses=EventList,
        examples=[OpenApiExample("Events", {"results": [EXAMPLE], "next": ""}, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        """Answer with one page."""
        query = request.query_params
        person = uuid_of(query["person"], "person") if "person" in query else None
        if query.get("who"):
            person = person_in_events(checked(Named, {"who": query["who"]})["who"])
        wanted = Filter(
            kinds=query.getlist("kind"),
            outcome=query.get("outcome", ""),
            content_id=uuid_of(query["cid"], "cid") if "cid" in query else None,
            person_id=person,
            since=_moment(query.get("since"), "since"),
            before=_moment(query.get("before"), "before"),
        )
        self.record_reading(PersonalData.EVENTS_OF if person else PersonalData.EVENTS, person)
        return event_page(request, partial(audit_events, caller=self.caller, wanted=wanted), self.organization)


class Checkpoint(OrganizationView):
    """The newest signed checkpoint."""

    needs = {"GET": ANYBODY}

    @extend_schema(
        summary="Fetch the newest checkpoint of the ledger",
        description="'epoch' is the newest epoch: another begins when the ledger was restored from a backup.",
        responses=inline_serializer(
            "Checkpoint", {"checkpoint": serializers.CharField(allow_null=True), "epoch": serializers.IntegerField()}
        ),
        examples=[OpenApiExample("Checkpoint", {"checkpoint": "example.com/ledger/…\n12\n…", "epoch": 1})],
    )
    def get(self, request: Request) -> Response:
        """Answer with a signed note; it reveals a size and a hash, nothing else."""
        return Response({"checkpoint": proofs.newest_checkpoint(), "epoch": proofs.newest_epoch()})


class Checkpoints(OrganizationView):
    """Every signed checkpoint."""

    needs = {"GET": Permission.AUDIT_READ}

    @extend_schema(
        summary="Fetch the checkpoints of an epoch, smallest first",
        parameters=[OpenApiParameter("above", int, description="Only those of more entries than this."), EPOCH],
        responses=page_answer("Checkpoints", serializers.CharField()),
        examples=[OpenApiExample("Checkpoints", {"results": ["example.com/ledger/…\n12\n…"], "next": "12"})],
    )
    def get(self, request: Request) -> Response:
        """Answer with signed notes; what to ask for next is in ``next``."""
        above = number_of(request.query_params.get("above", "0"), "above")
        notes = proofs.checkpoints(_epoch(request), above=above, count=proofs.ENTRY_PAGE)
        return page(notes, notes[-1].split("\n")[1] if len(notes) == proofs.ENTRY_PAGE else "")


class Entries(OrganizationView):
    """The leaves of the tree."""

    needs = {"GET": Permission.AUDIT_READ}

    @extend_schema(
        summary="Fetch entries of the ledger in their order",
        parameters=[OpenApiParameter("start", int, description="The number of the first entry."), EPOCH],
        responses=page_answer("Entries", serializers.CharField()),
        examples=[OpenApiExample("Entries", {"results": ['{"content":null,"details":null,…}'], "next": ""})],
    )
    def get(self, request: Request) -> Response:
        """Answer with the exact bytes of each entry, which hold no personal data."""
        start = number_of(request.query_params.get("start", "0"), "start")
        found = [entry.decode() for entry in proofs.entries(start, epoch=_epoch(request))]
        following = start + len(found)
        return page(found, str(following) if len(found) == proofs.ENTRY_PAGE else "")


class Tile(OrganizationView):
    """Hashes of the tree (C2SP tlog-tiles)."""

    needs = {"GET": ANYBODY}

    @extend_schema(
        summary="Fetch one tile of the ledger's tree",
        parameters=[EPOCH],
        responses=inline_serializer("Tile", {"hashes": serializers.CharField()}),
        examples=[OpenApiExample("Tile", {"hashes": "47DEQpj8HBSa…"})],
    )
    def get(self, request: Request, level: int, index: int) -> Response:
        """Answer with as many hashes as are known, in base64."""
        found = proofs.tile(level, index, _epoch(request))
        if found is None:
            raise Http404
        return Response({"hashes": base64.b64encode(found).decode()})


class Proof(OrganizationView):
    """The proof that one event is in the ledger."""

    needs = {"GET": Permission.AUDIT_READ}

    @extend_schema(
        summary="Prove that an event is in the ledger",
        parameters=[OpenApiParameter("size", int, required=True, description="The size of a signed checkpoint.")],
        responses=inline_serializer(
            "Proof",
            {
                "epoch": serializers.IntegerField(),
                "seq": serializers.IntegerField(),
                "size": serializers.IntegerField(),
                "leaf": serializers.CharField(help_text="The exact bytes of the entry."),
                "path": serializers.ListField(child=serializers.CharField(), help_text="Hashes, in base64."),
            },
        ),
        examples=[OpenApiExample("Proof", {"epoch": 1, "seq": 4, "size": 12, "leaf": "{…}", "path": ["47DE…"]})],
    )
    def get(self, request: Request, event_id: UUID) -> Response:
        """Answer with the entry's number, its bytes and the path to the root."""
        size = number_of(request.query_params.get("size", ""), "size")
        found = proofs.inclusion(event_id, size)
        if found is None:
            raise Http404
        path = [base64.b64encode(node).decode() for node in found.path]
        return Response(
            {"epoch": found.epoch, "seq": found.seq, "size": found.size, "leaf": found.leaf.decode(), "path": path}
        )


def _epoch(request: Request) -> int | None:
    text = request.query_params.get("epoch")
    if text is None:
        return None
    # A number that no integer column holds names no epoch either.
    if not text.isdecimal() or len(text) > 9:
        raise exceptions.ValidationError({"epoch": [_("This is not a number.")]})
    return int(text)


def _moment(text: str | None, name: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise exceptions.ValidationError({name: [_("Write it like {example}.").format(example="2026-01-31T00:00:00Z")]})
    return moment

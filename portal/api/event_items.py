"""Events as the API shows them: what was recorded, and the same in words."""

from typing import Any, Protocol

from django.utils.translation import gettext as _
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from audit.selectors.events import ORDERS, EventRow, InvalidCursor, Page
from portal.api.examples import ADA
from portal.api.framework import (
    Answer,
    limit_of,
    page,
)
from portal.api.sorting import sort_of
from portal.words.events import ShownDocument, ShownEvent, shown_events
from tenants.organizations.selectors import OrganizationFacts


class EventActor(Answer):
    """Who acted."""

    kind = serializers.ChoiceField(
        choices=["person", "application", "service", "operator", "first_start", "unidentified", "erased", "unnamed"]
    )
    name = serializers.CharField(allow_blank=True)
    address = serializers.CharField(allow_blank=True)
    person = serializers.CharField(allow_blank=True, help_text="The id of the person or application.")


class EventTemplate(Answer):
    """A template in the version that counted at that moment."""

    id = serializers.UUIDField()
    version = serializers.IntegerField(allow_null=True)
    name = serializers.CharField(allow_blank=True)


class EventLabel(Answer):
    """A label."""

    id = serializers.UUIDField()
    name = serializers.CharField(allow_blank=True)


class EventDocument(Answer):
    """The document that an event is about, as it was at that moment."""

    title = serializers.CharField(allow_blank=True)
    issuer = serializers.CharField(allow_blank=True)
    owner = serializers.CharField(allow_blank=True)
    template = EventTemplate(allow_null=True)
    label = EventLabel(allow_null=True)  # type: ignore[assignment]  # a field, which the framework collects


class EventItem(Answer):
    """One event; ``who``, ``sentence``, ``changes`` and ``why`` are in the language asked for."""

    id = serializers.UUIDField()
    at = serializers.DateTimeField()
    kind = serializers.CharField()
    outcome = serializers.ChoiceField(choices=["done", "allowed", "refused", "failed"])
    reason = serializers.CharField(allow_blank=True, help_text="Why it was refused, as a code.")
    cid = serializers.UUIDField(allow_null=True)
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]  # as above
    seq = serializers.IntegerField(allow_null=True, help_text="Null until the event is numbered.")
    altered = serializers.BooleanField(help_text="Whether it is not what the tree commits to.")
    who = serializers.CharField(help_text="Who acted; never empty.")
    sentence = serializers.CharField(help_text="Who did what to what, and all that it changed.")
    changes = serializers.ListField(
        child=serializers.CharField(), help_text="The differences of the sentence, one by one: now and before."
    )
    why = serializers.CharField(allow_blank=True, help_text="Why it was refused, or the reason that was given.")
    actor = EventActor()
    document = EventDocument(allow_null=True)
    personal = serializers.DictField(help_text="The personal record; empty once it is erased.")
    details = serializers.DictField(help_text="What was recorded beside.")


class EventList(Answer):
    """One page of events, newest first."""

    results = EventItem(many=True)
    next = serializers.CharField(allow_blank=True, help_text="The cursor of the next page.")


EXAMPLE: dict[str, Any] = {
    "id": "5b0c7a34-6a38-4d0e-9c0b-3f2a9f0f8b11",
    "at": "2026-07-01T09:30:00Z",
    "kind": "role.changed",
    "outcome": "done",
    "reason": "",
    "cid": None,
    "source": "pages",
    "seq": 4711,
    "altered": False,
    "who": "ada@contoso.example",
    "sentence": "ada@contoso.example changed the role of max@contoso.example from user to auditor.",
    "changes": [],
    "why": "",
    "actor": {"kind": "person", "name": "Ada", "address": "ada@contoso.example", "person": ADA},
    "document": None,
    "personal": {"name": "Ada", "actor": "ada@contoso.example", "addresses": ["max@contoso.example"]},
    "details": {"before": "user", "after": "auditor"},
}


class ReadsEvents(Protocol):
    """How a page of events is read for the caller."""

    def __call__(self, *, limit: int, cursor: str, sort: str) -> Page:
        """Return it.  Raises InvalidCursor."""


def event_page(request: Request, read: ReadsEvents, organization: OrganizationFacts) -> Response:
    """Return one page of events."""
    try:
        found = read(
            limit=limit_of(request),
            cursor=request.query_params.get("cursor", ""),
            sort=sort_of(request, ORDERS, "-at"),
        )
    except InvalidCursor:
        raise exceptions.ValidationError({"cursor": [_("This cursor is not known.")]}) from None
    shown = shown_events(found.events, organization.id, organization.name)
    return page([_event(row, one) for row, one in zip(found.events, shown, strict=True)], found.next_cursor)


def _event(row: EventRow, shown: ShownEvent) -> dict[str, Any]:
    actor = shown.actor
    return {
        "id": str(row.id),
        "at": row.received_at,
        "kind": row.kind,
        "outcome": row.outcome,
        "reason": row.reason,
        "cid": None if row.content_id is None else str(row.content_id),
        "source": row.source,
        "seq": row.seq,
        "altered": row.altered,
        "who": shown.who,
        "sentence": shown.text,
        "changes": list(shown.changes),
        "why": shown.why,
        "actor": {"kind": actor.kind.value, "name": actor.name, "address": actor.address, "person": actor.person},
        "document": None if shown.document is None else _document(shown.document),
        "personal": row.personal,
        "details": row.details,
    }


def _document(shown: ShownDocument) -> dict[str, Any]:
    template = {"id": shown.template_id, "version": shown.template_version, "name": shown.template}
    return {
        "title": shown.title,
        "issuer": shown.issuer,
        "owner": shown.owner,
        "template": None if shown.template_id is None else template,
        "label": None if shown.label_id is None else {"id": shown.label_id, "name": shown.label},
    }

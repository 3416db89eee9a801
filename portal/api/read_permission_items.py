"""What is asked for and answered about read permissions over the API."""

from typing import Any, Final

from rest_framework import serializers

from portal.api.framework import Answer, Confirmed, MailAddress
from portal.api.scopes import ScopeBody, ScopeItem, scope_json
from portal.usecases.effects import effect_answer
from portal.usecases.read_permissions.ask import DAYS
from portal.usecases.read_permissions.query import MOST
from portal.usecases.read_permissions.visible import VisiblePermission
from protection.selectors.approvals import STATES
from protection.selectors.read_permissions import KINDS, PermissionFacts, ReadDocument
from protection.services.approvals import MOST_CASE
from protection.services.read_permissions import MOST_DAYS, MOST_PEOPLE

FIRST: Final = "0190b6a4-7a9b-7c31-9a55-0d6c5d1c2a31"
PERMISSION: Final[dict[str, Any]] = {
    "id": FIRST,
    "number": 2,
    "application": "Search",
    "kind": "all",
    "people": [],
    "people_group": "",
    "state": "active",
    "everything": True,
    "documents": None,
    "template": None,
    "label": None,
    "owner": "",
    "group": "",
    "since": None,
    "until": None,
    "reason": "Full-text search for all members",
    "case": "",
    "days": 90,
    "asked_by": "ada@contoso.example",
    "asked_at": "2026-12-01T09:00:00Z",
    "answered_by": "ben@contoso.example",
    "answered_at": "2026-12-01T09:10:00Z",
    "approved_by": "ben@contoso.example",
    "starts": "2026-12-01T09:10:00Z",
    "ends": "2027-03-01T09:10:00Z",
    "ended_by": "",
    "ended_at": None,
    "used_at": "2026-12-02T02:00:00Z",
}


class PermissionBody(Confirmed, ScopeBody):
    """What is asked for."""

    application = serializers.CharField(max_length=100, help_text="The client id of the application.")
    kind = serializers.ChoiceField(
        choices=KINDS,
        help_text=("all reads whatever the policies grant; for_user reads for people what the policies let them read."),
    )
    people = serializers.ListField(
        child=MailAddress(max_length=320),
        required=False,
        default=list,
        max_length=MOST_PEOPLE,
        help_text="For whom it reads, by address; with neither people nor people_group for every member.",
    )
    people_group = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=320, help_text="The address of a group of people."
    )
    days = serializers.IntegerField(required=False, default=DAYS, min_value=1, max_value=MOST_DAYS)
    case = serializers.CharField(required=False, allow_blank=True, default="", max_length=MOST_CASE)


class PermissionItem(ScopeItem):
    """One read permission."""

    id = serializers.UUIDField()
    number = serializers.IntegerField()
    application = serializers.CharField()
    kind = serializers.ChoiceField(choices=KINDS)
    people = serializers.ListField(child=serializers.CharField(), help_text="Empty for every member or a group.")
    people_group = serializers.CharField(allow_blank=True)
    state = serializers.ChoiceField(choices=STATES)
    reason = serializers.CharField()
    case = serializers.CharField(allow_blank=True)
    days = serializers.IntegerField()
    asked_by = serializers.CharField()
    asked_at = serializers.DateTimeField()
    answered_by = serializers.CharField(allow_blank=True)
    answered_at = serializers.DateTimeField(allow_null=True)
    approved_by = serializers.CharField(allow_blank=True)
    starts = serializers.DateTimeField(allow_null=True)
    ends = serializers.DateTimeField(allow_null=True)
    ended_by = serializers.CharField(allow_blank=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    used_at = serializers.DateTimeField(allow_null=True, help_text="When something was last read by it.")


class ReadItem(Answer):
    """One document that was read, once for each person for whom it was."""

    cid = serializers.UUIDField()
    for_person = serializers.CharField(allow_blank=True, help_text="Empty where the application read for itself.")
    first_at = serializers.DateTimeField()
    last_at = serializers.DateTimeField()
    times = serializers.IntegerField()
    last_event = serializers.UUIDField()


class PermissionShown(PermissionItem):
    """One read permission with a page of what was read by it."""

    documents_read = serializers.IntegerField()
    read = ReadItem(many=True)
    next = serializers.CharField(allow_blank=True, help_text="The cursor of the next page; empty on the last one.")


class Query(serializers.Serializer[dict[str, Any]]):
    """For whom and about which documents the application asks."""

    for_person = serializers.CharField(max_length=320, help_text="The person, by address or id.")
    documents = serializers.ListField(child=serializers.UUIDField(), allow_empty=False, max_length=MOST)
    enforces = serializers.ListField(
        child=serializers.CharField(max_length=40),
        required=False,
        default=list,
        help_text="The rights that the program withholds from people who were not granted them.",
    )


class ReadableAnswer(Answer):
    """Those of the documents that the person may read now."""

    documents = serializers.ListField(child=serializers.UUIDField())


def answer_of(name: str) -> Any:
    """Return the serializer of what an act with a permission answers."""
    return effect_answer(
        name,
        permission=serializers.UUIDField(),
        number=serializers.IntegerField(),
        state=serializers.ChoiceField(choices=STATES),
    )


def permission_json(one: VisiblePermission) -> dict[str, Any]:
    """Return a permission as a list shows it."""
    return {**_facts(one.facts), "used_at": None if one.used_at is None else one.used_at.isoformat()}


def _facts(one: PermissionFacts) -> dict[str, Any]:
    moments = {
        "asked_at": one.asked_at,
        "answered_at": one.answered_at,
        "starts": one.starts,
        "ends": one.ends,
        "ended_at": one.ended_at,
    }
    return {
        "id": str(one.id),
        "number": one.number,
        "application": one.application,
        "kind": one.kind,
        "people": list(one.people_addresses),
        "people_group": one.people_group_address,
        "state": one.state,
        **scope_json(one.scope),
        "reason": one.reason,
        "case": one.case,
        "days": one.days,
        "asked_by": one.asked_address,
        "answered_by": one.answered_address,
        "approved_by": one.approved_by,
        "ended_by": one.ended_address,
        **{name: None if moment is None else moment.isoformat() for name, moment in moments.items()},
    }


def read_json(one: ReadDocument) -> dict[str, Any]:
    """Return what was read of one document."""
    return {
        "cid": str(one.cid),
        "for_person": one.person_address,
        "first_at": one.first_at.isoformat(),
        "last_at": one.last_at.isoformat(),
        "times": one.times,
        "last_event": str(one.last_event),
    }

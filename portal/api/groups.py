"""Groups of an organization over the API."""

from dataclasses import asdict
from http import HTTPStatus
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.permission import Permission
from portal.api.examples import GROUP, GROUP_SHOWN, done, listed
from portal.api.framework import (
    TOTAL,
    Answer,
    Confirmed,
    FreeText,
    MailAddress,
    OrganizationView,
    checked,
    effect_response,
    limit_of,
    page,
    page_answer,
)
from portal.api.idempotency import idempotent
from portal.api.sorting import sort_of, sort_parameter
from portal.usecases.effects import effect_answer
from portal.usecases.groups import change_group, create_group, delete_group
from portal.usecases.personal_data import PersonalData
from tenants.directory.selectors.groups import ORDERS, GroupFacts, count_groups, group_in, groups_in, place_of

NEW_GROUP = {"address": "board@contoso.example", "name": "Board", "members": ["ada@contoso.example"]}
GROUP_DELETED = done(
    "The group board@contoso.example is deleted and no longer gives access.", latest_offline_moment=None
)


class NewGroup(serializers.Serializer[dict[str, Any]]):
    """A group to be; members are addresses."""

    address = MailAddress()
    name = serializers.CharField(max_length=200)
    description = FreeText(required=False, allow_blank=True, default="", max_length=500)
    members = serializers.ListField(child=MailAddress(), required=False, default=list)


class GroupItem(Answer):
    """One group in a list."""

    id = serializers.UUIDField()
    address = serializers.CharField()
    name = serializers.CharField()
    archived = serializers.BooleanField()
    members = serializers.IntegerField(help_text="How many direct members it has.")


class GroupMember(Answer):
    """One direct member of a group."""

    kind = serializers.ChoiceField(choices=["person", "group", "address"])
    id = serializers.UUIDField(allow_null=True)
    label = serializers.CharField(allow_blank=True)  # type: ignore[assignment]  # a field, which the framework collects
    address = serializers.CharField(allow_blank=True)
    changed_hands = serializers.BooleanField(
        help_text=(
            "Whether the address, or its mail domain, has changed hands since it was added: the group gives its present"
            " holder nothing until it is removed and added again."
        )
    )


class GroupShown(Answer):
    """One group with its direct members."""

    id = serializers.UUIDField()
    address = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    archived = serializers.BooleanField()
    members = GroupMember(many=True)


class Groups(OrganizationView):
    """The organization's groups."""

    needs = {"GET": Permission.GROUPS_READ, "POST": Permission.GROUPS_MANAGE}
    reads = {"GET": PersonalData.GROUPS}

    @extend_schema(
        summary="List groups",
        parameters=[
            OpenApiParameter("search", str),
            sort_parameter(ORDERS, "address"),
            OpenApiParameter("cursor", str),
            OpenApiParameter("limit", int),
        ],
        responses=page_answer("GroupList", GroupItem, total=TOTAL),
        examples=[OpenApiExample("Groups", listed({**GROUP, "members": 1}))],
    )
    def get(self, request: Request) -> Response:
        """Answer with one page."""
        limit, query, sort = limit_of(request), request.query_params, sort_of(request, ORDERS, "address")
        found = groups_in(
            self.organization.id, search=query.get("search", ""), sort=sort, after=query.get("cursor", ""), limit=limit
        )
        lines = [{**asdict(line), "id": str(line.id)} for line in found]
        more, first = len(found) == limit, not query.get("cursor")
        total = count_groups(self.organization.id, search=query.get("search", "")) if more and first else None
        return page(lines, place_of(found[-1], sort) if more else "", len(found) if first and not more else total)

    @extend_schema(
        summary="Create a group",
        request=NewGroup,
        responses={201: effect_answer("GroupCreated", **GroupShown().fields)},
        examples=[OpenApiExample("Group", NEW_GROUP, request_only=True)],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Create a group whose address lies in a proven mail domain."""
        wanted = checked(NewGroup, request.data)
        made = create_group(caller=self.caller, **wanted)
        return Response({**_group(made.group), **made.effect.as_json()}, status=HTTPStatus.CREATED)


class ChangedGroup(Confirmed):
    """What may be changed about a group; ``add`` and ``remove`` are addresses."""

    name = serializers.CharField(required=False, max_length=200)
    description = FreeText(required=False, allow_blank=True, max_length=500)
    add = serializers.ListField(child=MailAddress(), required=False, default=list)
    remove = serializers.ListField(child=MailAddress(), required=False, default=list)
    archived = serializers.BooleanField(required=False)


class GroupDetail(OrganizationView):
    """One group."""

    needs = {
        "GET": Permission.GROUPS_READ,
        "PATCH": Permission.GROUPS_MANAGE,
        "DELETE": Permission.GROUPS_MANAGE,
    }
    reads = {"GET": PersonalData.GROUP}

    @extend_schema(
        summary="Show one group",
        responses=GroupShown,
        examples=[OpenApiExample("Group", GROUP_SHOWN)],
    )
    def get(self, request: Request, group_id: UUID) -> Response:
        """Answer with its direct members."""
        return Response(_group(group_in(self.organization.id, group_id)))

    @extend_schema(
        summary="Change a group",
        request=ChangedGroup,
        responses=effect_answer(
            "GroupChanged",
            **GroupShown().fields,
            added=serializers.ListField(child=serializers.CharField()),
            removed=serializers.ListField(child=serializers.CharField()),
        ),
        examples=[OpenApiExample("Add", {"add": ["max@contoso.example"]}, request_only=True)],
    )
    @idempotent
    def patch(self, request: Request, group_id: UUID) -> Response:
        """Apply what is named; people who leave lose what the group gave them at the very next request."""
        wanted = checked(ChangedGroup, request.data)
        done = change_group(
            caller=self.caller,
            group_id=group_id,
            add=wanted["add"],
            remove=wanted["remove"],
            name=wanted.get("name"),
            description=wanted.get("description"),
            archived=wanted.get("archived"),
            stated=self.stated(wanted),
        )
        return Response({**_group(done.change.after), **done.effect.as_json()})

    @extend_schema(
        summary="Delete a group",
        description=(
            "Refused with 400 where a policy denies something to the group: then it can only be archived. Without"
            " confirm nothing is done, and the answer, 409 confirmation_required, says what names the group and who"
            " loses something."
        ),
        parameters=[
            OpenApiParameter("confirm", str, description="The group's address, once the consequences were seen.")
        ],
        responses={
            200: effect_answer("GroupDeleted", latest_offline_moment=serializers.DateTimeField(allow_null=True))
        },
        examples=[OpenApiExample("Deleted", GROUP_DELETED)],
    )
    def delete(self, request: Request, group_id: UUID) -> Response:
        """Delete it; its members lose what it gave at the very next request."""
        stated = self.stated(checked(Confirmed, request.data or request.query_params.dict()))
        return effect_response(delete_group(caller=self.caller, group_id=group_id, stated=stated))


def _group(facts: GroupFacts) -> dict[str, Any]:
    return {
        "id": str(facts.id),
        "address": facts.address,
        "name": facts.name,
        "description": facts.description,
        "archived": facts.archived,
        "members": [
            {
                "kind": one.kind,
                "id": None if one.id is None else str(one.id),
                "label": one.label,
                "address": one.address,
                "changed_hands": one.changed_hands,
            }
            for one in facts.members
        ],
    }

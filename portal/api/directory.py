"""People, groups and mail domains of an organization over the API."""

from dataclasses import asdict
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.framework import (
    Confirmed,
    FreeText,
    MailAddress,
    OrganizationView,
    checked,
    effect_response,
    limit_of,
    page,
)
from portal.api.idempotency import idempotent
from portal.usecases.applications import end_application, new_application
from portal.usecases.domains import give_up_domain, new_domain, take_over_domain
from portal.usecases.effects import EffectAnswer, effect_answer, together
from portal.usecases.groups import end_group, new_group, set_group
from portal.usecases.people import add_person, set_disabled, set_role
from portal.usecases.permissions import APPLICATION_ROLES, Permission
from tenants.directory.selectors.domains import ApplicationFacts, application_of_client, applications_in, domains_in
from tenants.directory.selectors.groups import GroupFacts, count_groups, group_in, groups_in
from tenants.directory.selectors.people import PersonFacts, count_in, people_in, person_in, place_in_list
from tenants.directory.services.issue_enrollment_code import issue_enrollment_code

PERSON = {"email": "max@contoso.example", "name": "Max", "role": "user"}
GROUP = {"address": "board@contoso.example", "name": "Board", "members": ["ada@contoso.example"]}


class NewPerson(Confirmed):
    """A person to be; an administrator to be is confirmed."""

    email = MailAddress()
    name = serializers.CharField(required=False, allow_blank=True, default="", max_length=200)
    role = serializers.ChoiceField(choices=["user", "auditor", "global_administrator"], required=False, default="user")
    guest = serializers.BooleanField(required=False, default=False)


class People(OrganizationView):
    """The organization's people."""

    needs = {"GET": Permission.PEOPLE_READ, "POST": Permission.PEOPLE_MANAGE}

    @extend_schema(
        summary="List people",
        parameters=[OpenApiParameter("search", str), OpenApiParameter("cursor", str), OpenApiParameter("limit", int)],
        responses=inline_serializer("PersonList", {"results": serializers.ListField(child=serializers.DictField())}),
        examples=[OpenApiExample("People", {"results": [PERSON], "next": ""})],
    )
    def get(self, request: Request) -> Response:
        """Answer in the order of addresses."""
        limit, query = limit_of(request), request.query_params
        found = people_in(
            self.organization.id, search=query.get("search", ""), after=query.get("cursor", ""), limit=limit
        )
        more, first = len(found) == limit, not query.get("cursor")
        total = count_in(self.organization.id, search=query.get("search", "")) if more and first else None
        return page(
            [_person(facts) for facts in found],
            place_in_list(found[-1]) if more else "",
            len(found) if first and not more else total,
        )

    @extend_schema(
        summary="Create a person",
        request=NewPerson,
        responses={201: effect_answer("Person", id=serializers.UUIDField(), email=MailAddress())},
        examples=[OpenApiExample("Person", PERSON, request_only=True)],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Create the person, or give a person of the installation a place here; they are invited by mail."""
        wanted = checked(NewPerson, request.data)
        added = add_person(
            caller=self.caller,
            organization=self.organization,
            address=wanted["email"],
            name=wanted["name"],
            role=wanted["role"],
            guest=wanted["guest"],
            stated=self.stated(wanted),
        )
        return Response({**_person(added.person), **added.effect.as_json()}, status=HTTPStatus.CREATED)


class ChangedPerson(Confirmed):
    """What may be changed about a person's place."""

    role = serializers.ChoiceField(choices=["user", "auditor", "global_administrator"], required=False)
    disabled = serializers.BooleanField(required=False)


class PersonDetail(OrganizationView):
    """One person's place."""

    needs = {"GET": Permission.PEOPLE_READ, "PATCH": Permission.PEOPLE_MANAGE}

    @extend_schema(
        summary="Show one person",
        responses=inline_serializer("PersonShown", {"id": serializers.UUIDField(), "role": serializers.CharField()}),
        examples=[OpenApiExample("Person", PERSON)],
    )
    def get(self, request: Request, person_id: UUID) -> Response:
        """Answer with addresses and role."""
        return Response(_person(person_in(self.organization.id, person_id)))

    @extend_schema(
        summary="Change a person's role, disable or enable",
        request=ChangedPerson,
        responses=effect_answer("PersonChanged", id=serializers.UUIDField(), role=serializers.CharField()),
        examples=[
            OpenApiExample(
                "Disable",
                {"disabled": True, "reason": "Left", "confirm": "max@contoso.example"},
                request_only=True,
            )
        ],
    )
    @idempotent
    def patch(self, request: Request, person_id: UUID) -> Response:
        """Apply what is named; a disabled person gets no license at the very next request."""
        wanted = checked(ChangedPerson, request.data)
        target: dict[str, Any] = {
            "caller": self.caller,
            "person_id": person_id,
            "stated": self.stated(wanted),
        }
        with transaction.atomic():
            made = [set_role(role=wanted["role"], **target)] if "role" in wanted else []
            if "disabled" in wanted:
                made.append(set_disabled(disabled=wanted["disabled"], **target))
        return Response({**_person(person_in(self.organization.id, person_id)), **together(made).as_json()})


class NewGroup(serializers.Serializer[dict[str, Any]]):
    """A group to be; members are addresses."""

    address = MailAddress()
    name = serializers.CharField(max_length=200)
    description = FreeText(required=False, allow_blank=True, default="", max_length=500)
    members = serializers.ListField(child=MailAddress(), required=False, default=list)


class Groups(OrganizationView):
    """The organization's groups."""

    needs = {"GET": Permission.GROUPS_READ, "POST": Permission.GROUPS_MANAGE}

    @extend_schema(
        summary="List groups",
        parameters=[OpenApiParameter("search", str), OpenApiParameter("cursor", str), OpenApiParameter("limit", int)],
        responses=inline_serializer("GroupList", {"results": serializers.ListField(child=serializers.DictField())}),
        examples=[OpenApiExample("Groups", {"results": [GROUP], "next": ""})],
    )
    def get(self, request: Request) -> Response:
        """Answer in the order of addresses."""
        limit, query = limit_of(request), request.query_params
        found = groups_in(
            self.organization.id, search=query.get("search", ""), after=query.get("cursor", ""), limit=limit
        )
        lines = [{**asdict(line), "id": str(line.id)} for line in found]
        more, first = len(found) == limit, not query.get("cursor")
        total = count_groups(self.organization.id, search=query.get("search", "")) if more and first else None
        return page(lines, found[-1].address if more else "", len(found) if first and not more else total)

    @extend_schema(
        summary="Create a group",
        request=NewGroup,
        responses={201: effect_answer("Group", id=serializers.UUIDField(), address=serializers.CharField())},
        examples=[OpenApiExample("Group", GROUP, request_only=True)],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Create a group whose address lies in a proven mail domain."""
        wanted = checked(NewGroup, request.data)
        made = new_group(caller=self.caller, **wanted)
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

    @extend_schema(
        summary="Show one group",
        responses=inline_serializer("GroupShown", {"id": serializers.UUIDField(), "members": serializers.ListField()}),
        examples=[OpenApiExample("Group", GROUP)],
    )
    def get(self, request: Request, group_id: UUID) -> Response:
        """Answer with its direct members."""
        return Response(_group(group_in(self.organization.id, group_id)))

    @extend_schema(
        summary="Change a group",
        request=ChangedGroup,
        responses=effect_answer(
            "GroupChanged",
            id=serializers.UUIDField(),
            members=serializers.ListField(),
            added=serializers.ListField(child=serializers.CharField()),
            removed=serializers.ListField(child=serializers.CharField()),
        ),
        examples=[OpenApiExample("Add", {"add": ["max@contoso.example"]}, request_only=True)],
    )
    @idempotent
    def patch(self, request: Request, group_id: UUID) -> Response:
        """Apply what is named; whoever leaves loses what the group gave him at the very next request."""
        wanted = checked(ChangedGroup, request.data)
        made, change = set_group(
            caller=self.caller,
            group_id=group_id,
            add=wanted["add"],
            remove=wanted["remove"],
            name=wanted.get("name"),
            description=wanted.get("description"),
            archived=wanted.get("archived"),
            stated=self.stated(wanted),
        )
        return Response({**_group(change.after), **made.as_json()})

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
        responses=effect_answer("GroupDeleted", latest_offline_moment=serializers.DateTimeField(allow_null=True)),
        examples=[OpenApiExample("Deleted", {"changed": True, "message": "The group is deleted."})],
    )
    def delete(self, request: Request, group_id: UUID) -> Response:
        """Delete it; its members lose what it gave at the very next request."""
        stated = self.stated(checked(Confirmed, request.data or request.query_params.dict()))
        return effect_response(end_group(caller=self.caller, group_id=group_id, stated=stated))


class Domains(OrganizationView):
    """The organization's mail domains."""

    needs = {"GET": Permission.SETTINGS_READ, "POST": Permission.DOMAINS_MANAGE}

    @extend_schema(
        summary="List mail domains",
        responses=inline_serializer("DomainList", {"results": serializers.ListField(child=serializers.DictField())}),
        examples=[OpenApiExample("Domains", {"results": [{"domain": "contoso.example", "proven_at": None}]})],
    )
    def get(self, request: Request) -> Response:
        """Answer with claimed and proven domains and the text that proves them."""
        return page([asdict(facts) for facts in domains_in(self.organization.id)])

    @extend_schema(
        summary="Claim a mail domain",
        request=inline_serializer("NewDomain", {"domain": serializers.CharField(max_length=253)}),
        responses={
            201: effect_answer("DomainClaimed", domain=serializers.CharField(), challenge=serializers.CharField())
        },
        examples=[OpenApiExample("Domain", {"domain": "contoso.example"}, request_only=True)],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Answer with the text that a TXT record of the domain must hold."""
        domain = str(request.data.get("domain", "")) if isinstance(request.data, dict) else ""
        return effect_response(new_domain(caller=self.caller, domain=domain), HTTPStatus.CREATED)


class ProveDomain(OrganizationView):
    """The proof of a claimed domain."""

    needs = {"POST": Permission.DOMAINS_MANAGE}

    @extend_schema(
        summary="Prove a claimed mail domain by its TXT record",
        request=None,
        responses=EffectAnswer,
        examples=[OpenApiExample("Proven", {"changed": True, "message": "contoso.example is proven."})],
    )
    def post(self, request: Request, domain: str) -> Response:
        """Ask the DNS and take the domain over when it holds the text."""
        return effect_response(take_over_domain(caller=self.caller, domain=domain))


class ReleaseDomain(OrganizationView):
    """The end of a claim or proof."""

    needs = {"POST": Permission.DOMAINS_MANAGE}

    @extend_schema(
        summary="Give a mail domain up",
        request=Confirmed,
        responses=EffectAnswer,
        examples=[OpenApiExample("Confirmed", {"confirm": "contoso.example", "reason": "Sold"}, request_only=True)],
    )
    def post(self, request: Request, domain: str) -> Response:
        """Vouch for its addresses no longer; refused while groups have addresses in it."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(
            give_up_domain(caller=self.caller, organization=self.organization, domain=domain, stated=stated)
        )


class NewApplication(serializers.Serializer[dict[str, Any]]):
    """An application to be."""

    name = serializers.CharField(max_length=200)
    roles = serializers.ListField(
        child=serializers.ChoiceField(choices=sorted(APPLICATION_ROLES)), required=False, default=list
    )


class Applications(OrganizationView):
    """Applications that act as themselves (service accounts)."""

    needs = {"GET": Permission.APPLICATIONS_MANAGE, "POST": Permission.APPLICATIONS_MANAGE}

    @extend_schema(
        summary="List applications",
        responses=inline_serializer(
            "ApplicationList", {"results": serializers.ListField(child=serializers.DictField())}
        ),
        examples=[OpenApiExample("Applications", {"results": [{"client_id": "8f2c…", "name": "archive"}], "next": ""})],
    )
    def get(self, request: Request) -> Response:
        """Answer with every application; never with a secret."""
        return page([_application(facts) for facts in applications_in(self.organization.id)])

    @extend_schema(
        summary="Create an application",
        request=NewApplication,
        responses={
            201: effect_answer(
                "ApplicationCredentials",
                client_id=serializers.CharField(),
                secret=serializers.CharField(),
                person=serializers.UUIDField(),
            )
        },
        examples=[OpenApiExample("Application", {"name": "archive", "roles": ["connector"]}, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """Answer with client id and secret, once: the secret is kept as a hash and cannot be shown again."""
        wanted = checked(NewApplication, request.data)
        made = new_application(caller=self.caller, name=wanted["name"], roles=wanted["roles"])
        found = made.credentials
        body = {"client_id": found.client_id, "secret": found.secret, "person": str(found.person_id)}
        return Response({**body, **made.effect.as_json()}, status=HTTPStatus.CREATED)


class DisableApplication(OrganizationView):
    """The end of an application."""

    needs = {"POST": Permission.APPLICATIONS_MANAGE}

    @extend_schema(
        summary="Disable an application",
        request=Confirmed,
        responses=EffectAnswer,
        examples=[OpenApiExample("Confirmed", {"confirm": "archive", "reason": "Replaced"}, request_only=True)],
    )
    def post(self, request: Request, client_id: str) -> Response:
        """End its tokens; it gets no license from the next request on."""
        facts = application_of_client(client_id)
        if facts is None or facts.organization_id != self.organization.id:
            raise Http404
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(end_application(caller=self.caller, application=facts, stated=stated))


class ApplicationCode(OrganizationView):
    """A one-time enrollment code for an application's device."""

    needs = {"POST": Permission.APPLICATIONS_MANAGE}

    @extend_schema(
        summary="Get a one-time enrollment code for an application",
        request=None,
        responses={201: inline_serializer("ApplicationCode", {"code": serializers.CharField()})},
        examples=[OpenApiExample("Code", {"code": "K7QM-2RXT-9WPD"}, response_only=True)],
    )
    def post(self, request: Request, client_id: str) -> Response:
        """Answer with a code for ``chancery login --code``, good for ten minutes and one use."""
        facts = application_of_client(client_id)
        if facts is None or facts.organization_id != self.organization.id or facts.disabled:
            raise Http404
        code = issue_enrollment_code(person_id=facts.person_id, actor=self.caller.directory_actor)
        return Response({"code": code}, status=HTTPStatus.CREATED)


def _application(facts: ApplicationFacts) -> dict[str, Any]:
    return {
        "client_id": facts.client_id,
        "name": facts.name,
        "roles": list(facts.roles),
        "person": str(facts.person_id),
        "created_at": facts.created_at,
        "disabled": facts.disabled,
        "known_outside": facts.known_outside,
    }


def _person(facts: PersonFacts) -> dict[str, Any]:
    return {
        "id": str(facts.id),
        "email": facts.email,
        "name": facts.name,
        "role": facts.role,
        "guest": facts.guest,
        "disabled": facts.disabled,
        "since": facts.since,
        "addresses": [{"address": one.address, "proven": bool(one.proven_by)} for one in facts.addresses],
    }


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
            }
            for one in facts.members
        ],
    }

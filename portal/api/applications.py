"""Applications of an organization over the API."""

from http import HTTPStatus
from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiExample, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.permission import Permission
from portal.api.examples import APPLICATION, listed
from portal.api.framework import (
    UNTIL,
    Answer,
    Confirmed,
    OrganizationView,
    checked,
    effect_response,
    page,
    page_answer,
)
from portal.api.sorting import sort_of, sort_parameter
from portal.ordering import APPLICATIONS, in_order
from portal.usecases.applications import create_application, disable_application
from portal.usecases.effects import effect_answer
from tenants.directory.roles import OF_APPLICATIONS
from tenants.directory.selectors.domains import ApplicationFacts, application_of_client, applications_in
from tenants.directory.services.issue_enrollment_code import issue_enrollment_code


class NewApplication(serializers.Serializer[dict[str, Any]]):
    """An application to be."""

    name = serializers.CharField(max_length=200)
    roles = serializers.ListField(
        child=serializers.ChoiceField(choices=sorted(OF_APPLICATIONS)), required=False, default=list
    )


class ApplicationItem(Answer):
    """One application; never its secret."""

    client_id = serializers.CharField()
    name = serializers.CharField()
    roles = serializers.ListField(child=serializers.CharField())
    person = serializers.UUIDField(help_text="The application's own id as a person.")
    created_at = serializers.DateTimeField()
    disabled = serializers.BooleanField()
    known_outside = serializers.BooleanField(
        help_text="Whether a person has seen its secret who may not manage applications now."
    )
    last_used_at = serializers.DateTimeField(
        allow_null=True, help_text="When it last signed in by a secret or key, to the minute."
    )


class Applications(OrganizationView):
    """Applications that act as themselves (service accounts)."""

    needs = {"GET": Permission.APPLICATIONS_MANAGE, "POST": Permission.APPLICATIONS_MANAGE}

    @extend_schema(
        summary="List applications",
        parameters=[sort_parameter(APPLICATIONS, "name")],
        responses=page_answer("ApplicationList", ApplicationItem),
        examples=[OpenApiExample("Applications", listed(APPLICATION))],
    )
    def get(self, request: Request) -> Response:
        """Answer with every application; never with a secret."""
        found = in_order(applications_in(self.organization.id), APPLICATIONS, sort_of(request, APPLICATIONS, "name"))
        return page([_application(facts) for facts in found])

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
        made = create_application(caller=self.caller, name=wanted["name"], roles=wanted["roles"])
        found = made.credentials
        body = {"client_id": found.client_id, "secret": found.secret, "person": str(found.person_id)}
        return Response({**body, **made.effect.as_json()}, status=HTTPStatus.CREATED)


class DisableApplication(OrganizationView):
    """The end of an application."""

    needs = {"POST": Permission.APPLICATIONS_MANAGE}

    @extend_schema(
        summary="Disable an application",
        request=Confirmed,
        responses=effect_answer("ApplicationDisabled", latest_offline_moment=UNTIL),
        examples=[OpenApiExample("Confirmed", {"confirm": "archive", "reason": "Replaced"}, request_only=True)],
    )
    def post(self, request: Request, client_id: str) -> Response:
        """End its tokens; it gets no license from the next request on."""
        facts = application_of_client(client_id)
        if facts is None or facts.organization_id != self.organization.id:
            raise Http404
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(disable_application(caller=self.caller, application=facts, stated=stated))


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
        "last_used_at": facts.used_at,
    }

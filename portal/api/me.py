"""The caller themselves: name, language, addresses and organizations."""

from django.conf import settings
from drf_spectacular.utils import OpenApiExample, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.examples import ME
from portal.api.framework import (
    Answer,
    BaseView,
    checked,
    directory_actor,
    effect_response,
)
from portal.identity.bearer import caller
from portal.usecases.effects import EffectAnswer
from portal.usecases.preferences import set_preferences
from tenants.directory.selectors.people import memberships_of, proven_addresses
from tenants.directory.selectors.roles import roles_by_place


class Preferences(serializers.Serializer[dict[str, str]]):
    """What is to be changed; what is left out stays."""

    name = serializers.CharField(required=False, max_length=200)
    language = serializers.CharField(
        required=False, max_length=10, allow_blank=True, help_text="Like de; empty for the language of the browser."
    )
    time_zone = serializers.CharField(required=False, max_length=64, help_text="Like Europe/Berlin.")


class Membership(Answer):
    """The caller's place in one organization."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    slug = serializers.CharField()
    origin = serializers.URLField()
    roles = serializers.ListField(child=serializers.CharField())
    guest = serializers.BooleanField()


class Me(BaseView):
    """The signed-in person."""

    @extend_schema(
        summary="Who am I",
        responses=inline_serializer(
            "Me",
            {
                "id": serializers.UUIDField(),
                "email": serializers.CharField(
                    allow_blank=True, help_text="Empty once the person was removed from their organization."
                ),
                "name": serializers.CharField(),
                "language": serializers.CharField(),
                "time_zone": serializers.CharField(),
                "addresses": serializers.ListField(child=serializers.CharField()),
                "organizations": Membership(many=True),
            },
        ),
        examples=[OpenApiExample("Me", ME)],
    )
    def get(self, request: Request) -> Response:
        """Answer with the person's addresses and places."""
        person = caller(request)
        places = [one for one in memberships_of(person.id) if not one.disabled and one.state == "active"]
        roles = roles_by_place(person.id, {place.organization_id: place.guest for place in places})
        return Response(
            {
                "id": str(person.id),
                "email": person.email,
                "name": person.name,
                "language": person.language,
                "time_zone": person.time_zone,
                "addresses": proven_addresses(person.id),
                "organizations": [
                    {
                        "id": str(place.organization_id),
                        "name": place.name,
                        "slug": place.slug,
                        "origin": str(settings.CHANCERY_BASE.origin_of(place.host)),
                        "roles": list(roles[place.organization_id]),
                        "guest": place.guest,
                    }
                    for place in places
                ],
            }
        )

    @extend_schema(
        summary="Change my name, language or time zone",
        request=Preferences,
        responses=EffectAnswer,
        examples=[OpenApiExample("Preferences", {"language": "de", "time_zone": "Europe/Berlin"}, request_only=True)],
    )
    def patch(self, request: Request) -> Response:
        """Change what is named."""
        wanted, person = checked(Preferences, request.data), caller(request)
        return effect_response(set_preferences(person_id=person.id, actor=directory_actor(request), **wanted))

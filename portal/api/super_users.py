"""Super users over the API: whether there are any, and who may ask for a grant."""

from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.permission import Permission
from portal.api.examples import done
from portal.api.framework import Answer, Confirmed, MailAddress, OrganizationView, checked, effect_response
from portal.usecases.effects import Effect, EffectAnswer
from portal.usecases.super_users.settings import let_ask, let_group_ask, no_longer_let_ask, switch, tell_owners_after
from portal.usecases.super_users.visible import standing
from protection.selectors.super_users import SuperUserSettings
from protection.services.super_users import MOST_NOTICE_DAYS

FIRST: Final = "0190b6a4-7a9b-7c31-9a55-0d6c5d1c2a20"
SETTINGS: Final[dict[str, Any]] = {
    "on": True,
    "people": [
        {
            "id": FIRST,
            "address": "rita@contoso.example",
            "application": False,
            "added_at": "2026-12-01T09:00:00Z",
        }
    ],
    "group": "counsel@contoso.example",
    "notice_days": 7,
    "keepers": [{"address": "olga@contoso.example", "shown": True}],
}


class SuperUserItem(Answer):
    """A person or application that may ask for a grant."""

    id = serializers.UUIDField()
    address = serializers.CharField(help_text="Of an application its name.")
    application = serializers.BooleanField()
    added_at = serializers.DateTimeField()


class KeeperItem(Answer):
    """A keeper of a recovery key."""

    address = serializers.CharField()
    shown = serializers.BooleanField(help_text="Whether they have their key.")


class SuperUsersShown(Answer):
    """Who may ask for super-user grants."""

    on = serializers.BooleanField()
    people = SuperUserItem(many=True)
    group = serializers.CharField(allow_blank=True, help_text="Its members may ask, nested ones too; empty for none.")
    notice_days = serializers.IntegerField(help_text="After how many days owners are told what was opened.")
    keepers = KeeperItem(many=True, help_text="Of the two recovery keys.")


class SuperUsersBody(Confirmed):
    """One change at a time."""

    on = serializers.BooleanField(required=False, help_text="Off ends every grant.")
    group = serializers.CharField(
        required=False, allow_blank=True, max_length=320, help_text="The group's address; empty for no group."
    )
    notice_days = serializers.IntegerField(required=False, min_value=0, max_value=MOST_NOTICE_DAYS)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse what would need two questions."""
        if len(attrs.keys() & {"on", "group", "notice_days"}) != 1:
            raise serializers.ValidationError(_("Change one thing at a time: on, group or notice_days."))
        return attrs


class SuperUserBody(Confirmed):
    """Who is to be listed; one of the two."""

    address = MailAddress(max_length=320, required=False, help_text="Of a member.")
    application = serializers.CharField(max_length=100, required=False, help_text="The client id of an application.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse both or none."""
        if len(attrs.keys() & {"address", "application"}) != 1:
            raise serializers.ValidationError(_("Name an address or an application."))
        return attrs


class SuperUsers(OrganizationView):
    """The settings of super users."""

    needs = {"GET": Permission.SETTINGS_READ, "PATCH": Permission.SUPER_USERS_MANAGE}

    @extend_schema(
        summary="Show whether there are super users, and who may ask for a grant",
        responses=SuperUsersShown,
        examples=[OpenApiExample("Super users", SETTINGS)],
    )
    def get(self, request: Request) -> Response:
        """Answer with switch, list, group and the delay of notices."""
        found = standing(caller=self.caller)
        keepers = [{"address": one.address, "shown": one.shown_at is not None} for one in found.keepers]
        return Response({**_shown(found.settings), "keepers": keepers})

    @extend_schema(
        summary="Switch super users on or off, choose the group, or change the delay of notices",
        description="Asked first, and mailed to auditors and administrators. Needs a recent sign-in.",
        request=SuperUsersBody,
        responses=EffectAnswer,
        examples=[
            OpenApiExample("On", {"on": True, "confirm": "Contoso", "reason": "Audit"}, request_only=True),
            OpenApiExample(
                "Done",
                done("Super users are on: who is listed can ask for a grant, and another person approves it."),
                response_only=True,
            ),
        ],
    )
    def patch(self, request: Request) -> Response:
        """Make one change."""
        wanted = checked(SuperUsersBody, request.data)
        return effect_response(self._change(wanted))

    def _change(self, wanted: dict[str, Any]) -> Effect:
        caller, organization, stated = self.caller, self.organization, self.stated(wanted)
        if "on" in wanted:
            return switch(caller=caller, organization=organization, on=wanted["on"], stated=stated)
        if "group" in wanted:
            return let_group_ask(caller=caller, organization=organization, address=wanted["group"], stated=stated)
        days = wanted["notice_days"]
        return tell_owners_after(caller=caller, organization=organization, days=days, stated=stated)


class SuperUserList(OrganizationView):
    """Who is listed by themselves."""

    needs = {"POST": Permission.SUPER_USERS_MANAGE}

    @extend_schema(
        summary="Let a person or an application ask for super-user grants",
        description="Asked first, and mailed to auditors and administrators. Needs a recent sign-in. It opens nothing.",
        request=SuperUserBody,
        responses=EffectAnswer,
        examples=[
            OpenApiExample(
                "A person",
                {"address": "rita@contoso.example", "confirm": "rita@contoso.example"},
                request_only=True,
            ),
            OpenApiExample("Done", done("rita@contoso.example can ask for super-user grants."), response_only=True),
        ],
    )
    def post(self, request: Request) -> Response:
        """List somebody."""
        wanted = checked(SuperUserBody, request.data)
        who = wanted.get("address") or wanted.get("application", "")
        return effect_response(
            let_ask(caller=self.caller, organization=self.organization, who=who, stated=self.stated(wanted))
        )


class SuperUserDetail(OrganizationView):
    """One who is listed."""

    needs = {"DELETE": Permission.SUPER_USERS_MANAGE}

    @extend_schema(
        summary="No longer let a person or an application ask for super-user grants",
        description="Asked first. Their grants end.",
        request=Confirmed,
        responses={200: EffectAnswer},
        examples=[OpenApiExample("Remove", {"confirm": "rita@contoso.example"}, request_only=True)],
    )
    def delete(self, request: Request, person_id: UUID) -> Response:
        """Take them off the list."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(
            no_longer_let_ask(caller=self.caller, organization=self.organization, person_id=person_id, stated=stated)
        )


def _shown(settings: SuperUserSettings) -> dict[str, Any]:
    return {
        "on": settings.on,
        "people": [
            {
                "id": str(one.id),
                "address": one.address,
                "application": one.application,
                "added_at": one.added_at.isoformat(),
            }
            for one in settings.people
        ],
        "group": settings.group_address,
        "notice_days": settings.notice_days,
    }

"""The settings of the organization in one view, and as a file, over the API (promise C54)."""

import json
from dataclasses import asdict
from typing import Any, Final

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.permission import Permission
from portal.api.examples import listed
from portal.api.framework import Answer, Confirmed, OrganizationView, checked, effect_response, page, page_answer
from portal.api.idempotency import idempotent
from portal.usecases.configuration import configuration_of, exported_configuration, import_configuration
from portal.usecases.effects import EffectAnswer

_FILE: Final = {"chancery_configuration": 1, "organization": "Contoso", "settings": {"max_license_days": 7}}
_ROW: Final = {
    "name": "max_license_days",
    "called": "days without a network, at most",
    "value": 7,
    "shown": "7",
    "default": 30,
    "shown_default": "30",
    "is_default": False,
    "changed_at": "2026-11-30T10:00:00Z",
    "changed_by": "ada@contoso.example",
}


class SettingItem(Answer):
    """One setting."""

    name = serializers.CharField()
    called = serializers.CharField(help_text="In words.")
    value = serializers.JSONField(help_text="As GET settings answers it; 0 and empty stand for none.")
    shown = serializers.CharField(help_text="The value in words.")
    default = serializers.JSONField(help_text="What it is where nobody has changed it.")
    shown_default = serializers.CharField()
    is_default = serializers.BooleanField()
    changed_at = serializers.DateTimeField(allow_null=True)
    changed_by = serializers.CharField(allow_blank=True, help_text="Who changed it last; empty where nobody did.")


class SettingsFileBody(Confirmed):
    """A file with settings."""

    file = serializers.DictField(help_text="As GET configuration/file answers it; what it does not name stays.")


class ConfigurationView(OrganizationView):
    """Every setting with its default and who changed it."""

    needs = {"GET": Permission.SETTINGS_READ}

    @extend_schema(
        summary="List all settings, with defaults and who changed them when",
        responses=page_answer("SettingList", SettingItem),
        examples=[OpenApiExample("Settings", listed(_ROW))],
    )
    def get(self, request: Request) -> Response:
        """Answer with all of them."""
        return page([asdict(one) for one in configuration_of(caller=self.caller).rows])


class ConfigurationFile(OrganizationView):
    """All settings as a file."""

    needs = {"GET": Permission.SETTINGS_READ, "POST": Permission.SETTINGS_MANAGE}

    @extend_schema(
        summary="Export all settings as a file",
        responses={(200, "application/json"): OpenApiTypes.OBJECT},
        examples=[OpenApiExample("File", _FILE, response_only=True)],
    )
    def get(self, request: Request) -> HttpResponse:
        """Answer with the file itself; it holds no secret."""
        made = exported_configuration(caller=self.caller, organization=self.organization)
        headers = {"Content-Disposition": f'attachment; filename="{made.name}"'}
        return HttpResponse(made.text, content_type="application/json", headers=headers)

    @extend_schema(
        summary="Import settings from a file",
        description="Asked first, with every difference: confirm is yes. All of it is done or nothing.",
        request=SettingsFileBody,
        responses=EffectAnswer,
        examples=[OpenApiExample("A file", {"file": _FILE, "confirm": "yes"}, request_only=True)],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Set what the file names."""
        wanted: dict[str, Any] = checked(SettingsFileBody, request.data)
        text = json.dumps(wanted["file"])
        return effect_response(import_configuration(caller=self.caller, text=text, stated=self.stated(wanted)))

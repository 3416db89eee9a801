"""The history of protection templates over the API: every version, what it changed, and bringing one back."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.permission import Permission
from portal.api.examples import ADA, TEMPLATE, done, listed
from portal.api.framework import Answer, Confirmed, OrganizationView, checked, effect_response, page, page_answer
from portal.api.idempotency import idempotent
from portal.api.policies import PolicyDifference, ShownPolicy
from portal.api.templates import EXPIRY_OPTIONS
from portal.usecases.effects import effect_answer
from portal.usecases.templates import restore_template_version
from protection.selectors.templates import Change, Expiry, Offer, Version, versions
from tenants.directory.selectors.people import names_of

EXAMPLE = {
    "number": 2,
    "author": {"id": ADA, "name": "Ada"},
    "made_at": "2026-11-25T09:00:00Z",
    "name": "Read only, all employees",
    "policy": TEMPLATE["policy"],
    "changes": [
        {"member": "grants", "who": "address:rita@fabrikam.example", "before": ["VIEW"], "after": ["VIEW", "PRINT"]}
    ],
    "renamed": False,
    "expiry": None,
    "offer": None,
}
RESTORED = done("Version 2 is back. It counts from the next opening on, as version 4.", version=4)


class ExpiryRule(Answer):
    """When access ends by a template's rule."""

    expiry_option = serializers.ChoiceField(choices=EXPIRY_OPTIONS)
    expires = serializers.IntegerField(allow_null=True)
    expires_after_days = serializers.IntegerField(allow_null=True)


class OfferRule(Answer):
    """To whom a template is offered."""

    scope = serializers.ListField(child=serializers.CharField())
    offered_to_legacy = serializers.BooleanField()


class TemplateChange(Answer):
    """What differs between two states of a template."""

    changes = PolicyDifference(many=True)
    renamed = serializers.BooleanField(help_text="Whether a name or a description differs.")
    expiry = ExpiryRule(many=True, allow_null=True, help_text="Before and after; null where it is the same.")
    offer = OfferRule(many=True, allow_null=True, help_text="Before and after; null where it is the same.")


class VersionAuthor(Answer):
    """Who made a version."""

    id = serializers.UUIDField()
    name = serializers.CharField(allow_blank=True)


class TemplateVersionItem(TemplateChange):
    """One version of a template, with what it changed against the one before."""

    number = serializers.IntegerField()
    author = VersionAuthor(allow_null=True)
    made_at = serializers.DateTimeField()
    name = serializers.CharField()
    policy = ShownPolicy()


class TemplateVersions(OrganizationView):
    """All versions of one template."""

    needs = {"GET": Permission.TEMPLATES_MANAGE}

    @extend_schema(
        summary="List the versions of a template",
        description="Newest first, each with what it changed against the one before it.",
        responses=page_answer("TemplateVersionList", TemplateVersionItem),
        examples=[OpenApiExample("Versions", listed(EXAMPLE))],
    )
    def get(self, request: Request, template_id: UUID) -> Response:
        """Answer with the whole history."""
        found = versions(template_id)
        names = names_of(self.organization.id, {one.author_id for one in found if one.author_id})
        return page([_version_json(one, names) for one in found])


class RestoreTemplateVersion(OrganizationView):
    """An earlier version, brought back."""

    needs = {"POST": Permission.TEMPLATES_MANAGE}

    @extend_schema(
        summary="Bring back an earlier version of a template",
        description="Where many lose access by it, nothing is done without confirm (409 confirmation_required).",
        request=Confirmed,
        responses=effect_answer("TemplateRestored", version=serializers.IntegerField()),
        examples=[
            OpenApiExample("Confirmed", {"confirm": "Read only, all employees"}, request_only=True),
            OpenApiExample("The new version's number", RESTORED, response_only=True),
        ],
    )
    @idempotent
    def post(self, request: Request, template_id: UUID, number: int) -> Response:
        """Make a new version that says what the earlier one said."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(
            restore_template_version(caller=self.caller, template_id=template_id, number=number, stated=stated)
        )


def _version_json(one: Version, names: dict[UUID, str]) -> dict[str, Any]:
    author = None if one.author_id is None else {"id": str(one.author_id), "name": names.get(one.author_id, "")}
    return {
        "number": one.number,
        "author": author,
        "made_at": one.made_at,
        "name": one.name(),
        "policy": one.policy.as_json(),
        **change_json(one.change),
    }


def change_json(change: Change) -> dict[str, Any]:
    """Return what differs between two states of a template, as the API shows it."""
    return {
        "changes": [one.as_json() for one in change.changes],
        "renamed": change.renamed,
        "expiry": None if change.expiry is None else [_expiry_json(rule) for rule in change.expiry],
        "offer": None if change.offer is None else [_offer_json(offer) for offer in change.offer],
    }


def _offer_json(offer: Offer) -> dict[str, Any]:
    scope, legacy = offer
    return {"scope": list(scope), "offered_to_legacy": legacy}


def _expiry_json(rule: Expiry) -> dict[str, Any]:
    option, date, days = rule
    return {"expiry_option": option, "expires": date, "expires_after_days": days}

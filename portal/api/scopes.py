"""The scope of a super-user grant or a read permission over the API: which documents are asked for and covered."""

from typing import Any, Final

from rest_framework import serializers

from portal.api.framework import Answer
from protection.selectors.scopes import Scope

MOST: Final = 1_000
"""Documents that one scope names; more are meant by an owner, a template or a label."""


class ScopeBody(serializers.Serializer[dict[str, Any]]):
    """Which documents are asked for; every condition narrows, and without one all are."""

    documents = serializers.ListField(
        child=serializers.UUIDField(), required=False, allow_empty=False, default=list, max_length=MOST
    )
    template = serializers.UUIDField(required=False, allow_null=True, default=None, help_text="Also a deleted one.")
    label = serializers.UUIDField(required=False, allow_null=True, default=None)  # type: ignore[assignment]
    owner = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=320,
        help_text="Address or id, also of who left.",
    )
    group = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=320,
        help_text="The address of a group: documents that grant something to it.",
    )
    since = serializers.DateTimeField(
        required=False, allow_null=True, default=None, help_text="Protected then or later."
    )
    until = serializers.DateTimeField(required=False, allow_null=True, default=None, help_text="Protected before.")


class ScopeItem(Answer):
    """Which documents are covered."""

    everything = serializers.BooleanField(help_text="Whether it covers all documents.")
    documents = serializers.ListField(child=serializers.UUIDField(), allow_null=True)
    template = serializers.UUIDField(allow_null=True)
    label = serializers.UUIDField(allow_null=True)  # type: ignore[assignment]  # the member
    owner = serializers.CharField(allow_blank=True)
    group = serializers.CharField(allow_blank=True)
    since = serializers.DateTimeField(allow_null=True)
    until = serializers.DateTimeField(allow_null=True)


def scope_members(wanted: dict[str, Any]) -> dict[str, Any]:
    """Return what is asked for as the members of a ``ScopeRequest``."""
    names = ("template", "label", "owner", "group", "since", "until")
    return {"cids": tuple(wanted["documents"]), **{name: wanted[name] for name in names}}


def scope_json(scope: Scope) -> dict[str, Any]:
    """Return a scope as answers state it."""
    return {
        "everything": scope.is_everything,
        "documents": None if scope.cids is None else [str(cid) for cid in scope.cids],
        "template": None if scope.template is None else str(scope.template),
        "label": None if scope.label is None else str(scope.label),
        "owner": scope.owner_address,
        "group": scope.group_address,
        "since": None if scope.since is None else scope.since.isoformat(),
        "until": None if scope.until is None else scope.until.isoformat(),
    }

"""What a preview keeps of a change: the same members that would be sent to make it."""

from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from chancery.policy.permission import Permission
from chancery.policy.policy import parse_policy
from protection.services.template_draft import TemplateDraft
from tenants.directory.members import Member

NEEDS: Final[Mapping[str, Permission]] = {
    "template": Permission.TEMPLATES_MANAGE,
    "group": Permission.GROUPS_MANAGE,
    "person": Permission.PEOPLE_MANAGE,
}
"""Who may make a change may ask what it would do."""

PLAIN: Final = ("expiry_option", "expires", "expires_after_days", "offered_to_legacy")
"""Members of a draft that are kept as they are."""


def template_as_change(draft: TemplateDraft) -> dict[str, Any]:
    """Return a template's draft in the form in which it is kept."""
    return {
        "names": dict(draft.names),
        "descriptions": dict(draft.descriptions),
        "policy": draft.policy.as_json(),
        "scope": list(draft.scope),
        **{name: getattr(draft, name) for name in PLAIN},
    }


def template_of_change(change: Mapping[str, Any]) -> TemplateDraft:
    """Return the draft that was kept."""
    return TemplateDraft(
        names=change["names"],
        descriptions=change["descriptions"],
        policy=parse_policy(change["policy"]),
        scope=tuple(change["scope"]),
        **{name: change[name] for name in PLAIN},
    )


def members_as_change(members: Iterable[Member]) -> list[dict[str, str]]:
    """Return members to be, each by what it is named by."""
    return [
        {
            name: str(value)
            for name, value in (("person", one.person_id), ("group", one.group_id), ("address", one.address))
            if value is not None
        }
        for one in members
    ]


def members_of_change(kept: Iterable[Mapping[str, str]]) -> list[Member]:
    """Return the members that were kept."""
    return [
        Member(
            person_id=UUID(one["person"]) if "person" in one else None,
            group_id=UUID(one["group"]) if "group" in one else None,
            address=one.get("address"),
        )
        for one in kept
    ]

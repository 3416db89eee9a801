"""Users: read, made, replaced, changed and deleted (RFC 7644, sections 3.3 to 3.6)."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _
from scim2_models import Context, Meta, PatchOp, SearchRequest

from portal.scim.answers import Refusal, Reply
from portal.scim.filters import wanted
from portal.scim.reading import Call, require_match
from portal.scim.resources import MOST_EMAILS, EnterpriseUser, FullUser, User
from portal.usecases.provisioning import people
from portal.usecases.provisioning.differences import differences
from portal.usecases.provisioning.people import WantedPerson
from tenants.connections.people import PersonRecord, people_page, person_record
from tenants.directory.errors import NotHere

ENTERPRISE: Final = str(EnterpriseUser.__schema__)
KEPT: Final = ("name", "displayName", "title", "emails")


def shown(call: Call, record: PersonRecord) -> User[Any]:
    """Return a member as clients see them; one whom no client ever changed has what the directory knows."""
    kept = record.attributes
    if kept is None:
        kept = {"emails": [{"value": record.user_name, "type": "work", "primary": True}]}
        kept = {**kept, "displayName": record.name} if record.name else kept
    department = kept.get("department")
    found = FullUser.model_validate(
        {
            **{name: kept[name] for name in KEPT if kept.get(name)},
            **({ENTERPRISE: {"department": department}} if department else {}),
            "userName": record.user_name,
            "active": record.active,
            "id": str(record.id),
            **({"externalId": record.external_id} if record.external_id else {}),
        }
    )
    state = json.dumps(found.model_dump(), sort_keys=True).encode()
    found.meta = Meta(
        resource_type="User",
        created=record.created_at,
        last_modified=record.modified_at,
        location=call.location("Users", record.id),
        version=f'W/"{hashlib.sha256(state).hexdigest()[:24]}"',
    )
    return found


def page(call: Call, asked: SearchRequest[Any], start: int, count: int) -> tuple[list[User[Any]], int]:
    """Return part of the members that a query finds, and how many it finds in all."""
    found = people_page(call.provisioner.organization.id, wanted(FullUser, asked, start, count))
    return [shown(call, one) for one in found.rows], found.total


def get(call: Call, name: str) -> Reply:
    """Answer with one member."""
    return call.shown(shown(call, person_record(call.provisioner.organization.id, identity(name))))


def post(call: Call, payload: Mapping[str, Any]) -> Reply:
    """Make a member."""
    given = FullUser.model_validate(_with_active(payload, True), scim_ctx=Context.RESOURCE_CREATION_REQUEST)
    made = shown(call, people.add_person(provisioner=call.provisioner, wanted=_wanted(given)))
    return call.created(made, str(made.user_name), differences(None, made.model_dump()))


def put(call: Call, name: str, payload: Mapping[str, Any]) -> Reply:
    """Replace a member."""
    before, present = _locked(call, name)
    wanted = FullUser.model_validate(
        _with_active(payload, before.active), scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST
    )
    wanted.replace(present)
    return _changed(call, before, present, wanted)


def patch(call: Call, name: str, payload: Mapping[str, Any]) -> Reply:
    """Change a member."""
    before, present = _locked(call, name)
    operations = PatchOp[FullUser].model_validate(  # type: ignore[valid-type]  # a class that was made at run time
        payload, scim_ctx=Context.RESOURCE_PATCH_REQUEST
    )
    wanted = present.model_copy(deep=True)
    operations.patch(wanted)
    return _changed(call, before, present, wanted)


def delete(call: Call, name: str) -> Reply:
    """Delete a member as far as clients see."""
    before, present = _locked(call, name)
    people.delete_person(provisioner=call.provisioner, person_id=before.id)
    return Reply(204, what=before.user_name, changes=differences(present.model_dump(), None))


def identity(name: str) -> UUID:
    """Return the id that an address names.  Raises NotHere."""
    try:
        return UUID(name)
    except ValueError:
        raise NotHere(_("There is no such person in this organization.")) from None


def _locked(call: Call, name: str) -> tuple[PersonRecord, User[Any]]:
    before = people.locked_person(provisioner=call.provisioner, person_id=identity(name))
    present = shown(call, before)
    require_match(call, present)
    return before, present


def _changed(call: Call, before: PersonRecord, present: User[Any], wanted: User[Any]) -> Reply:
    after = people.change_provisioned_person(provisioner=call.provisioner, before=before, wanted=_wanted(wanted))
    now = shown(call, after)
    return call.shown(now, what=before.user_name, changes=differences(present.model_dump(), now.model_dump()))


def _wanted(user: User[Any]) -> WantedPerson:
    """Return what the directory is asked for; the address that is the user name is none of the aliases."""
    given = user.model_dump()
    kept = {name: given[name] for name in KEPT if given.get(name)}
    department = given.get(ENTERPRISE, {}).get("department")
    if department:
        kept["department"] = department
    emails = kept.get("emails", [])
    if len(emails) > MOST_EMAILS:
        raise Refusal(400, f"A user has at most {MOST_EMAILS} emails.", "invalidValue")
    user_name = str(user.user_name or "")
    aliases = (str(one.get("value", "")) for one in emails)
    return WantedPerson(
        user_name=user_name,
        active=user.active is not False,
        external_id=str(user.external_id or ""),
        name=_called(kept),
        aliases=tuple(one for one in aliases if one and one.lower() != user_name.lower()),
        attributes=kept,
    )


def _called(kept: Mapping[str, Any]) -> str:
    """Return how the directory calls the person: the name for display, or else the parts of their name."""
    name = kept.get("name", {})
    parts = " ".join(part for part in (name.get("givenName"), name.get("familyName")) if part)
    return str(kept.get("displayName") or name.get("formatted") or parts)


def _with_active(payload: Mapping[str, Any], otherwise: bool) -> Mapping[str, Any]:
    """Return a user with ``active``, which clients may leave out: a new one is, and a replaced one stays as it was."""
    if any(name.lower() == "active" and value is not None for name, value in payload.items()):
        return payload
    return {**{name: value for name, value in payload.items() if name.lower() != "active"}, "active": otherwise}

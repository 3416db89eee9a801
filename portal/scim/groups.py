"""Groups: read, made, replaced, changed and deleted.

A group may have tens of thousands of members, and providers add and remove a few at a time, so such changes read no
members at all, and are answered without the group.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from scim2_models import Context, Meta, PatchOp, PatchOperation, SearchRequest

from portal.scim.answers import Refusal, Reply
from portal.scim.filters import wanted
from portal.scim.reading import Call, require_match, version_of
from portal.scim.resources import Group
from portal.scim.users import identity
from portal.usecases.provisioning import groups
from portal.usecases.provisioning.differences import differences
from portal.usecases.provisioning.groups import GroupChanges
from tenants.connections.groups import GroupMemberRecord, GroupRecord, group_record, groups_page, members_of

MOST_MEMBERS: Final = 2_000
"""How many members one request may name to come or go."""
_ONE: Final = re.compile(r'members\[value eq "([^"\\]+)"\]', re.IGNORECASE)


def shown(call: Call, record: GroupRecord, members: Sequence[GroupMemberRecord] | None = None) -> Group:
    """Return a group as clients see it; without its members where they are not asked for."""
    kinds = {True: "Users", False: "Groups"}
    found = Group.model_validate(
        {
            "id": str(record.id),
            "displayName": record.name,
            **({"externalId": record.external_id} if record.external_id else {}),
            **(
                {
                    "members": [
                        {
                            "value": str(one.id),
                            "$ref": call.location(kinds[one.is_person], one.id),
                            "type": "User" if one.is_person else "Group",
                            **({"display": one.name} if one.name else {}),
                        }
                        for one in members
                    ]
                }
                if members
                else {}
            ),
        }
    )
    found.meta = Meta(
        resource_type="Group",
        created=record.created_at,
        last_modified=record.modified_at,
        location=call.location("Groups", record.id),
        version=f'W/"{record.version}-{record.modified_at.timestamp():.6f}"',
    )
    return found


def page(call: Call, asked: SearchRequest[Any], start: int, count: int) -> tuple[list[Group], int]:
    """Return part of the groups that a query finds, and how many it finds in all."""
    organization = call.provisioner.organization.id
    found = groups_page(organization, wanted(Group, asked, start, count))
    members = members_of(organization, [one.id for one in found.rows]) if _wants_members(call) else {}
    return [shown(call, one, members.get(one.id, ())) for one in found.rows], found.total


def get(call: Call, name: str) -> Reply:
    """Answer with one group."""
    record = group_record(call.provisioner.organization.id, identity(name))
    return call.shown(_whole(call, record) if _wants_members(call) else shown(call, record))


def post(call: Call, payload: Mapping[str, Any]) -> Reply:
    """Make a group."""
    given = Group.model_validate(payload, scim_ctx=Context.RESOURCE_CREATION_REQUEST)
    made = groups.add_group(
        provisioner=call.provisioner,
        name=str(given.display_name),
        external_id=str(given.external_id or ""),
        members=_bounded(_ids(given)),
    )
    found = _whole(call, made)
    return call.created(found, made.name, differences(None, found.model_dump()))


def put(call: Call, name: str, payload: Mapping[str, Any]) -> Reply:
    """Replace a group."""
    before = _locked(call, name)
    present = _whole(call, before)
    wanted = Group.model_validate(payload, scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST)
    wanted.replace(present)
    return _replaced(call, before, present, wanted)


def patch(call: Call, name: str, payload: Mapping[str, Any]) -> Reply:
    """Change a group."""
    before = _locked(call, name)
    operations = PatchOp[Group].model_validate(payload, scim_ctx=Context.RESOURCE_PATCH_REQUEST)
    plain = _plain(operations)
    if plain is None:
        present = _whole(call, before)
        wanted = present.model_copy(deep=True)
        operations.patch(wanted)
        reply = _replaced(call, before, present, wanted)
        return Reply(204, None, {"ETag": reply.headers["ETag"]}, reply.what, reply.changes)
    after = groups.change_provisioned_group(provisioner=call.provisioner, before=before, changes=plain)
    now, then = shown(call, after), shown(call, before)
    lines = (
        *differences(then.model_dump(), now.model_dump()),
        *(f"members: + {one}" for one in sorted(map(str, plain.add))),
        *(f"members: - {one}" for one in sorted(map(str, plain.remove))),
    )
    return Reply(204, None, {"ETag": version_of(now)}, before.name, lines)


def delete(call: Call, name: str) -> Reply:
    """Delete a group."""
    before = _locked(call, name)
    groups.delete_provisioned_group(provisioner=call.provisioner, group_id=before.id)
    return Reply(204, what=before.name, changes=differences(shown(call, before).model_dump(), None))


def _locked(call: Call, name: str) -> GroupRecord:
    before = groups.locked_group(provisioner=call.provisioner, group_id=identity(name))
    require_match(call, shown(call, before))
    return before


def _whole(call: Call, record: GroupRecord) -> Group:
    members = members_of(call.provisioner.organization.id, [record.id]).get(record.id, ())
    return shown(call, record, members)


def _wants_members(call: Call) -> bool:
    named = {str(path).lower().rpartition(":")[2].partition(".")[0] for path in call.parameters.attributes or ()}
    left_out = {str(path).lower().rpartition(":")[2] for path in call.parameters.excluded_attributes or ()}
    return "members" not in left_out and (not named or "members" in named)


def _replaced(call: Call, before: GroupRecord, present: Group, wanted: Group) -> Reply:
    have, get_ = _ids(present), _ids(wanted)
    changes = GroupChanges(
        name=None if wanted.display_name == before.name else str(wanted.display_name),
        external_id=str(wanted.external_id or ""),
        add=frozenset(_bounded(get_ - have)),
        remove=frozenset(have - get_),
    )
    after = groups.change_provisioned_group(provisioner=call.provisioner, before=before, changes=changes)
    now = _whole(call, after)
    return call.shown(now, what=before.name, changes=differences(present.model_dump(), now.model_dump()))


def _ids(group: Group) -> set[UUID]:
    return {_member(one.value) for one in group.members or () if one.value}


def _member(value: object) -> UUID:
    try:
        return UUID(str(value))
    except ValueError:
        raise Refusal(400, f"There is no such member: {value}", "invalidValue") from None


def _bounded(ids: set[UUID]) -> set[UUID]:
    if len(ids) > MOST_MEMBERS:
        raise Refusal(413, f"One request adds at most {MOST_MEMBERS} members.", "tooMany")
    return ids


@dataclass(frozen=True, slots=True)
class _Step:
    """What one operation changes, in an order: who comes no more goes, and the other way round."""

    changes: GroupChanges

    def add(self, ids: set[UUID]) -> "_Step":
        present = self.changes
        return _Step(replace(present, add=present.add | ids, remove=present.remove - ids))

    def remove(self, ids: set[UUID]) -> "_Step":
        present = self.changes
        return _Step(replace(present, add=present.add - ids, remove=present.remove | ids))


def _plain(operations: PatchOp[Group]) -> GroupChanges | None:
    """Return changes that need nothing of the group's present members; None where they do."""
    step: _Step | None = _Step(GroupChanges())
    for one in operations.operations or ():
        step = _after(step, one) if step is not None else None
    if step is None:
        return None
    _bounded(set(step.changes.add))
    return step.changes


def _after(step: _Step, one: PatchOperation[Group]) -> _Step | None:
    path, op = str(one.path or ""), one.op.value
    single = _ONE.fullmatch(path)
    if single is not None and op == "remove":
        return step.remove({_member(single[1])})
    if path.lower() == "members" and op in {"add", "remove"} and one.value is not None:
        ids = {_member(value) for value in _values(one.value)}
        return step.add(ids) if op == "add" else step.remove(ids)
    if path and op in {"add", "replace"} and isinstance(one.value, str):
        return _named(step, {path: one.value})
    if not path and op in {"add", "replace"} and isinstance(one.value, Mapping):
        return _named(step, one.value, op)
    return None


def _named(step: _Step, values: Mapping[str, Any], op: str = "replace") -> _Step | None:
    """Return what members of a value without a path change; ids and attributes that are not kept change nothing."""
    changes = step.changes
    for name, value in values.items():
        lowered = name.lower()
        if lowered == "displayname" and isinstance(value, str) and value.strip():
            changes = replace(changes, name=value)
        elif lowered == "externalid" and isinstance(value, str):
            changes = replace(changes, external_id=value)
        elif lowered == "members" and op == "add":
            changes = _Step(changes).add({_member(one) for one in _values(value)}).changes
        elif lowered in {"members", "displayname", "externalid"} or (
            lowered not in {"id", "schemas", "meta"} and ":" in lowered
        ):
            return None
    return _Step(changes)


def _values(value: object) -> list[object]:
    """Return the ids in the value of an operation on members: a list of objects, one object, or plain ids."""
    listed = value if isinstance(value, list) else [value]
    return [one.get("value") if isinstance(one, Mapping) else one for one in listed]

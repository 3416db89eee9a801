"""Carrying out what a run came to about groups: first all groups, then their members, which may be groups."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.db import transaction

from chancery.errors import ChanceryError
from portal.usecases.directory_servers.people import REFUSED, carry_out_one, one_by_one
from portal.usecases.provisioning.groups import (
    GroupChanges,
    add_group,
    addresses_for_group,
    change_provisioned_group,
    change_without_guard,
    delete_provisioned_group,
    locked_group,
)
from portal.usecases.provisioning.provisioner import Provisioner
from portal.usecases.self_granted_access import guarding_self_granted_access
from portal.words.kept_texts import kept
from tenants.connections.groups import kinds_of, members_of
from tenants.connections.known import groups_of_connection
from tenants.connections.services.keep import keep_groups, lock_resources, note_groups_changed
from tenants.directory.services.change_members import MembersChange, change_members
from tenants.directory.services.create_groups import create_groups
from tenants.directory_servers.members import members_meant
from tenants.directory_servers.models import Found
from tenants.directory_servers.selectors import RunFacts, ServerFacts
from tenants.directory_servers.services.runs import Claim, keep_known, keep_outcomes

BATCH: Final = 100
"""Groups that are made or named in one transaction."""
MEMBERS: Final = 50
"""Groups whose members are changed in one transaction; each may have many."""

Outcome = Found.Outcome


def carry_out_groups(run: RunFacts, server: ServerFacts, provisioner: Provisioner, claim: Claim) -> int:
    """Make the next groups, or give them their new names; return how many those were."""
    rows = Found.objects.filter(run_id=run.id, kind=Found.Kind.GROUP, done=False)
    found = list(rows.filter(outcome__in=[Outcome.ADD, Outcome.CHANGE]).order_by("id")[:BATCH])
    if not found:
        return 0
    have = groups_of_connection(server.organization_id, server.id, [row.external_id for row in found])
    with transaction.atomic():
        claim.renew()
        made = _make(server, provisioner, [row for row in found if row.external_id not in have])
        known = [(row.kind, row.external_id, row.key, made[row.pk]) for row in found if row.pk in made]

        def act(row: Found) -> None:
            name, mine = row.wanted["name"], have.get(row.external_id)
            if mine is None:
                group = add_group(
                    provisioner=provisioner, name=name, external_id=row.external_id, address=row.wanted["address"]
                )
                known.append((row.kind, row.external_id, row.key, group.id))
            elif mine.label != name:
                before = locked_group(provisioner=provisioner, group_id=mine.id)
                change_provisioned_group(provisioner=provisioner, before=before, changes=GroupChanges(name=name))

        for row in found:
            row.done = row.pk in made or carry_out_one(row, act)
        keep_known(server.id, known)
        keep_outcomes(found)
    return len(found)


def _make(server: ServerFacts, provisioner: Provisioner, rows: Sequence[Found]) -> dict[int, UUID]:
    """Make at once the groups whose first address is free; return their ids by row.  The others are for ``add_group``.

    Raises NotPermitted.
    """
    provisioner.require("groups")
    organization = server.organization_id
    lock_resources(f"{organization} {row.wanted['name'].casefold()}" for row in rows)
    first = {
        addresses_for_group(provisioner, row.wanted["name"], row.wanted["address"])[0]: row for row in reversed(rows)
    }
    made = create_groups(
        organization_id=organization,
        groups={address: row.wanted["name"] for address, row in first.items()},
        actor=provisioner.caller.directory_actor,
    )
    keep_groups(
        organization_id=organization,
        connection_id=server.id,
        groups={group_id: first[address].external_id for address, group_id in made.items()},
    )
    return {first[address].pk: group_id for address, group_id in made.items()}


def carry_out_members(run: RunFacts, server: ServerFacts, provisioner: Provisioner, claim: Claim) -> int:
    """Let the next groups have the members that they have at the server; return how many groups those were."""
    rows = Found.objects.filter(run_id=run.id, kind=Found.Kind.GROUP, members_done=False)
    found = list(rows.filter(outcome__in=[Outcome.ADD, Outcome.CHANGE]).order_by("id")[:MEMBERS])
    if not found:
        return 0
    guarding = guarding_self_granted_access(caller=provisioner.caller, changes="group")
    with transaction.atomic(), guarding:
        claim.renew()
        differing, people = _differing(run, server, found)
        simple = [one for one in differing.values() if one.add | one.remove <= people]
        changed = change_members(
            organization_id=server.organization_id, changes=simple, actor=provisioner.caller.directory_actor
        )
        note_groups_changed(server.organization_id, changed)
        for row in found:
            row.members_done = True
            one = differing.get(row.pk)
            if one is not None and one.group_id not in changed:
                _set_members(row, one.group_id, one.add, one.remove, provisioner)
        keep_outcomes(found)
    return len(found)


def _differing(
    run: RunFacts, server: ServerFacts, rows: Sequence[Found]
) -> tuple[dict[int, MembersChange], frozenset[UUID]]:
    """Return by row whom a group has to get and to lose, groups among them, and which of all those are people."""
    organization = server.organization_id
    have = groups_of_connection(organization, server.id, [row.external_id for row in rows])
    meant = members_meant(server.id, run.id, {key for row in rows for key in row.wanted["members"]})
    present = members_of(organization, [one.id for one in have.values()])
    kinds = kinds_of(organization, {one.id for one in meant.values() if one.id is not None})
    people = {member for member, is_person in kinds.items() if is_person}
    people |= {one.id for members in present.values() for one in members if one.is_person}
    differing = {}
    for row in rows:
        mine = have.get(row.external_id)
        if mine is None:
            continue
        named = {meant[key].id for key in row.wanted["members"] if key in meant}
        wanted = frozenset(one for one in named if one in kinds and one != mine.id and one is not None)
        now = frozenset(one.id for one in present.get(mine.id, ()))
        differing[row.pk] = MembersChange(mine.id, add=wanted - now, remove=now - wanted)
    return differing, frozenset(people)


def _set_members(
    row: Found, group_id: UUID, add: frozenset[UUID], remove: frozenset[UUID], provisioner: Provisioner
) -> None:
    """Change members; where one is refused, such as a group that would close a circle, the others come all the same."""
    if not add and not remove:
        return
    try:
        with transaction.atomic():
            _change(group_id, GroupChanges(add=add, remove=remove), provisioner)
    except REFUSED as error:
        row.reason = kept(error.message if isinstance(error, ChanceryError) else str(error))
    else:
        return
    kinds = kinds_of(provisioner.organization.id, add)
    people = frozenset(one for one in add if kinds.get(one))
    parts = [GroupChanges(add=people, remove=remove), *(GroupChanges(add=frozenset({one})) for one in add - people)]
    changed = [_is_changed(group_id, part, provisioner) for part in parts if part.add or part.remove]
    if not any(changed):
        row.outcome = Outcome.SET_ASIDE


def _is_changed(group_id: UUID, changes: GroupChanges, provisioner: Provisioner) -> bool:
    """Make a change, and tell whether it was not refused."""
    try:
        with transaction.atomic():
            _change(group_id, changes, provisioner)
    except REFUSED:
        return False
    return True


def _change(group_id: UUID, changes: GroupChanges, provisioner: Provisioner) -> None:
    before = locked_group(provisioner=provisioner, group_id=group_id)
    change_without_guard(provisioner=provisioner, before=before, changes=changes)


def remove_missing_groups(run: RunFacts, provisioner: Provisioner, claim: Claim) -> int:
    """Take away the next groups that are not there any more; return how many those were."""
    rows = Found.objects.filter(run_id=run.id, kind=Found.Kind.GROUP, outcome=Outcome.REMOVE, done=False)

    def act(row: Found) -> None:
        delete_provisioned_group(provisioner=provisioner, group_id=UUID(row.wanted["id"]))

    return one_by_one(list(rows.order_by("id")[:BATCH]), claim, act)

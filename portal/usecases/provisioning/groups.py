"""What a connection does to groups: make, change and delete them."""

import re
import unicodedata
from collections.abc import Collection
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from portal.usecases.provisioning.provisioner import Provisioner
from portal.usecases.roles import notify_of_group
from portal.usecases.self_granted_access import guarding_self_granted_access
from protection.selectors.named_groups import named
from tenants import naming
from tenants.connections.groups import GroupRecord, group_record, kinds_of
from tenants.connections.services.keep import forget_group, keep_group, lock_resource
from tenants.directory.address_holders import owns_domain
from tenants.directory.errors import AddressTaken, DirectoryRefused
from tenants.directory.members import Member
from tenants.directory.selectors.groups import GroupFacts, group_in
from tenants.directory.services.change_group import change_group
from tenants.directory.services.create_group import create_group
from tenants.directory.services.delete_group import delete_group

_TRIES: Final = 20
_LETTERS: Final = 48


@dataclass(frozen=True, slots=True)
class GroupChanges:
    """What a connection changes about a group; None stays as it is."""

    name: str | None = None
    external_id: str | None = None
    add: frozenset[UUID] = frozenset()
    remove: frozenset[UUID] = frozenset()


@transaction.atomic
def add_group(
    *, provisioner: Provisioner, name: str, external_id: str, members: Collection[UUID] = (), address: str = ""
) -> GroupRecord:
    """Make a group under its address at the provider, if that is the organization's own, or one formed from its name.

    Raises DirectoryRefused where no address is free, or a member is not here; NotPermitted and NameRefused.
    """
    provisioner.require("groups")
    organization, caller = provisioner.organization.id, provisioner.caller
    wanted = _members(provisioner, members)
    lock_resource(f"{organization} {name.casefold()}")
    with guarding_self_granted_access(caller=caller, changes="group") if wanted else nullcontext():
        made = _made(provisioner, name, address, wanted)
    keep_group(
        organization_id=organization,
        connection_id=provisioner.connection.id,
        group_id=made.id,
        external_id=external_id,
    )
    return group_record(organization, made.id)


@transaction.atomic
def change_provisioned_group(*, provisioner: Provisioner, before: GroupRecord, changes: GroupChanges) -> GroupRecord:
    """Change a group that was read under ``locked_group``; its address stays, since policies name it.

    Raises DirectoryRefused, NotPermitted and NameRefused.
    """
    provisioner.require("groups")
    with guarding_self_granted_access(caller=provisioner.caller, changes="group", target=before.id):
        change_without_guard(provisioner=provisioner, before=before, changes=changes)
    return group_record(provisioner.organization.id, before.id)


def change_without_guard(*, provisioner: Provisioner, before: GroupRecord, changes: GroupChanges) -> None:
    """Do the same inside of ``guarding_self_granted_access``, which many changes may share; raises as it does."""
    organization, caller = provisioner.organization.id, provisioner.caller
    added, removed = _members(provisioner, changes.add), _members(provisioner, changes.remove, gone=True)
    made = change_group(
        organization_id=organization,
        group_id=before.id,
        name=changes.name,
        add=added,
        remove=removed,
        actor=caller.directory_actor,
    )
    if made.changed:
        notify_of_group(caller, before.id, made.after.address)
    external = before.external_id if changes.external_id is None else changes.external_id
    if made.changed or external != before.external_id:
        keep_group(
            organization_id=organization,
            connection_id=provisioner.connection.id,
            group_id=before.id,
            external_id=external,
        )


@transaction.atomic
def delete_provisioned_group(*, provisioner: Provisioner, group_id: UUID) -> None:
    """Delete a group, or archive one to which a policy denies something; it gives nothing in either case.

    Raises NotHere and NotPermitted.
    """
    provisioner.require("groups")
    organization, caller = provisioner.organization.id, provisioner.caller
    locked_group(provisioner=provisioner, group_id=group_id)
    found = group_in(organization, group_id)
    denied = named(found.id, found.address).denied
    with guarding_self_granted_access(caller=caller, changes="group", target=group_id):
        if denied:
            change_group(organization_id=organization, group_id=group_id, archived=True, actor=caller.directory_actor)
        else:
            delete_group(
                organization_id=organization,
                group_id=group_id,
                named_by_a_denial=False,
                actor=caller.directory_actor,
            )
            forget_group(organization, group_id)


def _made(provisioner: Provisioner, name: str, address: str, members: list[Member]) -> GroupFacts:
    """Make the group under the first of its addresses that is free.  Raises DirectoryRefused where none is."""
    for one in addresses_for_group(provisioner, name, address):
        try:
            with transaction.atomic():
                return create_group(
                    organization_id=provisioner.organization.id,
                    address=one,
                    name=name,
                    members=members,
                    actor=provisioner.caller.directory_actor,
                )
        except AddressTaken:
            continue
    raise DirectoryRefused(_("No address is free for the group “{name}”.").format(name=name))


def locked_group(*, provisioner: Provisioner, group_id: UUID) -> GroupRecord:
    """Return a group that no other connection changes until this transaction ends.  Raises NotHere."""
    lock_resource(group_id)
    return group_record(provisioner.organization.id, group_id)


def _members(provisioner: Provisioner, ids: Collection[UUID], *, gone: bool = False) -> list[Member]:
    """Return ids as members; who is not here is refused, or with ``gone`` left out.  Raises DirectoryRefused."""
    if not ids:
        return []
    kinds = kinds_of(provisioner.organization.id, ids)
    unknown = sorted(str(one) for one in ids if one not in kinds)
    if unknown and not gone:
        raise DirectoryRefused(_("There is no such person or group: {ids}.").format(ids=", ".join(unknown[:3])))
    return [Member(person_id=one) if kinds[one] else Member(group_id=one) for one in sorted(ids) if one in kinds]


def addresses_for_group(provisioner: Provisioner, name: str, own: str) -> list[str]:
    """Return the addresses to try for a group: its own, then the plainest."""
    domain = provisioner.connection.group_domain
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    local = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LETTERS].strip("-") or "group"
    formed = [f"{local}@{domain}", *(f"{local}-{number}@{domain}" for number in range(2, _TRIES))]
    given = bool(own) and owns_domain(provisioner.organization.id, naming.domain_of(own))
    return [own, *formed] if given else formed

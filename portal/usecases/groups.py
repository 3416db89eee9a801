"""Groups: create, change and delete; each says what it changed for whom."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.languages import grouped
from portal.usecases import consequences
from portal.usecases.cached_licenses import kept_words
from portal.usecases.caller import Caller
from portal.usecases.confirmation import (
    Stated,
    confirmed,
    confirmed_by_outcome,
    require_confirmation,
)
from portal.usecases.effects import Effect, effect
from portal.usecases.losses import losing_group
from portal.usecases.roles import notify_of_group
from portal.usecases.self_granted_access import guarding_self_granted_access
from protection.selectors.affected import affected_by_people
from protection.selectors.named_groups import named
from tenants import naming
from tenants.directory.members import Member
from tenants.directory.selectors.domains import domains_in
from tenants.directory.selectors.groups import GroupFacts, group_in, people_held
from tenants.directory.selectors.people import person_known_as
from tenants.directory.services.change_group import GroupChange
from tenants.directory.services.change_group import change_group as change_group_service
from tenants.directory.services.create_group import create_group as create_group_service
from tenants.directory.services.delete_group import delete_group as delete_group_service


@dataclass(frozen=True, slots=True)
class CreatedGroup:
    """The group that there is now, and in words what it gives and to whom."""

    group: GroupFacts
    effect: Effect


def create_group(
    *, caller: Caller, address: str, name: str, description: str = "", members: Sequence[str] = ()
) -> CreatedGroup:
    """Create a group under an address of the organization's own."""
    with guarding_self_granted_access(caller=caller, changes="group"):
        made = create_group_service(
            organization_id=caller.organization,
            address=address,
            name=name,
            description=description,
            members=[Member(address=one) for one in members],
            actor=caller.directory_actor,
        )
    number = len(made.members)
    done = ngettext(
        "The group {address} is made, with {number} member. It gives what policies grant to its address.",
        "The group {address} is made, with {number} members. It gives what policies grant to its address.",
        number,
    ).format(address=made.address, number=grouped(number))
    return CreatedGroup(made, effect(True, done, "", *addresses_without_account(caller, made)))


def addresses_without_account(caller: Caller, group: GroupFacts, only: Iterable[str] | None = None) -> Iterator[str]:
    """Warn of members in the organization's own domains that are addresses nobody has yet: most are mistyped.

    Of other domains' addresses nothing is said: whom they belong to is not this organization's business
    (docs/protocol.md P20). ``only`` are the addresses to look at, all where it is None.
    """
    own = {one.domain for one in domains_in(caller.organization) if one.proven_at}
    bare = [one.address for one in group.members if one.kind == "address" and naming.domain_of(one.address) in own]
    wanted = None if only is None else {one.casefold() for one in only}
    named = [one for one in bare if wanted is None or one in wanted]
    nobody = [one for one in named if person_known_as(caller.organization, one) is None]
    if nobody:
        text = _("No account has this address yet: {addresses}. The person who proves it becomes a member.")
        yield text.format(addresses=", ".join(nobody))


@dataclass(frozen=True, slots=True)
class ChangedGroup:
    """What a change of a group did, and the group before and after."""

    effect: Effect
    change: GroupChange


def change_group(
    *,
    caller: Caller,
    group_id: UUID,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
    name: str | None = None,
    description: str | None = None,
    archived: bool | None = None,
    stated: Stated,
) -> ChangedGroup:
    """Change a group, asked first where it is archived or many leave."""
    found = group_in(caller.organization, group_id)
    if archived and not found.archived:
        require_confirmation(consequences.archiving_group(found), stated)

    def act(_reason: str) -> GroupChange:
        with guarding_self_granted_access(caller=caller, changes="group", target=group_id):
            return change_group_service(
                organization_id=caller.organization,
                group_id=group_id,
                name=name,
                description=description,
                add=[Member(address=address) for address in add],
                remove=[Member(address=address) for address in remove],
                archived=archived,
                actor=caller.directory_actor,
            )

    change = confirmed_by_outcome(stated, act, losing_group)
    if change.changed:
        notify_of_group(caller, group_id, change.after.address)
    return ChangedGroup(
        _group_effect(change, add, remove, addresses_without_account(caller, change.after, only=add)), change
    )


def delete_group(*, caller: Caller, group_id: UUID, stated: Stated) -> Effect:
    """Delete a group.  Raises DirectoryRefused where a policy denies something to it: then it can only be archived."""
    found = group_in(caller.organization, group_id)
    naming, held = named(found.id, found.address), people_held(found.members)

    def act(_reason: str) -> None:
        with guarding_self_granted_access(caller=caller, changes="group", target=group_id):
            delete_group_service(
                organization_id=caller.organization,
                group_id=group_id,
                named_by_a_denial=naming.denied,
                actor=caller.directory_actor,
            )

    confirmed(consequences.deleting_group(found, naming), stated, act)
    until = affected_by_people(held).until
    done = _("The group {address} is deleted and no longer gives access.").format(address=found.address)
    return effect(True, done, "", *kept_words(until), latest_offline_moment=until)


def _group_effect(change: GroupChange, add: Sequence[str], remove: Sequence[str], mistyped: Iterable[str]) -> Effect:
    before, after, address = change.before, change.after, change.after.address
    added, removed = ([one.address or one.label for one in members] for members in (change.added, change.removed))
    done = [
        _("{address} is changed.").format(address=address),
        *([_("Added: {members}.").format(members=", ".join(added))] if added else []),
        *(
            [
                _("Removed: {members}; what the group gave them is refused from now on.").format(
                    members=", ".join(removed)
                )
            ]
            if removed
            else []
        ),
        *([_("It is archived and no longer gives access.")] if after.archived and not before.archived else []),
        *([_("It is in use again.")] if before.archived and not after.archived else []),
    ]
    unmoved = []
    if len(added) < len(set(add)):
        unmoved.append(_("Some of those to be added were members already."))
    if len(removed) < len(set(remove)):
        unmoved.append(_("Some of those to be removed were no direct members."))
    state = " ".join(unmoved) or _("{address} is so already.").format(address=address)
    warnings = [*unmoved, *mistyped] if change.changed else []
    return effect(
        change.changed,
        " ".join(done),
        state,
        *warnings,
        added=added,
        removed=removed,
    )

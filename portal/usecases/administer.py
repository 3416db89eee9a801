"""What administrators do, for every interface: ask first where it is dangerous, do it, say what it changed for whom."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from chancery.errors import NotFound
from chancery.texts import say
from portal.usecases import dangers
from portal.usecases.caller import Caller
from portal.usecases.confirmation import Stated, confirmed, confirmed_by_outcome, copies_until, require_confirmation
from portal.usecases.create import nobody_yet
from portal.usecases.effects import Effect, effect
from portal.usecases.kept_on_devices import kept_until
from portal.usecases.losses import losing_group
from portal.usecases.own_gain import watching_own_gain
from portal.usecases.prove_domain import prove_domain
from portal.usecases.roles import change_role, disable_person, enable_person, require_roles
from portal.usecases.withdraw import (
    change_group,
    deactivate_service,
    delete_group,
    disable_application,
    revoke_device,
)
from portal.words.roles import role_in_words
from portal.words.settings import settings_in_words
from protection.selectors.named_groups import named
from protection.selectors.organization import Key, keys
from protection.selectors.reach import reach_of_key, reach_of_people, reach_of_person, reach_of_service
from protection.services.configure import Configuration, configure
from protection.services.rotate_key import activate_key, create_key, mark_key_compromised, rotate_key
from tenants.actor import Actor
from tenants.directory.members import Member
from tenants.directory.selectors.devices import DeviceFacts
from tenants.directory.selectors.domains import ApplicationFacts, domains_in
from tenants.directory.selectors.groups import group_in, people_held
from tenants.directory.selectors.people import person_in
from tenants.directory.services.change_group import GroupChange
from tenants.directory.services.release_domain import release_domain
from tenants.naming import mail_domain
from tenants.organizations.selectors import OrganizationFacts
from tenants.organizations.services.activate_service import activate_service


def switch_service(*, caller: Caller, organization: OrganizationFacts, on: bool, stated: Stated) -> Effect:
    """Switch the protection service on or off."""
    actor = caller.directory_actor
    if on:
        changed = activate_service(organization_id=organization.id, reason=stated.reason, actor=actor)
        return effect(
            changed, _("The service is on: documents can be protected and opened."), _("The service is on already.")
        )
    if not organization.service_active:
        return effect(False, "", _("The service is off already."))
    reason = require_confirmation(dangers.switching_off(organization), stated)
    changed = deactivate_service(organization_id=organization.id, reason=reason, actor=actor)
    until = reach_of_service().until
    return effect(
        changed,
        _("The service is off: nothing can be protected or opened until it is switched on again."),
        _("The service is off already."),
        *_kept(until),
        latest_offline_moment=until,
    )


def set_role(*, caller: Caller, person_id: UUID, role: str, stated: Stated) -> Effect:
    """Give a person another role."""
    found = person_in(caller.organization, person_id)
    danger = dangers.changing_role(found, role)

    def act(reason: str) -> bool:
        return change_role(caller=caller, person_id=person_id, role=role, reason=reason)

    changed = act(stated.reason) if danger is None else confirmed(danger, stated, act)
    return effect(
        changed,
        _("{address}: the role is {after} now (before: {before}).").format(
            address=found.email, after=role_in_words(role), before=role_in_words(found.role)
        ),
        _("{address} has the role {role} already.").format(address=found.email, role=role_in_words(role)),
    )


def set_disabled(*, caller: Caller, person_id: UUID, disabled: bool, stated: Stated) -> Effect:
    """Disable or enable a person."""
    found = person_in(caller.organization, person_id)
    if not disabled:
        return effect(
            enable_person(caller=caller, person_id=person_id),
            _("{address} is enabled: licenses are issued to them again.").format(address=found.email),
            _("{address} is enabled already.").format(address=found.email),
        )
    require_roles(caller, found.role)
    reason = stated.reason if found.disabled else require_confirmation(dangers.disabling(found), stated)
    changed = disable_person(caller=caller, person_id=person_id, reason=reason)
    until = reach_of_person(person_id).until
    return effect(
        changed,
        _("{address} is disabled: no license from now on.").format(address=found.email),
        _("{address} is disabled already.").format(address=found.email),
        *_kept(until),
        latest_offline_moment=until,
    )


def set_group(
    *,
    caller: Caller,
    group_id: UUID,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
    name: str | None = None,
    description: str | None = None,
    archived: bool | None = None,
    stated: Stated,
) -> tuple[Effect, GroupChange]:
    """Change a group, asked first where it is archived or many leave; return also the group before and after."""
    found = group_in(caller.organization, group_id)
    if archived and not found.archived:
        require_confirmation(dangers.archiving_group(found), stated)

    def act(_reason: str) -> GroupChange:
        with watching_own_gain(caller=caller, changes="group", target=group_id):
            return change_group(
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
    return _group_effect(change, add, remove, nobody_yet(caller, change.after, only=add)), change


def end_group(*, caller: Caller, group_id: UUID, stated: Stated) -> Effect:
    """Delete a group.  Raises DirectoryRefused where a policy denies something to it: then it can only be archived."""
    found = group_in(caller.organization, group_id)
    naming, held = named(found.id, found.address), people_held(found.members)

    def act(_reason: str) -> None:
        with watching_own_gain(caller=caller, changes="group", target=group_id):
            delete_group(
                organization_id=caller.organization,
                group_id=group_id,
                named_by_a_denial=naming.denied,
                actor=caller.directory_actor,
            )

    confirmed(dangers.deleting_group(found, naming), stated, act)
    until = reach_of_people(held).until
    done = _("The group {address} is deleted: it gives nothing any more.").format(address=found.address)
    return effect(True, done, "", *_kept(until), latest_offline_moment=until)


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
        *([_("It is archived: it gives nothing any more.")] if after.archived and not before.archived else []),
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


def give_up_domain(*, caller: Caller, organization: OrganizationFacts, domain: str, stated: Stated) -> Effect:
    """Release a mail domain.  Raises NotHere for one that is not the organization's."""
    normal = mail_domain(domain)

    def act(reason: str) -> None:
        release_domain(organization_id=organization.id, domain=normal, reason=reason, actor=caller.directory_actor)

    confirmed(dangers.releasing_domain(organization, normal), stated, act)
    return effect(True, _("{domain} is given up.").format(domain=normal), "")


def take_over_domain(*, caller: Caller, domain: str) -> Effect:
    """Prove a claimed mail domain by its TXT record."""
    normal = mail_domain(domain)
    proven = any(one.domain == normal and one.proven_at for one in domains_in(caller.organization))
    if not proven:
        prove_domain(organization_id=caller.organization, domain=normal, actor=caller.directory_actor)
    return effect(
        not proven,
        _("{domain} is proven: your organization answers for its addresses from now on.").format(domain=normal),
        _("{domain} is proven already.").format(domain=normal),
    )


def end_application(*, caller: Caller, application: ApplicationFacts, stated: Stated) -> Effect:
    """Disable an application."""
    state = _("{name} is disabled already.").format(name=application.name)
    if application.disabled:
        return effect(False, "", state)
    reason = require_confirmation(dangers.disabling_application(application), stated)
    disable_application(
        organization_id=caller.organization,
        client_id=application.client_id,
        reason=reason,
        actor=caller.directory_actor,
    )
    done = _("{name} is disabled: its tokens are over, and it gets no license from now on.")
    until = reach_of_person(application.person_id).until
    return effect(True, done.format(name=application.name), state, *_kept(until), latest_offline_moment=until)


def end_device(
    *, person_id: UUID, device: DeviceFacts, actor: Actor, stated: Stated, signs_out: bool = False
) -> Effect:
    """Revoke a device; one that signs itself out is not asked."""
    fresh = device.revoked_at is None
    # Who signs out forgets what the device keeps, and gets no message.
    until = None if signs_out else kept_until(person_id, device.id)
    if fresh:
        if not signs_out:
            require_confirmation(dangers.revoking_device(device, until), stated)
        revoke_device(person_id=person_id, device_id=device.id, actor=actor)
    return effect(
        fresh,
        _("{device} is revoked. It gets no license any more.").format(device=device.name),
        _("{device} is revoked already.").format(device=device.name),
        *_kept(until),
        latest_offline_moment=until,
    )


def new_key(*, caller: Caller, suite: str | None, activate: bool, stated: Stated) -> Effect:
    """Make a tenant key, and protect by it from now on where that is asked for."""
    if not activate:
        made = create_key(organization=caller.organization, actor=caller.actor, suite=suite)
        return effect(True, _("The key is made and archived until you activate it."), "", id=str(made))
    reason = require_confirmation(dangers.activating_key(None), stated)
    made = rotate_key(organization=caller.organization, actor=caller.actor, suite=suite, reason=reason)
    done = _("The new key protects from now on. Old documents still open.")
    return effect(True, done, "", id=str(made))


def use_key(*, caller: Caller, key_id: UUID, stated: Stated) -> Effect:
    """Protect by an archived key from now on."""
    key = _key(key_id)
    reason = stated.reason
    if key.status == "archived":
        reason = require_confirmation(dangers.activating_key(key), stated)
    return effect(
        activate_key(organization=caller.organization, actor=caller.actor, key=key_id, reason=reason),
        _("The key {key} protects from now on.").format(key=key.kid[:16]),
        _("The key {key} is the active one already.").format(key=key.kid[:16]),
    )


def withdraw_key(*, caller: Caller, key_id: UUID, stated: Stated) -> Effect:
    """Mark a key as compromised."""
    key = _key(key_id)
    reason = stated.reason
    if key.status == "archived":
        reason = require_confirmation(dangers.compromising_key(key), stated)
    changed = mark_key_compromised(organization=caller.organization, actor=caller.actor, key=key_id, reason=reason)
    until = reach_of_key(key_id).until
    return effect(
        changed,
        _("The key {key} opens nothing any more.").format(key=key.kid[:16]),
        _("The key {key} is withdrawn already.").format(key=key.kid[:16]),
        *_kept(until),
        latest_offline_moment=until,
    )


def set_settings(*, caller: Caller, configuration: Configuration) -> Effect:
    """Change settings of the service."""
    changes = configure(actor=caller.actor, configuration=configuration)
    words = " ".join(settings_in_words(changes))
    return effect(
        bool(changes),
        _("Changed from the next license on: {changes}").format(changes=words),
        _("The settings are so already."),
    )


def _kept(until: datetime | None) -> tuple[str, ...]:
    """Say after access ended until when licenses kept on devices still open, issuers' own included."""
    return () if until is None else (copies_until(until),)


def _key(key_id: UUID) -> Key:
    found = next((one for one in keys() if one.id == key_id), None)
    if found is None:
        raise NotFound(say("There is no such key."))
    return found

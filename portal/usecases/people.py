"""People: add, disable, enable, and change their role."""

import math
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from portal.notifications.mails import mail_invitation
from portal.throttle import retry_after
from portal.usecases import consequences, roles
from portal.usecases.cached_licenses import kept_words
from portal.usecases.caller import Caller
from portal.usecases.confirmation import Stated, confirmed, confirmed_by_outcome, require_confirmation
from portal.usecases.effects import Effect, effect
from portal.usecases.left_behind import after_they_went
from portal.usecases.roles import given, notify_of_role, require_roles, require_scope
from portal.words.roles import role_in_words, roles_in_words
from protection.selectors.affected import affected_by_person
from protection.services.unlink_identity import unlink_identity
from tenants import naming
from tenants.actor import Actor as DirectoryActor
from tenants.directory.roles import USER
from tenants.directory.selectors.domains import domains_in
from tenants.directory.selectors.people import PersonFacts, person_in
from tenants.directory.services.create_person import create_person as create_person_service
from tenants.directory.services.note_invitation import note_invitation
from tenants.organizations.selectors import OrganizationFacts

AGAIN: Final = 600
"""Seconds between two invitations to one person."""


@dataclass(frozen=True, slots=True)
class Added:
    """Who was added, and in words how they learn of it and what the caller may not have meant."""

    person: PersonFacts
    effect: Effect


@transaction.atomic
def create_person(
    *,
    caller: Caller,
    organization: OrganizationFacts,
    address: str,
    name: str,
    role: str,
    guest: bool,
    stated: Stated,
) -> Added:
    """Give somebody a place and mail them where it is; making an administrator asks first.

    Raises DirectoryRefused, NameRefused and ConfirmationRequired.
    """
    require_roles(caller, concerned=role != USER)
    prompt = consequences.adding(naming.address(address), role)

    def act(reason: str) -> PersonFacts:
        return create_person_service(
            organization_id=organization.id,
            address=address,
            name=name,
            role=role,
            guest=guest,
            reason=reason,
            let_go=unlink_identity,
            actor=caller.directory_actor,
        )

    person = act(stated.reason) if prompt is None else confirmed(prompt, stated, act)
    if given(person):
        notify_of_role(caller, person)
    mail_invitation(person, organization)
    words = _("{address} is added. An invitation is sent; a code mailed to that address signs the person in.")
    unexpected = not person.guest and _lies_outside(organization, person.email)
    again = _("They had left. What they had here stays with their earlier identity; they start as a new person.")
    outside = _("The address lies outside your mail domains and is no guest, so “everybody” means this person too.")
    made_guest = _("This organization does not manage the address, so they are a guest here, with the role of a user.")
    warnings = [outside] if unexpected else [made_guest] if person.guest and not guest else []
    warnings += [again] if person.returned else []
    message = words.format(address=person.email)
    return Added(person, Effect(changed=True, message=message, warnings=tuple(warnings)))


@transaction.atomic
def invite_person_again(*, caller: Caller, organization: OrganizationFacts, person_id: UUID) -> Effect:
    """Mail somebody the invitation again, at most once in ten minutes: nobody's mailbox is filled from here."""
    found = person_in(organization.id, person_id)
    wait = 0 if found.disabled or not found.email else retry_after(f"invitation {person_id}", rate=1 / AGAIN, burst=1)
    may = not found.disabled and bool(found.email) and not wait
    if may:
        note_invitation(organization_id=organization.id, person=found, actor=caller.directory_actor)
        mail_invitation(found, organization)
    if found.disabled:
        otherwise = _("{address} is disabled; enable them first.")
    elif not found.email:
        otherwise = _("They have no address to which an invitation could go.")
    else:
        otherwise = _("{address} was invited a short while ago; try again in {minutes} minutes.")
    return effect(
        may,
        _("The invitation is sent to {address} again.").format(address=found.email),
        otherwise.format(address=found.email, minutes=math.ceil(wait / 60)),
    )


@transaction.atomic
def create_person_by_operator(
    *, organization: OrganizationFacts, address: str, name: str, role: str, guest: bool, actor: DirectoryActor
) -> PersonFacts:
    """Give somebody a place at the operator's command, and mail them where it is.

    Raises DirectoryRefused and NameRefused.
    """
    person = create_person_service(
        organization_id=organization.id,
        address=address,
        name=name,
        role=role,
        guest=guest,
        let_go=unlink_identity,
        actor=actor,
    )
    mail_invitation(person, organization)
    return person


def _lies_outside(organization: OrganizationFacts, address: str) -> bool:
    """Tell whether the address lies outside the domains the organization has proven, if it has proven any."""
    proven = {facts.domain for facts in domains_in(organization.id) if facts.proven_at is not None}
    return bool(proven) and naming.domain_of(address) not in proven


def change_role(*, caller: Caller, person_id: UUID, role: str, stated: Stated) -> Effect:
    """Give a person another role, asked first.  Raises DirectoryRefused and what ``confirmed`` raises."""
    found = person_in(caller.organization, person_id)
    prompt = consequences.changing_role(found, role)

    def act(reason: str) -> bool:
        return roles.change_role(caller=caller, person_id=person_id, role=role, reason=reason)

    changed = confirmed_by_outcome(stated, act, lambda changed: prompt if changed else None)
    return effect(
        changed,
        _("{address}: the role is {after} now (before: {before}).").format(
            address=found.email, after=role_in_words(role), before=roles_in_words(found.roles)
        ),
        _("{address} has the role {role} already.").format(address=found.email, role=role_in_words(role)),
    )


def disable_person(*, caller: Caller, person_id: UUID, stated: Stated) -> Effect:
    """Disable a person."""
    found = person_in(caller.organization, person_id)
    require_scope(caller, found)
    reason = stated.reason if found.disabled else require_confirmation(consequences.disabling(found), stated)
    changed = roles.disable_person(caller=caller, person_id=person_id, reason=reason)
    until = affected_by_person(person_id).until
    return effect(
        changed,
        _("{address} is disabled: no license from now on.").format(address=found.email),
        _("{address} is disabled already.").format(address=found.email),
        *kept_words(until),
        after_they_went(person_id) if changed else "",
        latest_offline_moment=until,
    )


def enable_person(*, caller: Caller, person_id: UUID) -> Effect:
    """Enable a disabled person again."""
    found = person_in(caller.organization, person_id)
    return effect(
        roles.enable_person(caller=caller, person_id=person_id),
        _("{address} is enabled: licenses are issued to them again.").format(address=found.email),
        _("{address} is enabled already.").format(address=found.email),
    )

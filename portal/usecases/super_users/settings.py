"""Who may ask for super-user grants: off and empty by default, and changed only after a question."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chancery.errors import NotFound
from chancery.texts import message
from portal.languages import grouped
from portal.notifications.super_users import mail_super_users_changed
from portal.usecases.caller import Caller
from portal.usecases.confirmation import ConfirmationPrompt, Stated, if_any, require_confirmation
from portal.usecases.effects import Effect, effect
from portal.usecases.super_users.watching import watchers
from protection.selectors.super_users import (
    GrantFacts,
    SuperUserSettings,
    keepers,
    super_user_settings,
    under_way,
)
from protection.services.super_users import (
    add_super_user,
    choose_group,
    remove_super_user,
    set_notice_days,
    switch_super_users,
)
from tenants.directory.selectors.domains import application_of_client
from tenants.directory.selectors.groups import groups_at
from tenants.directory.selectors.people import membership_at, person_in, person_known_as
from tenants.organizations.selectors import OrganizationFacts


@dataclass(frozen=True, slots=True)
class Named:
    """A person or application that may be listed."""

    id: UUID
    called: str
    application: bool


def switch(*, caller: Caller, organization: OrganizationFacts, on: bool, stated: Stated) -> Effect:
    """Switch super users on or off for the organization.  Raises what ``require_confirmation`` raises."""
    settings = super_user_settings()
    state = _("Super users are on already.") if on else _("Super users are off already.")
    if settings.on == on:
        return effect(False, "", state)
    reason = require_confirmation(_switching(organization, settings, on=on), stated)
    with transaction.atomic():
        switch_super_users(actor=caller.actor, on=on, reason=reason)
        mail_super_users_changed(watchers(caller.organization), caller.address, "on" if on else "off", organization)
    done = (
        _("Super users are on: who is listed can ask for a grant, and another person approves it.")
        if on
        else _("Super users are off: nobody can ask for a grant, and no grant opens anything.")
    )
    return effect(True, done, state)


def let_ask(*, caller: Caller, organization: OrganizationFacts, who: str, stated: Stated) -> Effect:
    """List a person, by address, or an application, by its client id.

    Raises NotFound and what ``require_confirmation`` raises.
    """
    named = _named(caller.organization, who)
    state = _("{name} can ask for super-user grants already.").format(name=named.called)
    if super_user_settings().lists(named.id):
        return effect(False, "", state)
    prompt = ConfirmationPrompt(
        question=_("Let {name} ask for super-user grants?").format(name=named.called),
        consequences=(
            _("They open nothing by that. For every grant another administrator has to approve what they ask for."),
            _("Auditors and administrators get a mail."),
        ),
        button=_("Let them ask"),
        confirm=named.called,
        needs_fresh=True,
    )
    require_confirmation(prompt, stated)
    with transaction.atomic():
        added = add_super_user(actor=caller.actor, person=named.id, address=named.called, application=named.application)
        mail_super_users_changed(
            watchers(caller.organization), caller.address, "added", organization, name=named.called
        )
    return effect(added, _("{name} can ask for super-user grants.").format(name=named.called), state)


def no_longer_let_ask(*, caller: Caller, organization: OrganizationFacts, person_id: UUID, stated: Stated) -> Effect:
    """Take a person or application off the list, and end what they have.

    Raises NotFound and what ``require_confirmation`` raises.
    """
    found = next((one for one in super_user_settings().people if one.id == person_id), None)
    if found is None:
        raise NotFound(message("This person or application is not listed."))
    prompt = ConfirmationPrompt(
        question=_("No longer let {name} ask for super-user grants?").format(name=found.address),
        consequences=_ending(under_way(holder=person_id)),
        button=_("Take them off the list"),
        confirm=found.address,
    )
    require_confirmation(prompt, stated)
    with transaction.atomic():
        remove_super_user(actor=caller.actor, person=person_id)
        mail_super_users_changed(
            watchers(caller.organization), caller.address, "removed", organization, name=found.address
        )
    return effect(True, _("{name} can no longer ask for super-user grants.").format(name=found.address), "")


def let_group_ask(*, caller: Caller, organization: OrganizationFacts, address: str, stated: Stated) -> Effect:
    """Let the members of one group ask, nested ones too; "" for no group.

    Raises NotFound and what ``require_confirmation`` raises.
    """
    settings = super_user_settings()
    group = None
    if address:
        held = groups_at(caller.organization, [address]).get(address)
        if not held or not held[0].live:
            raise NotFound(message("There is no group with the address {address} here.", address=address))
        group = held[0].id
    state = _("It is so already.")
    if settings.group == group:
        return effect(False, "", state)
    require_confirmation(_choosing(settings, address), stated)
    with transaction.atomic():
        choose_group(actor=caller.actor, group=group, address=address)
        name = address or settings.group_address
        what = "group" if address else "no_group"
        mail_super_users_changed(watchers(caller.organization), caller.address, what, organization, name=name)
    done = (
        _("The members of {address} can ask for super-user grants.").format(address=address)
        if address
        else _("No group can ask for super-user grants.")
    )
    return effect(True, done, state)


def tell_owners_after(*, caller: Caller, organization: OrganizationFacts, days: int, stated: Stated) -> Effect:
    """Set after how many days owners are told what was opened.

    Raises InvalidPolicy and what ``require_confirmation`` raises.
    """
    settings = super_user_settings()
    state = _("It is so already.")
    if settings.notice_days == days:
        return effect(False, "", state)
    prompt = ConfirmationPrompt(
        question=ngettext(
            "Tell owners {number} day after their document was opened under a super-user grant?",
            "Tell owners {number} days after their document was opened under a super-user grant?",
            days,
        ).format(number=grouped(days)),
        consequences=(
            _("It counts for grants that are approved from now on."),
            _("Auditors are told at once in any case, and every opening is on record."),
        ),
        button=_("Change it"),
        confirm=str(days),
        needs_fresh=True,
    )
    require_confirmation(prompt, stated)
    with transaction.atomic():
        set_notice_days(actor=caller.actor, days=days)
        mail_super_users_changed(
            watchers(caller.organization), caller.address, "notice", organization, name=grouped(days)
        )
    return effect(True, _("Owners are told after {number} days.").format(number=grouped(days)), state)


def _switching(organization: OrganizationFacts, settings: SuperUserSettings, *, on: bool) -> ConfirmationPrompt:
    if not on:
        return ConfirmationPrompt(
            question=_("Switch super users off?"),
            consequences=(_("Nobody can ask for a grant."), *_ending(under_way())),
            button=_("Switch super users off"),
            confirm=organization.name,
            needs_reason=True,
        )
    listed = len(settings.people)
    return ConfirmationPrompt(
        question=_("Switch super users on?"),
        consequences=(
            _(
                "A super user asks for a grant, says why, and another administrator approves it. It then opens every"
                " document that it covers for some hours, whatever its policy says."
            ),
            *if_any(listed, ngettext("{number} is listed.", "{number} are listed.", listed)),
            *((_("The members of {address} can ask, too.").format(address=settings.group_address),)
              if settings.group else ()),
            _("Auditors and administrators get a mail now, auditors one for every grant, owners later."),
            *_without_recovery(),
        ),
        button=_("Switch super users on"),
        confirm=organization.name,
        typed=True,
        needs_reason=True,
        needs_fresh=True,
    )  # fmt: skip


def _without_recovery() -> tuple[str, ...]:
    return () if keepers() else (_("No recovery keys are named: where one administrator is left, nobody approves."),)


def _choosing(settings: SuperUserSettings, address: str) -> ConfirmationPrompt:
    if address:
        return ConfirmationPrompt(
            question=_("Let the members of {address} ask for super-user grants?").format(address=address),
            consequences=(
                _("Members of groups in it can ask, too. Whoever manages the group decides who that is."),
                *((_("The members of {address} no longer can.").format(address=settings.group_address),)
                  if settings.group else ()),
                *_ending([one for one in under_way() if not settings.lists(one.holder)]),
                _("Auditors and administrators get a mail."),
            ),
            button=_("Let them ask"),
            confirm=address,
            needs_fresh=True,
        )  # fmt: skip
    return ConfirmationPrompt(
        question=_("No longer let the members of {address} ask?").format(address=settings.group_address),
        consequences=_ending([one for one in under_way() if not settings.lists(one.holder)]),
        button=_("Let no group ask"),
        confirm=settings.group_address,
    )


def _ending(grants: Sequence[GrantFacts]) -> tuple[str, ...]:
    number = len(grants)
    return if_any(
        number,
        ngettext("{number} grant or request ends.", "{number} grants or requests end.", number),
    ) or (_("No grant is active or asked for."),)


def _named(organization: UUID, who: str) -> Named:
    """Return whom an address or a client id means.  Raises NotFound."""
    if "@" in who:
        person = person_known_as(organization, who)
        place = None if person is None else membership_at(organization, person)
        if person is not None and place is not None and not (place.guest or place.disabled):
            return Named(person, person_in(organization, person).email, application=False)
    else:
        application = application_of_client(who)
        if application is not None and application.organization_id == organization and not application.disabled:
            return Named(application.person_id, application.name, application=True)
    raise NotFound(
        message("There is no enabled member or application {name} here.", name=who),
        remedy=message("Name the address of a member, or the client id of an application."),
    )

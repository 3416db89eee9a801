"""How the service works for the organization: settings, and its switch."""

from dataclasses import replace
from uuid import UUID

from django.utils.translation import gettext as _

from chancery.errors import NotFound
from chancery.texts import message
from portal.notifications.names import mail_tracking_changed
from portal.subjects.untracked import untracked_address
from portal.usecases import consequences
from portal.usecases.cached_licenses import kept_words
from portal.usecases.caller import Caller
from portal.usecases.confirmation import Stated, require_confirmation
from portal.usecases.effects import Effect, effect
from portal.usecases.revocations import deactivate_service
from portal.usecases.self_granted_access import AUDITOR, NOTIFIED_AT_MOST, enabled_with_role
from portal.words.settings import settings_in_words
from protection.selectors.affected import affected_by_service
from protection.services.configure import NO_GROUP, Configuration, configure
from tenants.directory.selectors.groups import groups_at
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
    reason = require_confirmation(consequences.switching_off(organization), stated)
    changed = deactivate_service(organization_id=organization.id, reason=reason, actor=actor)
    until = affected_by_service().until
    return effect(
        changed,
        _("The service is off: nothing can be protected or opened until it is switched on again."),
        _("The service is off already."),
        *kept_words(until),
        latest_offline_moment=until,
    )


def change_settings(*, caller: Caller, configuration: Configuration, untracked_group: str | None = None) -> Effect:
    """Change settings of the service; ``untracked_group`` is a group's address, "" for none, None to leave it.

    Raises NotFound for an address of no group.
    """
    if untracked_group is not None:
        configuration = replace(configuration, untracked_group=_group_at(caller.organization, untracked_group))
    changes = configure(actor=caller.actor, configuration=configuration)
    if "untracked_group" in changes:
        before, after = changes["untracked_group"]
        changes["untracked_group"] = (untracked_address(caller.organization, before), untracked_group or after)
    words = " ".join(settings_in_words(changes))
    if {"tracking", "untracked_group"} & changes.keys():
        auditors = [one for one in enabled_with_role(caller.organization, AUDITOR) if one.id != caller.person]
        mail_tracking_changed(auditors[:NOTIFIED_AT_MOST], by=caller.address or caller.name, changes=words)
    return effect(
        bool(changes),
        _("Changed from the next license on: {changes}").format(changes=words),
        _("The settings are so already."),
    )


def _group_at(organization: UUID, address: str) -> UUID:
    if not address:
        return NO_GROUP
    found = groups_at(organization, [address]).get(address)
    if not found:
        raise NotFound(message("There is no group {address} in this organization.", address=address))
    return found[0].id

"""How the service works for the organization: settings, and its switch."""

from django.utils.translation import gettext as _

from portal.usecases import consequences
from portal.usecases.cached_licenses import kept_words
from portal.usecases.caller import Caller
from portal.usecases.confirmation import Stated, require_confirmation
from portal.usecases.effects import Effect, effect
from portal.usecases.revocations import deactivate_service
from portal.words.settings import settings_in_words
from protection.selectors.affected import affected_by_service
from protection.services.configure import Configuration, configure
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


def change_settings(*, caller: Caller, configuration: Configuration) -> Effect:
    """Change settings of the service."""
    changes = configure(actor=caller.actor, configuration=configuration)
    words = " ".join(settings_in_words(changes))
    return effect(
        bool(changes),
        _("Changed from the next license on: {changes}").format(changes=words),
        _("The settings are so already."),
    )

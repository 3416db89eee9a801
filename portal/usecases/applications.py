"""Applications: create and disable."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from portal.usecases import consequences
from portal.usecases.cached_licenses import kept_words
from portal.usecases.caller import Caller
from portal.usecases.confirmation import Stated, require_confirmation
from portal.usecases.effects import Effect, effect
from portal.usecases.roles import require_second_factor
from protection.selectors.affected import affected_by_person
from tenants.directory.selectors.domains import ApplicationFacts
from tenants.directory.services.create_application import Credentials
from tenants.directory.services.create_application import create_application as create_application_service
from tenants.directory.services.disable_application import disable_application as disable_application_service


@dataclass(frozen=True, slots=True)
class CreatedApplication:
    """What the application signs in with, shown once, and in words what it may do."""

    credentials: Credentials
    effect: Effect


def create_application(*, caller: Caller, name: str, roles: Sequence[str]) -> CreatedApplication:
    """Create an application that acts as itself.  Raises NotPermitted."""
    require_second_factor(caller, roles)
    made = create_application_service(
        organization_id=caller.organization, name=name, roles=roles, actor=caller.directory_actor
    )
    done = (
        _("The application “{name}” is made. It may act as: {roles}.").format(name=name, roles=", ".join(roles))
        if roles
        else _("The application “{name}” is made. It can open only what it is granted.").format(name=name)
    )
    return CreatedApplication(made, effect(True, done, "", _("Its secret is shown this once only.")))


def disable_application(*, caller: Caller, application: ApplicationFacts, stated: Stated) -> Effect:
    """Disable an application."""
    state = _("{name} is disabled already.").format(name=application.name)
    if application.disabled:
        return effect(False, "", state)
    reason = require_confirmation(consequences.disabling_application(application), stated)
    disable_application_service(
        organization_id=caller.organization,
        client_id=application.client_id,
        reason=reason,
        actor=caller.directory_actor,
    )
    done = _("{name} is disabled: its tokens are over, and it gets no license from now on.")
    until = affected_by_person(application.person_id).until
    return effect(True, done.format(name=application.name), state, *kept_words(until), latest_offline_moment=until)

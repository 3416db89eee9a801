"""Leave an organization by oneself: the same as being removed, asked first, and irrevocable."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.usecases.caller import Caller
from portal.usecases.confirmation import ConfirmationPrompt, Stated, confirmed, copies_until, if_any
from portal.usecases.effects import Effect, effect
from portal.usecases.known_secrets import notify_of_known_secrets
from portal.usecases.remove_person import Removal, removal_of
from tenants.directory.errors import NotPermitted
from tenants.directory.services.remove_person import remove_person
from tenants.organizations.selectors import OrganizationFacts


def leave_organization(*, caller: Caller, organization: OrganizationFacts, stated: Stated) -> Effect:
    """End the caller's own place.  Raises LastAdministrator, NotPermitted and what ``confirmed`` raises."""
    removal = removal_of(caller=caller, person_id=caller.person)
    if removal.person.is_service:
        raise NotPermitted(_("An application cannot leave; an administrator disables it."))

    def act(reason: str) -> None:
        remove_person(
            organization_id=organization.id,
            person_id=caller.person,
            reason=reason,
            actor=caller.directory_actor,
        )
        notify_of_known_secrets(caller, removal.person)

    confirmed(_leaving(organization, removal), stated, act)
    return effect(
        True,
        _("You have left {organization}.").format(organization=organization.name),
        "",
        copies_until(removal.until) if removal.until is not None else "",
        documents=removal.documents,
        latest_offline_moment=removal.until,
    )


def _leaving(organization: OrganizationFacts, removal: Removal) -> ConfirmationPrompt:
    return ConfirmationPrompt(
        question=_("Leave {organization}?").format(organization=organization.name),
        consequences=(
            _("You open nothing here from the next request on, also not what you protected yourself."),
            *if_any(
                removal.documents,
                ngettext(
                    "{number} document stays with your old identity. Its recipients keep their access.",
                    "{number} documents stay with your old identity. Their recipients keep their access.",
                    removal.documents,
                ),
            ),
            *if_any(
                removal.documents,
                ngettext(
                    "Hand it over first, or no one answers requests or changes who may open it until an administrator"
                    " has handed it over.",
                    "Hand them over first, or no one answers requests or changes who may open them until an"
                    " administrator has handed them over.",
                    removal.documents,
                ),
            ),
            *(
                (_("These groups lose you: {groups}.").format(groups=", ".join(removal.groups)),)
                if removal.groups
                else ()
            ),
            _(
                "Your addresses in the organization's mail domains are no longer yours; what was granted to you"
                " under them ends, also at other organizations. The next person who gets them inherits nothing."
            ),
            copies_until(removal.until),
            _("This cannot be undone. If you come back, you start as a new person."),
        ),
        button=_("Leave the organization"),
        cancel=_("Stay in {organization}").format(organization=organization.name),
        confirm=organization.name,
        typed=True,
        needs_fresh=True,
        leaves=removal.person.id if removal.documents else None,
    )

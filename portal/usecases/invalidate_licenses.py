"""Let devices ask for a new license at the next opening: everybody's, or those of one group's people.

Changes in the directory reach kept licenses by themselves within a minute (docs/protocol.md P24).  This is for the one
who does not want to rely on it, for instance after a restore or a wrong change that was put right.
"""

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chancery.errors import NotFound
from chancery.ledger.kinds import Kind
from chancery.texts import message
from portal.usecases.caller import Caller
from portal.usecases.confirmation import ConfirmationPrompt, Stated, confirmed, copies_until
from portal.usecases.effects import Effect, effect
from protection.selectors.affected import Reach, affected_by_people, affected_by_service
from protection.services.feed import invalidate_all_of
from protection.services.propagate_revocation import propagate_revocation
from protection.services.recording import record_action
from tenants import naming
from tenants.directory.revocations import people_below
from tenants.directory.selectors.groups import group_at
from tenants.organizations.selectors import OrganizationFacts


@transaction.atomic
def invalidate_licenses(*, caller: Caller, organization: OrganizationFacts, stated: Stated, group: str = "") -> Effect:
    """Invalidate the licenses that devices keep, asked first; ``group`` is the address of a group, "" for everybody.

    Nobody loses a right by it.  Raises NotFound for an address of no group, and NameRefused for what is none.
    """
    found = group_at(organization.id, naming.address(group)) if group else None
    if group and found is None:
        raise NotFound(message("There is no group with the address {address}.", address=group))
    people = sorted(people_below([found])) if found is not None else []
    reach = affected_by_service() if found is None else affected_by_people(people)

    def act(reason: str) -> None:
        if found is None:
            invalidate_all_of(organization.id)
        else:
            propagate_revocation(people=people, groups=(), addresses=(), joined=False, device_feed_id=None)
        details = {"reason": reason, **({} if found is None else {"group": str(found)})}
        record_action(Kind.LICENSES_INVALIDATED, caller.actor, recipient=group, details=details)

    confirmed(_prompt(organization, group, len(people), reach), stated, act)
    done = _(
        "Every device asks for a new license at its next opening. Those that are connected learn it within a minute."
    )
    return effect(True, done, "", latest_offline_moment=reach.until)


def _prompt(organization: OrganizationFacts, group: str, people: int, reach: Reach) -> ConfirmationPrompt:
    whose = (
        ngettext(
            "It concerns {number} person whom the group holds now, on all of their devices.",
            "It concerns {number} people whom the group holds now, on all of their devices.",
            people,
        ).format(number=people)
        if group
        else _("It concerns everybody who keeps a license for a document of {organization}.").format(
            organization=organization.name
        )
    )
    return ConfirmationPrompt(
        question=_("Invalidate all licenses that devices keep?"),
        consequences=(
            whose,
            _("Nobody loses a right: the next opening asks for a new license, for which a device needs the network."),
            copies_until(reach.until),
            _("Changes of groups and people do not need it: they reach connected devices within a minute."),
        ),
        button=_("Invalidate the licenses"),
        confirm=group or organization.name,
    )

"""Act for another person: see their documents as one's own list, and take access back in their name (promise C85).

It gives nothing that the role does not give, since administrators never widen (docs/protocol.md P18).  What it
changes is whose will a revocation is: the person's, who undoes it as if they had made it.
"""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from chancery.errors import Conflict, NotFound
from chancery.policy.permission import Permission
from chancery.texts import message
from portal.notifications.acting import mail_acting
from portal.usecases.caller import Caller
from portal.usecases.confirmation import ConfirmationPrompt, Stated, confirmed, moment_in_words
from portal.usecases.effects import Effect, effect
from protection.services.act_for import begin_acting, end_acting
from tenants.directory.selectors.people import PersonFacts, person_in, person_known_as
from tenants.organizations.selectors import OrganizationFacts


class ActingForNobody(Conflict):
    """A person cannot be acted for: they are the administrator themselves, a guest, or a program."""

    code = "cannot_act_for"
    remedy = message("Choose another member of your organization.")


def act_for_address(*, caller: Caller, organization: OrganizationFacts, address: str, stated: Stated) -> Effect:
    """Act for the member with an address.  Raises what ``act_for`` raises."""
    person = person_known_as(organization.id, address)
    if person is None:
        raise NotFound(message("There is no member {address} in this organization.", address=address))
    return act_for(caller=caller, organization=organization, person_id=person, stated=stated)


def act_for(*, caller: Caller, organization: OrganizationFacts, person_id: UUID, stated: Stated) -> Effect:
    """Act for a member of the organization from now on, for an hour.

    Raises NotFound, ActingForNobody and what ``confirmed`` raises.
    """
    if not caller.may(Permission.DOCUMENTS_REVOKE):
        raise NotFound(message("There is no such person, or you may not act for them."))
    found = person_in(organization.id, person_id)
    if found.id == caller.person or found.guest or found.is_service:
        raise ActingForNobody(message("You cannot act for {who}.", who=found.email or found.name))
    # The mail is written with it or not at all: nobody is acted for without hearing of it.
    with transaction.atomic():
        done = confirmed(
            _prompt(found),
            stated,
            lambda reason: begin_acting(actor=caller.actor, person=found.id, address=found.email, reason=reason),
        )
        if found.email:
            mail_acting(found, caller.address or caller.name, done, organization=organization)
    words = _("You act for {who} until {when}.").format(who=found.email, when=moment_in_words(done.until))
    return effect(True, words, "", until=done.until)


def stop_acting(*, caller: Caller) -> Effect:
    """Act for oneself again."""
    return effect(end_acting(actor=caller.actor), _("You act for yourself again."), _("You act for yourself already."))


def _prompt(found: PersonFacts) -> ConfirmationPrompt:
    return ConfirmationPrompt(
        question=_("Act for {who}?").format(who=found.email),
        consequences=(
            _("For one hour “My documents” are theirs, and access that you take back is taken back in their name."),
            _("They get a mail with your reason now; all that you do is recorded with both names."),
            _("You cannot open their documents or give access, and what you take back in their name only they undo."),
        ),
        button=_("Act for them"),
        confirm=found.email,
        needs_reason=True,
        gives=True,
    )

"""See who opened one document, or all, where the organization shows no names (promise C90).

It takes two people and two roles: who asks decides about the document or administers, who answers is an auditor and
independent of them (decision 19), and gives no answer to themselves.  Asking and answering are of one transaction with
the mail about it.
"""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from chancery.errors import NotFound
from chancery.texts import message
from portal.notifications.names import mail_names_answered, mail_names_asked
from portal.usecases.caller import Caller
from portal.usecases.confirmation import ConfirmationPrompt, Stated, confirmed, moment_in_words
from portal.usecases.effects import Effect, effect
from portal.usecases.permissions import Permission
from portal.usecases.self_granted_access import AUDITOR, NOTIFIED_AT_MOST, enabled_with_role
from protection.selectors.documents import decided_among, document_for
from protection.selectors.unmaskings import UnmaskingFacts, Unmaskings, unmaskings_for
from protection.services import unmask
from protection.services.configure import NeedsAnAuditor
from tenants.directory.selectors.administrators import people_possibly_made_by
from tenants.directory.selectors.people import PersonFacts, enabled_among, person_in
from tenants.organizations.selectors import OrganizationFacts


def visible_names_requests(*, caller: Caller, state: str = "") -> Unmaskings:
    """Return the caller's requests; auditors and administrators see all."""
    return unmaskings_for(caller.person, everybody=caller.may(Permission.DOCUMENTS_READ_ALL), state=state)


@transaction.atomic
def ask_for_names(*, caller: Caller, organization: OrganizationFacts, cid: UUID, stated: Stated) -> Effect:
    """Ask to see who opened a document.

    Raises NotFound, NamesAreShown, NeedsAnAuditor and what ``confirmed`` raises.
    """
    title = document_for(caller.actor, cid).row.title or str(cid)
    if not (caller.actor.administrator or decided_among(caller.person, [cid])):
        raise NotFound(message("There is no such document of yours."))
    auditors = _auditors(caller)
    prompt = ConfirmationPrompt(
        question=_("Ask to see who opened “{title}”?").format(title=title),
        consequences=(
            _("An auditor decides; all auditors get a mail with your reason."),
            _("If it is approved, names are shown to you and the auditor for seven days. Both is recorded."),
        ),
        button=_("Ask"),
        confirm=title,
        needs_reason=True,
        gives=True,
    )
    asked = confirmed(prompt, stated, lambda reason: unmask.ask_for_names(actor=caller.actor, cid=cid, reason=reason))
    mail_names_asked(auditors[:NOTIFIED_AT_MOST], asked, organization=organization)
    return effect(True, _("An auditor decides about it; you get a mail."), "", id=str(asked.id))


@transaction.atomic
def ask_for_all_names(*, caller: Caller, organization: OrganizationFacts, stated: Stated) -> Effect:
    """Ask to show names on all documents again.  Raises NamesAreShown, NeedsAnAuditor and what ``confirmed`` raises."""
    auditors = _auditors(caller)
    prompt = ConfirmationPrompt(
        question=_("Ask to show names on all documents again?"),
        consequences=(
            _("An auditor decides; all auditors get a mail with your reason."),
            _("If it is approved, owners see who opened their documents, also what happened while names were hidden."),
        ),
        button=_("Ask"),
        confirm=organization.name,
        needs_reason=True,
        gives=True,
    )
    asked = confirmed(prompt, stated, lambda reason: unmask.ask_for_all_names(actor=caller.actor, reason=reason))
    mail_names_asked(auditors[:NOTIFIED_AT_MOST], asked, organization=organization)
    return effect(True, _("An auditor decides about it; you get a mail."), "", id=str(asked.id))


def _auditors(caller: Caller) -> list[PersonFacts]:
    """Return the auditors who could answer.  Raises NeedsAnAuditor where there are none."""
    auditors = [one for one in enabled_with_role(caller.organization, AUDITOR) if one.id != caller.person]
    if not auditors:
        raise NeedsAnAuditor(
            message("No auditor is there who could approve it."),
            remedy=message("Give an independent person the role of an auditor, and ask again."),
        )
    return auditors


@transaction.atomic
def answer_names(
    *, caller: Caller, organization: OrganizationFacts, request_id: UUID, show: bool, stated: Stated
) -> Effect:
    """Show names or decline, as an auditor; who asked may withdraw it.

    Raises NotFound, NamesAnswered, NeedsAnAuditor and what ``confirmed`` raises.
    """
    found = next((one for one in visible_names_requests(caller=caller).rows if one.id == request_id), None)
    if found is None:
        raise NotFound(message("There is no such request, or you may not see it."))
    own = found.asked_by == caller.person
    if caller.role != AUDITOR and not (own and not show):
        raise NotFound(message("There is no such request, or you may not see it."))
    if show and (own or caller.person in _one_with(organization.id, found.asked_by)):
        raise NeedsAnAuditor(
            message("You asked for it yourself, or you and the person who did are not independent of each other."),
            remedy=message("Ask an auditor who is independent of the person who asked to answer it."),
        )

    def act(reason: str) -> UnmaskingFacts:
        return unmask.answer_names(actor=caller.actor, unmasking=request_id, show=show, reason=reason)

    answered = confirmed(_prompt(found), stated, act) if show else act(stated.reason)
    reader = _reader(organization.id, found.asked_by)
    if reader is not None and not own:
        mail_names_answered(reader, answered, organization=organization)
    if not show:
        return effect(True, _("No names are shown to {address}.").format(address=found.asked_address), "")
    if answered.until is None:
        return effect(True, _("Owners see again who opens their documents."), "")
    return effect(
        True,
        _("Names are shown to you and {address} until {when}.").format(
            address=found.asked_address, when=moment_in_words(answered.until)
        ),
        "",
    )


def _prompt(found: UnmaskingFacts) -> ConfirmationPrompt:
    if found.cid is None:
        return ConfirmationPrompt(
            question=_("Show names on all documents again?"),
            consequences=(
                _("{address} asks for it. Their reason: {reason}").format(
                    address=found.asked_address, reason=found.reason
                ),
                _("Owners see who opened their documents, also what happened while names were hidden."),
            ),
            button=_("Show names"),
            confirm=found.asked_address,
            gives=True,
        )
    return ConfirmationPrompt(
        question=_("Show {address} who opened “{title}”?").format(
            address=found.asked_address, title=found.title or found.cid
        ),
        consequences=(
            _("Their reason: {reason}").format(reason=found.reason),
            _("Names are shown to both of you for seven days. It is recorded."),
        ),
        button=_("Show names"),
        confirm=found.asked_address,
        gives=True,
    )


def _one_with(organization: UUID, person: UUID) -> frozenset[UUID]:
    days = timedelta(days=settings.CHANCERY_APPROVER_DAYS)
    return people_possibly_made_by(organization, person, within=days)


def _reader(organization: UUID, person: UUID) -> PersonFacts | None:
    return person_in(organization, person) if person in enabled_among(organization, [person]) else None

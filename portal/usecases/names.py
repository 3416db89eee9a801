"""See who opened one document or all, or hide another group's members: what was hidden is shown (promise C90).

It takes two people and two roles: who asks decides about the document or administers, who answers is an auditor and
independent of them (decision 19), and gives no answer to themselves.  Asking and answering are of one transaction with
the mail about it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from chancery.errors import NotFound
from chancery.policy.permission import Permission
from chancery.texts import message
from portal.notifications.names import mail_names_answered, mail_names_asked
from portal.subjects.untracked import shows_somebody, untracked_address, untracked_group_at
from portal.usecases.caller import Caller
from portal.usecases.confirmation import ConfirmationPrompt, Stated, confirmed, moment_in_words
from portal.usecases.effects import Effect, effect
from portal.usecases.self_granted_access import NOTIFIED_AT_MOST, enabled_with_role
from protection.selectors.documents import decided_among, document_for
from protection.selectors.sight import tracking_settings
from protection.selectors.unmaskings import UnmaskingFacts, Unmaskings, unmaskings_for, waiting_since
from protection.services import unmask
from protection.services.configure import NeedsAnAuditor
from protection.services.unmask import NobodyHidden
from tenants.directory.roles import ADMINISTRATOR, AUDITOR
from tenants.directory.selectors.administrators import people_possibly_made_by
from tenants.directory.selectors.people import PersonFacts, enabled_among, person_in
from tenants.organizations.selectors import OrganizationFacts


def visible_names_requests(*, caller: Caller, state: str = "") -> Unmaskings:
    """Return the caller's requests; auditors and administrators see all."""
    return unmaskings_for(caller.person, everybody=caller.may(Permission.DOCUMENTS_READ_ALL), state=state)


@dataclass(frozen=True, slots=True)
class AskedNames:
    """Since when the caller's own request to see who opened a document waits, None where none does."""

    since: datetime | None


def asked_names(*, caller: Caller, cid: UUID) -> AskedNames:
    """Return whether the caller has asked to see who opened a document, and nobody has answered."""
    return AskedNames(waiting_since(caller.person, cid))


@transaction.atomic
def ask_for_names(*, caller: Caller, organization: OrganizationFacts, cid: UUID, stated: Stated) -> Effect:
    """Ask to see who opened a document.

    Raises NotFound, NamesAreShown, NeedsAnAuditor and what ``confirmed`` raises.
    """
    title = document_for(caller.actor, cid).row.title or str(cid)
    if not (caller.may(Permission.DOCUMENTS_REVOKE) or decided_among(caller.person, [cid])):
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


@transaction.atomic
def ask_for_group(*, caller: Caller, organization: OrganizationFacts, untracked_group: str, stated: Stated) -> Effect:
    """Ask to hide another group's members from owners, "" for nobody's, so that others are shown.

    Raises NotFound for an address of no group, NobodyHidden, NeedsAnAuditor and what ``confirmed`` raises.
    """
    auditors = _auditors(caller)
    group = untracked_group_at(caller.organization, untracked_group)
    before = tracking_settings()[1]
    if before is not None and not shows_somebody(before, group):
        raise NobodyHidden(message("That shows nobody who is hidden now, so no auditor has to approve it."))
    prompt = ConfirmationPrompt(
        question=_("Ask to hide another group's members from owners?"),
        consequences=(
            _("Hidden now: {before}. Hidden from then on: {after}.").format(
                before=untracked_address(caller.organization, before) or _("nobody"),
                after=untracked_group or _("nobody"),
            ),
            _("An auditor decides; all auditors get a mail with your reason."),
            _("If it is approved, owners see what the others did, also what they did while they were hidden."),
        ),
        button=_("Ask"),
        confirm=organization.name,
        needs_reason=True,
        gives=True,
    )

    def act(reason: str) -> UnmaskingFacts:
        return unmask.ask_for_group(actor=caller.actor, group=group, address=untracked_group, reason=reason)

    asked = confirmed(prompt, stated, act)
    mail_names_asked(auditors[:NOTIFIED_AT_MOST], asked, organization=organization)
    return effect(True, _("An auditor decides about it; you get a mail."), "", id=str(asked.id))


def _auditors(caller: Caller) -> list[PersonFacts]:
    """Return the auditors who could answer.  Raises NeedsAnAuditor where there are none."""
    answering = enabled_with_role(caller.organization, AUDITOR)
    auditors = [one for one in answering if one.id != caller.person and ADMINISTRATOR not in one.roles]
    if not auditors:
        raise NeedsAnAuditor(
            message("No auditor is there who could approve it."),
            remedy=message("Give an independent person the role of an auditor, and ask again."),
        )
    return auditors


def may_approve(caller: Caller, found: UnmaskingFacts) -> bool:
    """Tell whether the caller may show what is asked for: an auditor, independent of who asks."""
    one_with = _one_with(caller.organization, found.asked_by)
    return caller.may(Permission.NAMES_ANSWER) and caller.person not in {found.asked_by, *one_with}


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
    if not caller.may(Permission.NAMES_ANSWER) and not (own and not show):
        raise NotFound(message("There is no such request, or you may not see it."))
    if show and not may_approve(caller, found):
        raise NeedsAnAuditor(
            message("You asked for it yourself, or you and the person who did are not independent of each other."),
            remedy=message("Ask an auditor who is independent of the person who asked to answer it."),
        )

    def act(reason: str) -> UnmaskingFacts:
        return unmask.answer_names(actor=caller.actor, unmasking=request_id, show=show, reason=reason)

    answered = confirmed(_prompt(organization.id, found), stated, act) if show else act(stated.reason)
    reader = _reader(organization.id, found.asked_by)
    if reader is not None and not own:
        mail_names_answered(reader, answered, organization=organization)
    if not show:
        return effect(True, _("The request of {address} is declined.").format(address=found.asked_address), "")
    if answered.about == "group":
        hidden = answered.group_address or _("nobody")
        return effect(True, _("Hidden from owners are now members of: {group}.").format(group=hidden), "")
    if answered.until is None:
        return effect(True, _("Owners see again who opens their documents."), "")
    return effect(
        True,
        _("Names are shown to you and {address} until {when}.").format(
            address=found.asked_address, when=moment_in_words(answered.until)
        ),
        "",
    )


def _prompt(organization: UUID, found: UnmaskingFacts) -> ConfirmationPrompt:
    if found.about == "group":
        return ConfirmationPrompt(
            question=_("Hide another group's members from owners?"),
            consequences=(
                _("{address} asks for it. Their reason: {reason}").format(
                    address=found.asked_address, reason=found.reason
                ),
                _("Hidden now: {before}. Hidden from then on: {after}.").format(
                    before=untracked_address(organization, found.group_before) or _("nobody"),
                    after=found.group_address or _("nobody"),
                ),
                _("Owners see what the others did, also what they did while they were hidden."),
            ),
            button=_("Approve"),
            confirm=found.asked_address,
            gives=True,
        )
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

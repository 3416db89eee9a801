"""Take access to a document back and give it back, at once or at a moment: each says what it changed for whom."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from chancery.policy.policy import Principal, PrincipalKind
from chancery.policy.revocations import name_of
from portal.subjects.recipients import entry_named, recipient_of
from portal.usecases.caller import Caller
from portal.usecases.confirmation import ConfirmationPrompt, Stated, confirmed_by_outcome
from portal.usecases.documents import Access, access_of
from portal.usecases.effects import Effect, effect
from portal.usecases.losses import losing_everybody, losing_many
from portal.usecases.revocation_mails import write_revocation_mails
from portal.usecases.sight import sight_of
from portal.words.policies import who_in_words
from protection.selectors.documents import document_for, latest_offline_moment
from protection.selectors.kept import latest_moment_of
from protection.services.restore import restore
from protection.services.revoke import Recipient, Revocation, Revoked, revoke
from protection.services.schedule_revocation import Scheduled, schedule_revocation
from protection.services.successor import name_successor
from tenants.organizations.selectors import OrganizationFacts

_KNOWN: Final = {Access.YES: True, Access.NO: False}


@dataclass(frozen=True, slots=True)
class RevocationRequest:
    """What a person asks for.

    ``recipient`` is an address, a domain or an organization as policies write them, "" for everybody.  ``at`` is the
    moment, in seconds since 1970, None for now; the other members are those of ``Revocation``.
    """

    recipient: str = ""
    at: int | None = None
    message: str = ""
    successor: UUID | None = None
    issuer_too: bool = False


NOW_FROM_EVERYBODY: Final = RevocationRequest()


def revoke_access(
    *,
    caller: Caller,
    organization: OrganizationFacts,
    cid: UUID,
    asked: RevocationRequest = NOW_FROM_EVERYBODY,
    stated: Stated,
) -> Effect:
    """Take access back from one recipient or from everybody; what shuts many out asks first.

    Says when that changes nothing.  Raises what ``revoke`` and ``schedule_revocation`` raise, and InvalidPolicy for a
    recipient that nobody can be.
    """
    document_for(caller.actor, cid)
    who = entry_named(asked.recipient, organization.id) if asked.recipient else None
    recipient = None if who is None else recipient_of(who)
    if asked.at is not None:
        return _at(caller, organization, cid, asked, recipient, asked.at, stated)
    had = _had(caller, organization, cid, who)

    def act(reason: str) -> Revoked:
        made = revoke(actor=caller.actor, cid=cid, revocation=_revocation(asked, recipient, reason))
        if made.changed:
            write_revocation_mails(organization, cid, recipient.name if recipient else "", asked.message)
        return made

    def prompt_of(made: Revoked) -> ConfirmationPrompt | None:
        return _prompt(caller, organization, cid, who, asked) if made.changed else None

    done = confirmed_by_outcome(stated, act, prompt_of)
    members: dict[str, object] = {"rev": done.rev, "had_access": _KNOWN.get(had), "scheduled": None}
    if who is None or recipient is None:
        return _from_everybody(cid, asked, done, members)
    return _from_one(caller, organization, cid, who, recipient, had, done, members)


def _revocation(asked: RevocationRequest, recipient: Recipient | None, reason: str) -> Revocation:
    return Revocation(recipient, reason, asked.message, asked.successor, asked.issuer_too)


def _had(caller: Caller, organization: OrganizationFacts, cid: UUID, who: Principal | None) -> Access:
    """Return what is known of whether the recipient had access; whom a domain means only an opening shows."""
    if who is None:
        return Access.YES
    if who.kind is not PrincipalKind.ADDRESS:
        return Access.UNKNOWN
    return access_of(caller=caller, organization=organization, cid=cid, address=who.value)


def _prompt(
    caller: Caller, organization: OrganizationFacts, cid: UUID, who: Principal | None, asked: RevocationRequest
) -> ConfirmationPrompt | None:
    """Return what is asked first; one person or one group is named by whoever takes access from them."""
    at = None if asked.at is None else datetime.fromtimestamp(asked.at, UTC)
    if who is None:
        return losing_everybody(cid, sight_of(caller=caller), at=at, issuer_too=asked.issuer_too)
    if who.kind is PrincipalKind.ADDRESS:
        return None
    return losing_many(cid, sight_of(caller=caller), who_in_words(who, organization.id, organization.name), at=at)


def _from_everybody(cid: UUID, asked: RevocationRequest, done: Revoked, members: dict[str, object]) -> Effect:
    latest = latest_offline_moment(cid, issuer_too=asked.issuer_too)
    if done.since is not None and done.updated:
        words = _("Access was taken back from everybody already, on {when}; what you set besides is changed.")
        return effect(True, words.format(when=_day(done.since)), "", latest_offline_moment=latest, **members)
    words = (
        _("Access is taken back from everybody, the person who protected the document included.")
        if asked.issuer_too
        else _(
            "Access is taken back from everybody but the person who protected the document, unless it was handed over."
        )
    )
    return effect(
        done.changed,
        words,
        _("Access was taken back from everybody already, on {when}.").format(when=_day(done.since)),
        *_kept_until(latest),
        latest_offline_moment=latest,
        **members,
    )


def _from_one(
    caller: Caller,
    organization: OrganizationFacts,
    cid: UUID,
    who: Principal,
    recipient: Recipient,
    had: Access,
    done: Revoked,
    members: dict[str, object],
) -> Effect:
    called = who_in_words(who, organization.id, organization.name)
    latest = _latest_of(caller, cid, recipient)
    lost = had in {Access.YES, Access.UNKNOWN}
    taken = _("Access is taken back from {who}.") if lost else _("{who} is denied access from now on.")
    warnings = [*_kept_until(latest)] if lost else []
    if done.changed and not lost:
        words = (
            _("{who} had no access to this document, so no one lost access. Check the address.")
            if had is Access.NO
            else _("The policy does not name {who}, so probably no one lost access. Check the address.")
        )
        warnings.append(words.format(who=called))
    single = who.kind is PrincipalKind.ADDRESS
    if single and access_of(caller=caller, organization=organization, cid=cid, address=who.value) is Access.YES:
        warnings.append(_("{who} keeps access, because they protected the document.").format(who=called))
    return effect(
        done.changed,
        taken.format(who=called),
        _("Access was taken back from {who} already, on {when}.").format(who=called, when=_day(done.since)),
        *warnings,
        latest_offline_moment=latest,
        **members,
    )


def _at(
    caller: Caller,
    organization: OrganizationFacts,
    cid: UUID,
    asked: RevocationRequest,
    recipient: Recipient | None,
    at: int,
    stated: Stated,
) -> Effect:
    """Set the moment at which access ends."""
    who = entry_named(asked.recipient, organization.id) if asked.recipient else None

    def act(reason: str) -> Scheduled:
        what = _revocation(asked, recipient, reason)
        return schedule_revocation(actor=caller.actor, cid=cid, revocation=what, at=at)

    def prompt_of(made: Scheduled) -> ConfirmationPrompt | None:
        return _prompt(caller, organization, cid, who, asked) if made.changed else None

    done = confirmed_by_outcome(stated, act, prompt_of)
    moment = datetime.fromtimestamp(at, UTC)
    called = "" if who is None else who_in_words(who, organization.id, organization.name)
    kept = latest_offline_moment(cid) if recipient is None else _latest_of(caller, cid, recipient)
    latest = moment if kept is None or kept < moment else kept
    words = (
        _("Access of {who} ends on {when}.").format(who=called, when=_day(moment))
        if called
        else _("Everybody's access ends on {when}.").format(when=_day(moment))
    )
    return effect(
        done.changed,
        words,
        words,
        *(_kept_until(latest) if latest > moment else ()),
        rev=document_for(caller.actor, cid).rev,
        latest_offline_moment=latest,
        had_access=None,
        scheduled=str(done.id),
    )


def restore_access(*, caller: Caller, organization: OrganizationFacts, cid: UUID, recipient: str = "") -> Effect:
    """Give access back to one recipient, or undo that it was taken back from everybody; say what stays taken back."""
    who = entry_named(recipient, organization.id) if recipient else None
    name = "" if who is None else name_of(who)
    called = "" if who is None else who_in_words(who, organization.id, organization.name)
    done = restore(actor=caller.actor, cid=cid, recipient=name)
    others = [one for one in done.addresses if one != name]
    warnings = []
    if who and done.everybody:
        warnings.append(_("Access is still taken back from everybody. Give it back to everybody, too."))
    if others:
        warnings.append(
            _("Access is still taken back from: {addresses}. Give it back to each of them by address.").format(
                addresses=", ".join(others)
            )
        )
    single = who is not None and who.kind is PrincipalKind.ADDRESS
    stays_out = single and access_of(caller=caller, organization=organization, cid=cid, address=name) is Access.NO
    if done.changed and stays_out and not done.everybody and not done.by_owner:
        warnings.append(_("{who} still has no access: see “Why?” for the reason.").format(who=called))
    given = (
        _("Access is given back to {who}.").format(who=called) if called else _("Access is given back to everybody.")
    )
    return effect(
        done.changed,
        _("What administrators took back is given back; the owner took it back, too, and only they give it back.")
        if done.by_owner
        else given,
        _("Access was not taken back from {who}.").format(who=called)
        if called
        else _("Access was not taken back from everybody."),
        *warnings,
        still_revoked=list(done.addresses),
        revoked_for_everybody=done.everybody,
    )


@transaction.atomic
def set_successor(*, caller: Caller, cid: UUID, successor: UUID | None) -> Effect:
    """Name the document that replaces another one, or none any more."""
    changed = name_successor(actor=caller.actor, cid=cid, successor=successor)
    if successor is None:
        return effect(changed, _("No document replaces it any more."), _("No document replaces it."))
    return effect(
        changed,
        _("People who are refused because access was taken back are led to the document that replaces it."),
        _("This document replaces it already."),
    )


def _latest_of(caller: Caller, cid: UUID, recipient: Recipient) -> datetime | None:
    return latest_moment_of(
        cid, sight_of(caller=caller), recipient.name, recipient.identity if recipient.single else None
    )


def _kept_until(latest: datetime | None) -> Iterable[str]:
    if latest is not None:
        yield _("A copy kept on a device that does not connect can be opened until {when}.").format(when=_day(latest))


def _day(moment: datetime | None) -> str:
    return "" if moment is None else date_format(timezone.localtime(moment), "DATETIME_FORMAT")

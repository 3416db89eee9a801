"""See who opened one document, or all, where the organization shows no names: asked for, and answered by another."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from chancery.errors import Conflict, NotFound
from chancery.ledger.kinds import Kind
from chancery.texts import message
from protection.actor import Actor
from protection.models import Content, Tracking, Unmasking
from protection.selectors.sight import tracking_settings
from protection.selectors.unmaskings import UnmaskingFacts, facts_of
from protection.services.configure import Configuration, configure
from protection.services.recording import record_action

SHOWN_FOR: Final = timedelta(days=7)
"""How long names are shown to the two people once it is approved."""


class NamesAreShown(Conflict):
    """The organization shows names, or nothing at all on one document, so there is nothing to ask for."""

    code = "names_are_not_masked"
    remedy = message("Look at the settings: only where counts are shown without names, names can be asked for.")


class NamesAnswered(Conflict):
    """Another person has answered it, and the first answer counts."""

    code = "already_answered"
    remedy = message("Look at the request to see the answer.")


@transaction.atomic
def ask_for_names(*, actor: Actor, cid: UUID, reason: str) -> UnmaskingFacts:
    """Ask to see who opened a document that was found for the actor; what waits already is not asked for twice.

    Raises NamesAreShown.
    """
    if tracking_settings()[0] is not Tracking.PSEUDONYMOUS:
        raise NamesAreShown(message("There are no hidden names here that could be shown."))
    return _asked(actor, cid, reason)


@transaction.atomic
def ask_for_all_names(*, actor: Actor, reason: str) -> UnmaskingFacts:
    """Ask to show names again on all documents.  Raises NamesAreShown."""
    if tracking_settings()[0] is Tracking.NAMED:
        raise NamesAreShown(message("Names are shown already."))
    return _asked(actor, None, reason)


def _asked(actor: Actor, cid: UUID | None, reason: str) -> UnmaskingFacts:
    waiting = Unmasking.objects.filter(content_id=cid, asked_by=actor.person, state="waiting").first()
    if waiting is not None:
        return facts_of(waiting)
    row = Unmasking.objects.create(
        content_id=cid, asked_by=actor.person, asked_address=actor.address, reason=reason, asked_at=timezone.now()
    )
    _record(Kind.NAMES_ASKED, actor, row, reason=reason)
    return facts_of(row)


@transaction.atomic
def answer_names(*, actor: Actor, unmasking: UUID, show: bool, reason: str = "") -> UnmaskingFacts:
    """Show the names to the two people for a while, or to everybody again, or decline.

    Raises NotFound and NamesAnswered.
    """
    row = Unmasking.objects.select_for_update().filter(id=unmasking).first()
    if row is None:
        raise NotFound(message("There is no such request, or you may not see it."))
    if row.state != "waiting":
        raise NamesAnswered(message("This request was already answered."))
    everywhere = row.content_id is None
    until: datetime | None = timezone.now() + SHOWN_FOR if show and not everywhere else None
    row.state, row.until = ("approved" if show else "declined"), until
    row.answered_by, row.answered_address, row.answered_at = actor.person, actor.address, timezone.now()
    row.save()
    _record(Kind.NAMES_SHOWN if show else Kind.NAMES_DECLINED, actor, row, reason=reason)
    if show and everywhere:
        configure(actor=actor, configuration=Configuration(tracking=Tracking.NAMED.value), names_approved=True)
    return facts_of(row)


def _record(kind: Kind, actor: Actor, row: Unmasking, *, reason: str) -> None:
    content = None if row.content_id is None else Content.objects.filter(cid=row.content_id).first()
    details: dict[str, str | int | bool] = {"note": reason} if reason else {}
    if row.content_id is None:
        details |= {"all": True}
    if row.until is not None:
        details |= {"until": int(row.until.timestamp())}
    record_action(kind, actor, content=content, recipient=row.asked_address, details=details or None)

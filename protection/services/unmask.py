"""See who opened one document or all, or hide another group's members: asked for, and answered by another person."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from chancery.errors import Conflict, NotFound
from chancery.ledger.kinds import Kind
from chancery.texts import message
from protection.actor import Actor
from protection.models import Content, ServiceSettings, Tracking, Unmasking
from protection.selectors.sight import tracking_settings
from protection.selectors.unmaskings import UnmaskingFacts, facts_of
from protection.services.approvals import answered_words
from protection.services.configure import Configuration, configure
from protection.services.paused import refuse_paused
from protection.services.recording import record_action

SHOWN_FOR: Final = timedelta(days=7)
"""How long names are shown to the two people once it is approved."""


class NamesAreShown(Conflict):
    """The organization shows names, or nothing at all on one document, so there is nothing to ask for."""

    code = "names_are_not_masked"
    remedy = message("Look at the settings: only where counts are shown without names, names can be asked for.")


class NobodyHidden(Conflict):
    """No group's members are hidden, or it is the same group, so there is nothing for an auditor to approve."""

    code = "nobody_is_hidden"
    remedy = message("Look at the settings. Hiding more people is a setting that an administrator changes alone.")


class GroupChanged(Conflict):
    """Another group's members are hidden than when it was asked, and nobody has said whether they may be shown."""

    code = "hidden_group_changed"
    remedy = message("Decline this request. Who still wants it asks again.")


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


@transaction.atomic
def ask_for_group(*, actor: Actor, group: UUID, address: str, reason: str) -> UnmaskingFacts:
    """Ask to hide members of another group, NO_GROUP for nobody, instead of those that are hidden now.

    Raises NobodyHidden.
    """
    before = tracking_settings()[1]
    if before is None or before == group:
        raise NobodyHidden(message("That changes nothing for which an auditor is needed."))
    return _asked(actor, None, reason, group_before=before, group_after=group, group_address=address)


def _asked(actor: Actor, cid: UUID | None, reason: str, **group: Any) -> UnmaskingFacts:
    wanted = {"content_id": cid, "group_before": None, "group_after": None, "asked_by": actor.person, **group}
    waiting = Unmasking.objects.filter(**wanted, state="waiting").first()
    if waiting is not None:
        return facts_of(waiting)
    row = Unmasking.objects.create(**wanted, asked_address=actor.address, reason=reason, asked_at=timezone.now())
    _record(Kind.NAMES_ASKED, actor, row, reason=reason)
    return facts_of(row)


@transaction.atomic
def answer_names(*, actor: Actor, unmasking: UUID, show: bool, reason: str = "") -> UnmaskingFacts:
    """Show the names to the two people for a while, or to everybody again, or decline.

    Raises NotFound, NamesAnswered, PausedGivesNothing and GroupChanged.
    """
    row = Unmasking.objects.select_for_update().filter(id=unmasking).first()
    if row is None:
        raise NotFound(message("There is no such request, or you may not see it."))
    if row.state != "waiting":
        said = answered_words(row.state, row.answered_address)
        raise NamesAnswered(said)
    if show:
        refuse_paused(actor)
    everywhere = row.content_id is None
    until: datetime | None = timezone.now() + SHOWN_FOR if show and not everywhere else None
    row.state, row.until = ("approved" if show else "declined"), until
    row.answered_by, row.answered_address, row.answered_at = actor.person, actor.address, timezone.now()
    row.save()
    _record(Kind.NAMES_SHOWN if show else Kind.NAMES_DECLINED, actor, row, reason=reason)
    if show and everywhere:
        configure(actor=actor, configuration=_approved(row), names_approved=True)
    return facts_of(row)


def _approved(row: Unmasking) -> Configuration:
    """Return the settings that a request asks for.  Raises GroupChanged."""
    if row.group_after is None:
        return Configuration(tracking=Tracking.NAMED.value)
    now = ServiceSettings.objects.select_for_update().values_list("untracked_group", flat=True).get(id=1)
    if now != row.group_before:
        raise GroupChanged(message("The group whose members are hidden was changed after this was asked."))
    return Configuration(untracked_group=row.group_after)


def _record(kind: Kind, actor: Actor, row: Unmasking, *, reason: str) -> None:
    content = None if row.content_id is None else Content.objects.filter(cid=row.content_id).first()
    details: dict[str, str | int | bool] = {"note": reason} if reason else {}
    if row.group_after is not None:
        details |= {"group_before": str(row.group_before), "group_after": str(row.group_after)}
    elif row.content_id is None:
        details |= {"all": True}
    if row.until is not None:
        details |= {"until": int(row.until.timestamp())}
    record_action(kind, actor, content=content, recipient=row.asked_address, details=details or None)

"""Mail that could not be sent: sent again or dropped by operators, and recorded."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.notifications import outbox
from portal.usecases.confirmation import ConfirmationPrompt, Stated, require_confirmation
from portal.usecases.effects import Effect, effect
from tenants.actor import Actor
from tenants.directory.errors import NotHere
from tenants.events import OperatorKind
from tenants.organizations.services.record_operator import record_operator

RECORDED = 100
"""Ids of messages that one entry of the record names."""


@transaction.atomic
def retry_mail(*, ids: Iterable[UUID] | None, actor: Actor) -> Effect:
    """Let messages be sent within seconds, all unsent ones for None."""
    found = outbox.send_again(ids)
    _record(OperatorKind.MAIL_RETRIED, found, actor)
    done = ngettext(
        "{number} message will be sent within seconds.", "{number} messages will be sent within seconds.", len(found)
    ).format(number=len(found))
    return effect(found, done, _("No such message waits: it was sent or dropped."))


@transaction.atomic
def drop_mail(*, ids: Iterable[UUID], actor: Actor) -> Effect:
    """Forget messages that were not sent."""
    found = outbox.drop(ids)
    _record(OperatorKind.MAIL_DROPPED, found, actor)
    done = ngettext("{number} message was dropped.", "{number} messages were dropped.", len(found))
    return effect(found, done.format(number=len(found)), _("No such message waits: it was sent or dropped."))


def drop_mail_asked(*, message: UUID, actor: Actor, stated: Stated) -> Effect:
    """Forget one message, asked first.  Raises NotHere and what ``require_confirmation`` raises."""
    found = outbox.one_unsent(message)
    if found is None:
        raise NotHere(_("No such message waits: it was sent or dropped."))
    require_confirmation(_dropping(found), stated)
    return drop_mail(ids=[message], actor=actor)


def _dropping(message: outbox.Unsent) -> ConfirmationPrompt:
    return ConfirmationPrompt(
        question=_("Drop the message to {address}?").format(address=message.to),
        consequences=(
            _("It is deleted and never sent. A code, an invitation or a notice in it is lost."),
            _("Send it again instead once the mail server works."),
        ),
        button=_("Drop the message"),
        confirm=str(message.id),
        needs_fresh=True,
        cancel=_("Keep it"),
    )


def _record(kind: OperatorKind, found: Sequence[UUID], actor: Actor) -> None:
    if found:
        details = {"number": len(found), "messages": [str(one) for one in found[:RECORDED]]}
        record_operator(kind=kind, actor=actor, details=details)

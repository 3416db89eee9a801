"""Give a document another label; its protection is kept, replaced or removed as the table says (azure-rms.md §2.10)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db import transaction

from protection.errors import ChanceryError, NotFound
from protection.events import Actor, Kind
from protection.licensing.evaluate import Basis
from protection.licensing.labels import OUTCOMES, Effect, Outcome, lowers
from protection.licensing.rights import Right, may_remove_protection
from protection.models import Content, Label, TemplateStatus
from protection.selectors.labels import existing_protection
from protection.selectors.standing import Holder, changes_by_right
from protection.services.access import ADMINISTRATOR, ground_of
from protection.services.change import follow_template
from protection.services.recording import record_action
from protection.texts import say

MAX_JUSTIFICATION: Final = 500


class JustificationNeeded(ChanceryError):
    """The label lowers a document's protection, and nobody said why."""

    code = "justification_needed"
    remedy = say("Say in a few words why the protection is lowered; it is kept on record.")


class MayNotRelabel(ChanceryError):
    """Somebody who may open a document tried to change a protection that he may not replace or remove (C30)."""

    code = "may_not_relabel"
    remedy = say("Ask the document's owner for the right to export, or to change the label.")


class Where(StrEnum):
    """Where the rest is done: nothing is left, or the caller's program acts on the file before it."""

    DONE = "done"
    AT_THE_FILE = "at_the_file"


@dataclass(frozen=True, slots=True)
class Relabeled:
    """What becomes of the protection, and where.

    ``AT_THE_FILE`` with ``REPLACED``: the caller may replace the protection of the copy that he has, not everybody's.
    With ``REMOVED``: the service never has a document's body, so only a program at the file can.
    """

    outcome: Outcome
    where: Where


@transaction.atomic
def relabel(*, actor: Actor, cid: UUID, label: UUID, justification: str = "", holder: Holder) -> Relabeled:
    """Give a document a label that is in use, and do to its protection what belongs to that.

    Whoever manages the document changes it for everybody, an administrator by role only by narrowing.  Whoever may
    remove its protection may do so at his copy (C30).  Raises NotFound for everybody else, MayNotRelabel,
    JustificationNeeded and Widening.
    """
    content = Content.objects.select_for_update(of=("self",)).select_related("label").filter(cid=cid).first()
    rights = frozenset[Right]() if content is None else holder.rights_on(bytes(content.pl_digest))
    ground = None if content is None else _ground(actor, content, rights)
    if content is None or (ground is None and not rights):
        raise NotFound(say("There is no such document, or you may not manage it."))
    chosen = Label.objects.filter(id=label, status=TemplateStatus.PUBLISHED).first()
    if chosen is None:
        raise NotFound(say("There is no label in use with this id."), remedy=say("List the labels and choose one."))
    outcome = OUTCOMES[existing_protection(content)][Effect(chosen.effect)]
    done = Relabeled(outcome, _where(ground, rights, outcome))
    before, justification = content.label, justification.strip()[:MAX_JUSTIFICATION]
    if lowers(None if before is None else before.sensitivity, chosen.sensitivity, outcome) and not justification:
        raise JustificationNeeded(say("This label lowers the protection of the document."))
    if ground is not None and done.where is Where.DONE:
        if outcome is Outcome.REPLACED and chosen.template_id is not None:
            follow_template(
                actor=actor, content=content, ground=ground, template=chosen.template_id, reason=justification
            )
        content.label = chosen
        content.save(update_fields=["label"])
    record_action(
        Kind.CONTENT_LABELED,
        actor,
        content_id=cid,
        title=content.title,
        details={
            "label": str(chosen.id),
            "outcome": outcome.value,
            "where": done.where.value,
            **({"before": str(before.id)} if before is not None else {}),
            **({"ground": ground} if ground else {}),
            **({"reason": justification} if justification else {}),
        },
    )
    return done


def _ground(actor: Actor, content: Content, rights: frozenset[Right]) -> str | None:
    """Return on which ground the actor changes the document for everybody, or None."""
    ground = ground_of(actor, content.issuer_id, content.owner_id)
    if ground in {None, ADMINISTRATOR} and changes_by_right(content, rights):
        return Basis.GRANT.value
    return ground


def _where(ground: str | None, rights: frozenset[Right], outcome: Outcome) -> Where:
    """Return where it is done.  Raises MayNotRelabel when the caller may do it nowhere."""
    if outcome is Outcome.REMOVED:
        # Issuer and owner hold all rights on what they protected, so that the one rule is enough here.
        if not may_remove_protection(rights):
            raise MayNotRelabel(say("This label removes the protection, and you may not remove it."))
        return Where.AT_THE_FILE
    if ground is not None:
        return Where.DONE
    if outcome is Outcome.REPLACED and may_remove_protection(rights):
        return Where.AT_THE_FILE
    raise MayNotRelabel(say("You may open this document, not change its label."))

"""Give a document another label: the table of docs/handbook/labels.md says what becomes of its protection."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from chancery.errors import ChanceryError, NotFound
from chancery.ledger.kinds import Kind
from chancery.policy.case import Basis
from chancery.policy.labels import OUTCOMES, Effect, Outcome, lowers
from chancery.policy.policy import Policy
from chancery.policy.rights import Right, may_remove_protection
from chancery.texts import message
from protection.actor import Actor
from protection.models import Content, Label
from protection.selectors.decisions import ADMINISTRATOR, RightsOn, changes_by_right
from protection.selectors.labels import ShownLabel, existing_protection, offered_labels
from protection.selectors.labels import label as shown_label
from protection.selectors.licensing import registered_policy
from protection.services.access import basis_of
from protection.services.change import follow_template
from protection.services.recording import record_action

MAX_JUSTIFICATION: Final = 500


class JustificationNeeded(ChanceryError):
    """The label lowers a document's protection, and nobody said why."""

    code = "justification_needed"
    remedy = message("Say in a few words why the protection is lowered; the audit log keeps it.")


class MayNotRelabel(ChanceryError):
    """A person who may open a document tried to change a protection that they may not replace or remove.

    See promise C30.
    """

    code = "may_not_relabel"
    remedy = message("Ask the document's owner for the right to export, or to change the label.")


class Where(StrEnum):
    """Where the rest is done: nothing is left, or the caller's program acts on the file before it."""

    DONE = "done"
    AT_THE_FILE = "at_the_file"


@dataclass(frozen=True, slots=True)
class Relabeled:
    """What becomes of the protection, and where.

    ``AT_THE_FILE`` with ``REPLACED``: the caller may replace the protection of the copy that they have, not
    everybody's. With ``REMOVED``: the service never has a document's body, so only a program at the file
    can.  ``policies`` are the document's own before and after, where they are changed for every copy.
    """

    outcome: Outcome
    where: Where
    changed: bool = True
    policies: tuple[Policy, Policy] | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """What another label would do to a document, where, and whether it asks for a justification."""

    label: ShownLabel
    becomes: Relabeled
    lowers: bool


@dataclass(frozen=True, slots=True)
class Choices:
    """The label that a document carries, and the others that somebody may give it."""

    present: ShownLabel | None
    others: tuple[Choice, ...]


def choices_for(*, actor: Actor, cid: UUID, rights_on: RightsOn, known_as: frozenset[str], legacy: bool) -> Choices:
    """Return what each label that somebody may give a document would do to it, the least sensitive label first.

    Raises NotFound and MayNotRelabel as ``relabel`` does; nobody else learns which labels there are.
    """
    found = Content.objects.select_related("label").filter(cid=cid).first()
    content, basis, rights = _judged(actor, found, rights_on)
    if basis is None and not may_remove_protection(rights):
        raise _may_only_open()
    before = None if content.label is None else content.label.sensitivity
    others = []
    for one in offered_labels(known_as, legacy=legacy):
        outcome = OUTCOMES[existing_protection(content)][one.effect]
        where = None if one.id == content.label_id else _where(basis, rights, outcome)
        if where is not None:
            others.append(Choice(one, Relabeled(outcome, where), lowers(before, one.sensitivity, outcome)))
    return Choices(None if content.label_id is None else shown_label(content.label_id), tuple(others))


@transaction.atomic
def relabel(
    *,
    actor: Actor,
    cid: UUID,
    label: UUID,
    justification: str = "",
    rights_on: RightsOn,
    known_as: frozenset[str],
    legacy: bool,
) -> Relabeled:
    """Give a document a label that is offered to the actor, and do to its protection what belongs to that.

    A person who manages the document changes it for everybody, an administrator by role only by narrowing.  A person
    who may remove its protection may do so at their copy (promise C30).  Where the document carries the label already,
    and is protected by it as it is, nothing happens.  Raises NotFound for everybody else and for any other label,
    MayNotRelabel, JustificationNeeded and Widening.
    """
    found = Content.objects.select_for_update(of=("self",)).select_related("label").filter(cid=cid).first()
    content, basis, rights = _judged(actor, found, rights_on)
    chosen = _offered(label, known_as, legacy=legacy)
    outcome = OUTCOMES[existing_protection(content)][Effect(chosen.effect)]
    where = _where(basis, rights, outcome)
    if where is None:
        raise _may_not_remove() if outcome is Outcome.REMOVED else _may_only_open()
    if chosen.id == content.label_id and _is_protected_by(content, chosen, outcome):
        return Relabeled(Outcome.KEPT, Where.DONE, changed=False)
    done = Relabeled(outcome, where)
    before, justification = content.label, justification.strip()[:MAX_JUSTIFICATION]
    if lowers(None if before is None else before.sensitivity, chosen.sensitivity, outcome) and not justification:
        raise JustificationNeeded(message("This label lowers the protection of the document."))
    if basis is not None and done.where is Where.DONE:
        if outcome is Outcome.REPLACED and chosen.template_id is not None:
            policy = registered_policy(content)
            follow_template(
                actor=actor, content=content, basis=basis, template=chosen.template_id, reason=justification
            )
            done = replace(done, policies=(policy, registered_policy(content)))
        content.label = chosen
        content.save(update_fields=["label"])
    details = {
        **_details(before, chosen, done),
        **({"basis": basis} if basis else {}),
        **({"reason": justification} if justification else {}),
    }
    record_action(Kind.CONTENT_LABELED, actor, content=content, details=details)
    return done


def _details(before: Label | None, chosen: Label, done: Relabeled) -> dict[str, Any]:
    """Return what the event keeps of both labels, as they are called now, and of what the change did."""
    return {
        "label": str(chosen.id),
        "names": chosen.names,
        "language": chosen.language,
        "outcome": done.outcome.value,
        "where": done.where.value,
        **(
            {"before": str(before.id), "names_before": before.names, "language_before": before.language}
            if before is not None
            else {}
        ),
    }


def _judged(actor: Actor, content: Content | None, rights_on: RightsOn) -> tuple[Content, str | None, frozenset[Right]]:
    """Return the document, the basis on which the actor changes it for everybody, if any, and their rights on it.

    Raises NotFound for a person who has neither.
    """
    rights = frozenset[Right]() if content is None else rights_on(bytes(content.pl_digest))
    basis = None if content is None else basis_of(actor, content.deciding_issuer, content.owner_id)
    if content is not None and basis in {None, ADMINISTRATOR} and changes_by_right(content, rights):
        basis = Basis.GRANT.value
    if content is None or (basis is None and not rights):
        raise NotFound(message("There is no such document, or you may not manage it."))
    return content, basis, rights


def _offered(label: UUID, known_as: frozenset[str], *, legacy: bool) -> Label:
    """Return a label in use.  Raises NotFound also for one that is offered to others only."""
    if label not in {one.id for one in offered_labels(known_as, legacy=legacy)}:
        raise NotFound(
            message("There is no label in use with this id."), remedy=message("List the labels and choose one.")
        )
    return Label.objects.get(id=label)


def _is_protected_by(content: Content, label: Label, outcome: Outcome) -> bool:
    """Tell whether a document that carries a label has the protection that giving the label would lead to."""
    return outcome is Outcome.KEPT or (outcome is Outcome.REPLACED and content.template_id == label.template_id)


def _where(basis: str | None, rights: frozenset[Right], outcome: Outcome) -> Where | None:
    """Return where it is done, None when the caller may do it nowhere."""
    if outcome is Outcome.REMOVED:
        # Issuer and owner hold all rights on what they protected, so that the one rule is enough here.
        return Where.AT_THE_FILE if may_remove_protection(rights) else None
    if basis is not None:
        return Where.DONE
    return Where.AT_THE_FILE if outcome is Outcome.REPLACED and may_remove_protection(rights) else None


def _may_not_remove() -> MayNotRelabel:
    return MayNotRelabel(message("This label removes the protection, and you may not remove it."))


def _may_only_open() -> MayNotRelabel:
    return MayNotRelabel(message("You may open this document, not change its label."))

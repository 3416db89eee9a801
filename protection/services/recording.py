"""How every service writes into the ledger: who did it, to what, and how it ended."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from audit.services.record import record
from audit.statements import Personal
from chancery.ledger.kinds import Kind, Outcome
from chancery.objects.body import Sealer
from chancery.policy.difference import Difference
from protection.actor import Actor
from protection.models import Content, ProtectionTemplate
from protection.selectors.licensing import named_facts

MOST_CHANGES: Final = 100
"""How many differences one event states at most; of the others it says how many there were."""


def record_action(
    kind: Kind,
    actor: Actor | None,
    *,
    outcome: Outcome = Outcome.DONE,
    reason: str = "",
    content: Content | None = None,
    sealer: Sealer | None = None,
    recipient: str = "",
    owner: str = "",
    changes: Sequence[Mapping[str, Any]] = (),
    details: Mapping[str, Any] | None = None,
) -> UUID:
    """Record an action of a person, or of the service itself when ``actor`` is None; return the event's id.

    With ``content`` the event keeps whose document it was, and by which template and label, as it is at this moment.
    ``sealer`` is named where somebody brings what another may have made, ``recipient`` where something is done for
    another: the record tells both.  ``owner`` is whose documents are meant where it is not about one of them.
    ``changes`` are differences that name people.
    """
    content_id = None if content is None else content.cid
    source = "service" if actor is None else actor.source
    personal = personal_of(actor, content, sealer, recipient, changes, owner)
    if content is not None and (kept := document_facts(content)):
        details = {**(details or {}), "document": kept}
    return record(
        kind=kind.value,
        outcome=outcome.value,
        reason=reason,
        content_id=content_id,
        source=source,
        personal=personal,
        details=details,
    )


def personal_of(
    actor: Actor | None,
    content: Content | None = None,
    sealer: Sealer | None = None,
    recipient: str = "",
    changes: Sequence[Mapping[str, Any]] = (),
    owner: str = "",
) -> Personal | None:
    """Return the personal record of an actor, of the document, of who sealed it, and of whom it was done for."""
    if actor is None and content is None and not (recipient or changes):
        return None
    return Personal(
        person_id=None if actor is None else actor.person,
        name="" if actor is None else actor.name,
        addresses=(actor.address,) if actor is not None and actor.address else (),
        ip="" if actor is None else actor.ip,
        device_id=None if actor is None else actor.device,
        device="" if actor is None else actor.device_name,
        title="" if content is None else content.title,
        sealer_id=None if sealer is None else sealer.sub,
        sealer_device_id=None if sealer is None else sealer.dev,
        recipient=recipient,
        application=actor is not None and actor.application,
        acting_for="" if actor is None else actor.acting_for_address,
        issuer="" if content is None else content.issuer_address,
        owner=owner if content is None else content.owner_address,
        changes=tuple(changes),
    )


def document_facts(content: Content) -> dict[str, Any]:
    """Return by which template, in which version, and under which label a document is."""
    current = None
    if content.template_id is not None:
        current = ProtectionTemplate.objects.filter(id=content.template_id).values_list("current", flat=True).first()
    return named_facts(content.template_id, current, content.label_id)


def stated(differences: Iterable[Difference]) -> list[dict[str, Any]]:
    """Return differences as an event states them, the first ones only where there are very many."""
    found = [one.as_json() for one in differences]
    rest = len(found) - MOST_CHANGES
    return [*found[:MOST_CHANGES], {"member": "more", "number": rest}] if rest > 0 else found

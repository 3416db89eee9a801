"""How every service writes into the ledger: who did it, to what, and how it ended."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from audit.services.record import Personal, record
from protection.events import Actor, Kind, Outcome
from protection.licensing.body import Sealer


def record_action(
    kind: Kind,
    actor: Actor | None,
    *,
    outcome: Outcome = Outcome.DONE,
    reason: str = "",
    content_id: UUID | None = None,
    title: str = "",
    sealer: Sealer | None = None,
    recipient: str = "",
    details: Mapping[str, Any] | None = None,
) -> UUID:
    """Record an action of a person, or of the service itself when ``actor`` is None; return the event's id.

    ``sealer`` is named where somebody brings what another may have made, ``recipient`` where something is done for
    another: the record tells both.
    """
    personal = None if actor is None else personal_of(actor, title, sealer, recipient)
    source = "service" if actor is None else actor.source
    return record(
        kind=kind.value,
        outcome=outcome.value,
        reason=reason,
        content_id=content_id,
        source=source,
        personal=personal,
        details=details,
    )


def personal_of(actor: Actor, title: str = "", sealer: Sealer | None = None, recipient: str = "") -> Personal:
    """Return the personal record of an actor, of whoever sealed what he brought, and of whom he did it for."""
    return Personal(
        person_id=actor.person,
        name=actor.name,
        addresses=(actor.address,) if actor.address else (),
        ip=actor.ip,
        device_id=actor.device,
        title=title,
        sealer_id=None if sealer is None else sealer.sub,
        sealer_device_id=None if sealer is None else sealer.dev,
        recipient=recipient,
    )

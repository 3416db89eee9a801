"""Record that somebody tried what their role does not permit (promise C81)."""

from django.db import transaction

from chancery.ledger.kinds import Kind, Outcome
from protection.actor import Actor
from protection.services.recording import record_action


@transaction.atomic
def refuse_call(*, actor: Actor, operation: str, missing: str, last: bool = False) -> None:
    """Record a refused call; ``operation`` is method and address, ``missing`` the permission that it takes.

    ``last`` says that further ones within the hour are only counted.
    """
    details = {"operation": operation, "missing": missing}
    record_action(
        Kind.CALL_REFUSED, actor, outcome=Outcome.REFUSED, details={**details, **({"further": True} if last else {})}
    )

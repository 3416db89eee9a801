"""Record that a person with a good token could not prove to send from a device of that person.

See docs/protocol.md P29.
"""

from django.db import transaction

from chancery.errors import ChanceryError
from chancery.ledger.kinds import Kind, Outcome
from protection.actor import Actor
from protection.services.recording import record_action


@transaction.atomic
def refuse_proof(*, actor: Actor, error: ChanceryError, last: bool = False) -> None:
    """Record a missing, foreign, stale or replayed device proof: a stolen token looks exactly like this.

    ``last`` says that further ones within the hour are only counted.
    """
    details = {"further": "counted"} if last else None
    record_action(Kind.PROOF_REFUSED, actor, outcome=Outcome.REFUSED, reason=error.code, details=details)

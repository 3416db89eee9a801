"""Whoever is paused gives nobody access: a stolen sign-in that may not open could else let another one open.

They go on taking access back, which harms nobody whom it was not meant for and is what the person themselves would do
first (docs/security.md).  Every service that gives access asks here, so that all interfaces and workers do.
"""

from chancery.errors import ChanceryError
from chancery.policy.reasons import Reason
from chancery.texts import message
from protection.actor import Actor
from protection.selectors.budgets import is_paused


class PausedGivesNothing(ChanceryError):
    """Somebody who is paused would give access, or end what holds them."""

    code = Reason.OPENINGS_PAUSED.value
    remedy = message(
        "Confirm that it is you on the page of your pause (/pause/, or chancery pause confirm), or ask an administrator"
        " to release you. You can take access back all the same."
    )


def refuse_paused(actor: Actor) -> None:
    """Refuse what gives somebody access, or loosens what holds the actor, while they are paused.

    Raises PausedGivesNothing.
    """
    if is_paused(actor.person):
        raise PausedGivesNothing(
            message("You are paused because you opened many documents, so you cannot do this now.")
        )

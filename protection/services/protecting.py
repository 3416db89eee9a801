"""Who may begin a document: asked before a certificate or a publishing license is given (decision 46)."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from django.db import transaction

from chancery.errors import ChanceryError
from chancery.ledger.kinds import Kind, Outcome
from chancery.policy.reasons import Reason
from chancery.texts import Text, message
from protection.actor import Actor
from protection.selectors.protecting import Excluded, Protector, protecting_limits
from protection.services.directory import Directory
from protection.services.recording import record_action

WHY: Final[Mapping[Excluded, Text]] = {
    Excluded.CLIENT_OFF: message("Your organization does not let this kind of program or device protect documents."),
    Excluded.NOT_IN_GROUP: message("Your organization lets only members of certain groups protect documents."),
}


class ProtectingNotAllowed(ChanceryError):
    """Somebody is not among those who may protect here; what they were given they open as before."""

    code = Reason.PUBLISHING_NOT_ALLOWED.value

    def __init__(self, excluded: Excluded, contact: str, platform: str) -> None:
        super().__init__(WHY[excluded], remedy=step_of(excluded, contact))
        self.excluded = excluded
        self.platform = platform


def step_of(excluded: Excluded, contact: str) -> Text:
    """Return what somebody who is excluded can do, and whom they ask."""
    if excluded is Excluded.CLIENT_OFF:
        return (
            message("Protect it with another kind of program or device, or ask {contact}.", contact=contact)
            if contact
            else message("Protect it with another kind of program or device, or ask an administrator.")
        )
    return (
        message(
            "Ask {contact} to let you protect documents. What was shared with you opens as before.", contact=contact
        )
        if contact
        else message("Ask an administrator to let you protect documents. What was shared with you opens as before.")
    )


def require_may_protect(*, directory: Directory, actor: Actor, platform: str) -> None:
    """Raise ProtectingNotAllowed unless the organization lets this person protect on this kind of device.

    The directory is asked only where there is a limit.
    """
    limits = protecting_limits()
    if not limits.any:
        return
    groups = directory.groups_of(actor.person) if limits.groups else frozenset[UUID]()
    excluded = limits.excludes(Protector(groups, platform, actor.application))
    if excluded is not None:
        raise ProtectingNotAllowed(excluded, limits.contact, platform)


@transaction.atomic
def refuse_protecting(*, actor: Actor, excluded: Excluded, platform: str, last: bool = False) -> None:
    """Record that somebody who may not protect here tried; ``last`` says that further ones are only counted."""
    record_action(
        Kind.PUBLISHING_REFUSED,
        actor,
        outcome=Outcome.REFUSED,
        reason=excluded.value,
        details={"platform": platform, **({"further": True} if last else {})},
    )

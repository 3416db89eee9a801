"""Whether an organization takes anything new: publications, registrations, certificates, editions."""

from chancery.errors import ChanceryError
from chancery.policy.reasons import Reason
from chancery.texts import message
from protection.services.directory import Directory

_MESSAGES = {
    Reason.SERVICE_INACTIVE: message(
        "The protection service of this organization is switched off: nothing new is protected until an administrator"
        " switches it on again."
    ),
    Reason.ORGANIZATION_SUSPENDED: message(
        "This organization is suspended: nothing new is protected until it is resumed."
    ),
}


class NotRunning(ChanceryError):
    """The organization takes nothing new at the moment; what was protected without a network waits on the device."""

    remedy = message(
        "Try again later. Files that you protect with --offline are registered when the service is on again."
    )

    def __init__(self, reason: Reason) -> None:
        super().__init__(_MESSAGES[reason])
        self.reason = reason
        self.code = reason.value  # type: ignore[misc]  # one error, two states, told apart as licenses tell them


def require_running(directory: Directory) -> None:
    """Raise NotRunning unless the organization takes something new.

    The answer holds until the transaction ends, so nothing new commits after the service was switched off.  Ask before
    anything else is locked.
    """
    reason = directory.stopped()
    if reason is not None:
        raise NotRunning(reason)

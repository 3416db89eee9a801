"""What the directory refuses, each with a sentence for the person who asked."""


class DirectoryRefused(Exception):
    """The change is not possible; the message says why and is meant to be shown."""


class NotHere(DirectoryRefused):
    """There is no such person, group, device, domain or application in this organization."""


class AddressTaken(DirectoryRefused):
    """The address is proven by somebody else."""


class DomainRefused(DirectoryRefused):
    """The mail domain cannot be proven or used by this organization."""


class LastAdministrator(DirectoryRefused):
    """The organization would be left without a global administrator who can act."""


class NotPermitted(DirectoryRefused):
    """The caller's own permissions do not reach that far."""


class CodeRefused(DirectoryRefused):
    """The code or link is unknown, used or over; which of these is not said."""

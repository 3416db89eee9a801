"""The sign-in that commands work with."""

from protection.client.cli.language import spoken
from protection.client.cli.output import Output
from protection.client.session import Session


def signed_in(output: Output, *, online: bool = True) -> Session:
    """Open the sign-in of this device; what a run that was killed left is finished or undone, and told."""
    return Session.open(online=online, language=spoken(), tell=output.note)

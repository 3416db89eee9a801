"""The sign-in that commands work with."""

from chancery.cli.language import spoken
from chancery.cli.output import Output
from chancery.sdk.session import Session


def signed_in(output: Output, *, online: bool = True) -> Session:
    """Open the sign-in of this device; what a run that was killed left is finished or undone, and reported."""
    return Session.open(online=online, language=spoken(), notify=output.note)

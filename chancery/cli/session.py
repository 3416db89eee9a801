"""The sign-in that commands work with."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from chancery.cli.language import spoken
from chancery.cli.output import Output
from chancery.sdk.session import Session
from chancery.texts import message


def signed_in(output: Output, *, online: bool = True) -> Session:
    """Open the sign-in of this device; what a run that was killed left is finished or undone, and reported."""
    return Session.open(online=online, language=spoken(), notify=output.note)


@contextmanager
def reporting_session(output: Output, *, online: bool) -> Iterator[Session]:
    """Open the sign-in; tell at the end what was dropped beside a failure."""
    with signed_in(output, online=online) as session:
        try:
            yield session
        finally:
            dropped(output, session)


def dropped(output: Output, session: Session) -> list[dict[str, Any]]:
    """Warn of what was refused for good although it had waited to be sent; return it for programs, each once."""
    found = [asdict(one) for one in session.dropped]
    session.dropped.clear()
    for one in found:
        output.note(
            message(
                "Warning: edition {edition} of document {cid}, which waited to be registered, was refused for good:"
                " {message} {next_step}",
                **one,
            )
        )
    return found

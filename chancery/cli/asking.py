"""What a refused person can do: ask the owner, where the owner can do something about it."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chancery.policy.reasons import MAY_BE_ASKED
from chancery.sdk.errors import NoCopy, Refused
from chancery.texts import message


@contextmanager
def may_ask(path: Path) -> Iterator[None]:
    """Tell a person who is refused how they ask the owner of the document in this file."""
    try:
        yield
    except NoCopy:
        raise
    except Refused as refused:
        if refused.reason in MAY_BE_ASKED:
            command = f"chancery request {shlex.quote(str(path))}"
            refused.next_step = message("{next_step} To ask: {command}", next_step=refused.next_step, command=command)
        raise

"""Doing one thing for each of several files: one that fails does not keep the others from being done."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from chancery.cli.exit_codes import exit_code
from chancery.cli.output import Output
from chancery.errors import ChanceryError
from chancery.sdk.errors import LocalFailure
from chancery.texts import message


def each_file(output: Output, files: Sequence[Path], one: Callable[[Path], tuple[dict[str, Any], str]]) -> None:
    """Do one thing for each file; report every failure, and end with the exit code of the worst."""
    worst = 0
    for path in files:
        try:
            members, line = one(path)
        except (ChanceryError, OSError) as failure:
            error = LocalFailure.of(failure) if isinstance(failure, OSError) else failure
            if len(files) > 1 and not output.as_json:
                output.note(message("{file}:", file=path))
            output.error(error, file=str(path))
            worst = max(worst, exit_code(error))
        else:
            output.result(members, line)
    if worst:
        click.get_current_context().exit(worst)

"""A bar on a terminal while a file is worked on; nothing elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from chancery.cli.output import Output
from chancery.sealing.file_names import shown
from chancery.sealing.write import Progress as Report


@contextmanager
def bar(output: Output, name: str) -> Iterator[Report | None]:
    """Show how far the work on a file is; yields what has to be reported, if anybody watches."""
    if output.as_json or not sys.stderr.isatty():
        yield None
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as drawn:
        task = drawn.add_task(shown(name), total=None)
        yield lambda done, total: drawn.update(task, completed=done, total=total)

"""Lines of CSV that no spreadsheet computes, whatever somebody put into a name."""

import csv
import io
import re
from collections.abc import Iterable
from typing import Final

_FORMULA: Final = re.compile(r"(?:^|(?<=[;|\t\r\n]))(?=\s*[=+\-@\t\r])")
"""Where a cell begins that would be computed; spreadsheets of many languages begin one at a semicolon, too."""


def csv_line(cells: Iterable[object]) -> str:
    """Return one line of CSV; what a spreadsheet would compute is marked as text."""
    line = io.StringIO()
    csv.writer(line).writerow([_as_text(cell) for cell in cells])
    return line.getvalue()


def _as_text(cell: object) -> str:
    """Return a cell in which nothing is a formula, also where a spreadsheet begins a new cell at other delimiters."""
    return _FORMULA.sub("'", "" if cell is None else str(cell))

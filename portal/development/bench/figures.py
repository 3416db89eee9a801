"""What a bench prints: one line for each figure, beside its target and a reference from the same run.

A figure on its own says more about the machine than about the product.  So each line names something plain that was
measured minutes before or after it on the same machine, and the ratio of the two.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Reference:
    """Something plain to compare with: its name and its figure, in the unit of the line it belongs to."""

    name: str
    figure: float


@dataclass(frozen=True, slots=True)
class Line:
    """One figure.  ``target`` is the aim, in words; ``spread`` is how far repetitions lay apart."""

    name: str
    figure: float
    unit: str
    target: str = ""
    reference: Reference | None = None
    spread: str = ""
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """The figure in units of its reference."""
        if self.reference is None or not self.reference.figure:
            return None
        return self.figure / self.reference.figure


def as_json(lines: Sequence[Line]) -> str:
    """Return all lines for programs."""
    return json.dumps([{**asdict(line), "ratio": line.ratio} for line in lines], indent=2, ensure_ascii=False)


def as_table(lines: Sequence[Line]) -> str:
    """Return all lines for people, in columns."""
    rows = [("what", "figure", "target", "ratio", "reference")]
    for line in lines:
        figure = f"{_short(line.figure)} {line.unit}" + (f" ({line.spread})" if line.spread else "")
        ratio = "" if line.ratio is None else f"{line.ratio:.2f}"
        reference = "" if line.reference is None else f"{_short(line.reference.figure)} {line.reference.name}"
        rows.append((line.name, figure, line.target, ratio, reference + (f"  {line.note}" if line.note else "")))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    written = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([written[0], "-" * len(written[0]), *written[1:]])


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which this share of the values lies; nearest rank, so it is one that occurred."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, math.ceil(share * len(ordered)) - 1))]


def median(values: Sequence[float]) -> float:
    """Return the middle of the values."""
    return percentile(values, 0.5)


def spread(values: Sequence[float]) -> str:
    """Return least and greatest of repeated figures in words, or nothing for a single one."""
    return f"{_short(min(values))}–{_short(max(values))} in {len(values)} runs" if len(values) > 1 else ""


def _short(figure: float) -> str:
    if math.isnan(figure):
        return "not measured"
    if abs(figure) >= 100:
        return f"{figure:,.0f}"
    return f"{figure:.1f}" if abs(figure) >= 10 else f"{figure:.2f}"

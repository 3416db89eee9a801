"""What a run did, or would do, as a table for spreadsheets (CSV) or for programs (JSON)."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from chancery.bulk.journal import Item, Journal
from chancery.bulk.kinds import Kind
from chancery.errors import ChanceryError
from chancery.sealing.atomic import creating
from chancery.sealing.read import open_sealed
from chancery.sealing.streams import write_all
from chancery.spreadsheets import csv_line

OPEN: Final = "open"
"""The state of a file on which no work has begun."""
OF_A_RUN: Final = ("file", "inside", "kind", "state", "result", "error", "message", "next_step")
OF_FILES: Final = (
    "file",
    "inside",
    "kind",
    "size",
    "cid",
    "edition",
    "organization",
    "installation",
    "protected",
    "message",
)


def rows_of(journal: Journal) -> list[dict[str, Any]]:
    """Return one row for each file of a run: what became of it, and why not where it failed."""
    states = journal.states()
    rows = []
    for item in journal.items():
        state = states.get(item.number, {})
        row = {"file": str(item.path), "inside": list(item.inside), "kind": item.kind.value}
        failed = state.get("state") == "failed"
        told = {name: state.get(name, "") if failed else "" for name in ("error", "message", "next_step")}
        rows.append({**row, "state": state.get("state", OPEN), "result": state.get("result", ""), **told})
    return rows


def row_of(item: Item) -> dict[str, Any]:
    """Return what a protected file says of itself; needs no sign-in and proves nothing."""
    row: dict[str, Any] = dict.fromkeys(OF_FILES, "")
    row |= {"file": str(item.path), "inside": list(item.inside), "kind": item.kind.value, "size": item.size}
    if item.kind is Kind.SEALED:
        try:
            with open_sealed(item.path) as file:
                license_ = file.publishing_license
                row |= {
                    "cid": str(license_.cid),
                    "edition": file.body_seal.facts.n,
                    "organization": str(license_.org),
                    "installation": license_.iss,
                    "protected": license_.iat,
                }
        except (OSError, ChanceryError) as error:
            row["message"] = str(error)
    return row


def write_report(target: Path, columns: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows to a file that does not exist yet: JSON where its name ends so, else CSV."""
    columns = list(columns)
    with creating(target) as sink:
        if target.suffix.casefold() == ".json":
            write_all(sink, json.dumps(list(rows), indent=2, ensure_ascii=False).encode() + b"\n")
            return
        write_all(sink, csv_line(columns).encode())
        for row in rows:
            write_all(sink, csv_line(_cell(row[name]) for name in columns).encode())


def _cell(value: object) -> object:
    return "; ".join(value) if isinstance(value, list) else value

"""``audit`` and ``verify-audit``: what happened, and the proof that nothing of it was changed or removed."""

import json
from pathlib import Path
from urllib.parse import urlencode

import click

from protection.client.cli import tables
from protection.client.cli.organization import in_organization
from protection.client.cli.output import Output
from protection.client.home import Home
from protection.client.ledger import verify_ledger
from protection.client.organization import Organization


@click.command()
@click.option("--kind", default="", help="A kind such as key.rotated, or all of an object: content.")
@click.option("--outcome", type=click.Choice(["done", "allowed", "refused", "failed"]), help="How it ended.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True, help="How many.")
@click.option("--to", "target", type=click.Path(path_type=Path, dir_okay=False), help="Write JSON lines to this file.")
@in_organization
def audit(output: Output, place: Organization, kind: str, outcome: str | None, limit: int, target: Path | None) -> None:
    """List what happened, newest first."""
    wanted = {"limit": limit, "kind": kind, "outcome": outcome}
    query = urlencode({name: value for name, value in wanted.items() if value})
    found = place.call("GET", f"/api/v1/audit/events?{query}")["results"]
    if target is not None:
        target.write_text("".join(json.dumps(event, ensure_ascii=False) + "\n" for event in found), encoding="utf-8")
        output.result({"events": len(found), "file": str(target)}, f"{len(found)} events are in {target}.")
        return
    rows = [{**one, "who": ", ".join(one["who"].get("addresses", []))} for one in found]
    tables.show(output, rows, ["at", "kind", "outcome", "who", "reason"], empty="Nothing matches.")


@click.command("verify-audit")
@in_organization
def verify_audit(output: Output, place: Organization) -> None:
    """Prove that nothing in the ledger was changed or removed.

    Fetches it whole, recomputes its tree and compares it with every checkpoint, kept ones included.

    Needs a role that may read the audit.  The log's key comes from the organization statement, not from the ledger.
    """
    report = verify_ledger(Home.default(), place)
    line = f"{report.entries} events, {report.checkpoints} checkpoints: nothing was changed or removed."
    if report.lost:
        line += f" {report.lost} more were lost with a restore that an operator confirmed."
    members = {"entries": report.entries, "checkpoints": report.checkpoints, "lost": report.lost, "intact": True}
    output.result(members, line)

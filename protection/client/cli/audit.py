"""``verify-audit``: prove from outside that nothing was changed in or removed from the organization's ledger."""

import click

from protection.client.cli.documents import ORGANIZATION
from protection.client.cli.output import Output
from protection.client.ledger import verify_ledger
from protection.client.session import Session


@click.command("verify-audit")
@ORGANIZATION
@click.pass_obj
def verify_audit(output: Output, organization: str | None) -> None:
    """Fetch the whole ledger, recompute its tree and compare it with every checkpoint, kept ones included.

    Needs a role that may read the audit.  The log's key comes from the organization statement, not from the ledger.
    """
    with Session.open() as session:
        report = verify_ledger(session.home, session.own_organization(organization))
    line = f"{report.entries} events, {report.checkpoints} checkpoints: nothing was changed or removed."
    if report.lost:
        line += f" {report.lost} more were lost with a restore that an operator confirmed."
    members = {"entries": report.entries, "checkpoints": report.checkpoints, "lost": report.lost, "intact": True}
    output.result(members, line)

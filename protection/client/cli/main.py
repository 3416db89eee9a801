"""``chancery``: protect, open and track documents from the command line."""

import click

from protection.client.cli import account, administration, audit, documents, files
from protection.client.cli.output import Output, exit_code
from protection.errors import ChanceryError
from protection.version import VERSION


class Commands(click.Group):
    """The group of all commands; turns every expected error into a sentence, a next step and an exit code."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except ChanceryError as error:
            output: Output = ctx.obj or Output(as_json=False)
            output.error(error)
            ctx.exit(exit_code(error))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="chancery")
@click.option("--json", "as_json", is_flag=True, help="Print results and errors as JSON.")
@click.pass_context
def main(ctx: click.Context, *, as_json: bool) -> None:
    """Protect files so that you decide who opens them, wherever they went.

    Exit codes: 0 done, 1 refused by policy, 2 usage, 3 file invalid or tampered, 4 service unreachable, 5 other.
    """
    ctx.obj = Output(as_json=as_json)


for command in (
    account.login,
    account.logout,
    account.whoami,
    files.protect,
    files.open_,
    files.save,
    files.info,
    files.verify,
    documents.templates,
    documents.documents,
    documents.track,
    documents.revoke,
    documents.restore,
    documents.change,
    audit.verify_audit,
    administration.template,
    administration.key,
    administration.person,
    administration.group,
    administration.settings,
    administration.service,
    administration.audit,
):
    main.add_command(command)

"""``chancery``: protect, open and track documents from the command line."""

import sys
from collections.abc import Mapping
from importlib import import_module  # noqa: TID251  # the contracts are about the package that all commands stand in
from typing import Any, Final

import click

from chancery.cli import language
from chancery.cli.checked_stream import CheckedStream, give_up
from chancery.cli.exit_codes import INTERRUPTED, exit_code
from chancery.cli.output import JSON, Output, with_json
from chancery.errors import ChanceryError
from chancery.sdk.errors import LocalFailure, Misused, OutputFailed
from chancery.texts import message
from chancery.version import VERSION

COMMANDS: Final[Mapping[str, Mapping[str, str]]] = {
    message("Sign-in"): {
        "login": "account.login",
        "logout": "account.logout",
        "whoami": "account.whoami",
        "preferences": "account.preferences",
        "address": "addresses.address",
        "account": "merging.account",
        "leave": "service.leave",
        "organization": "individuals.organization",
        "device": "lost_devices.device",
        "session": "sessions.session",
    },
    message("Files"): {
        "protect": "files.protect",
        "view": "viewing.view",
        "edit": "editing.edit",
        "open": "files.open_",
        "save": "saving.save",
        "unprotect": "files.unprotect",
        "relabel": "labels.relabel",
        "prelicense": "prelicensing.prelicense",
        "bulk": "bulk.bulk",
        "info": "files.info",
        "verify": "files.verify",
    },
    message("Documents, wherever they went"): {
        "templates": "documents.templates",
        "labels": "labels.labels",
        "documents": "documents.documents",
        "shared": "shared.shared",
        "track": "tracking.track",
        "notices": "notices.notices",
        "names": "names.names",
        "decoy": "decoys.decoy",
        "alarm": "decoys.alarm",
        "revoke": "revoking.revoke",
        "restore": "revoking.restore",
        "scheduled": "revoking.scheduled",
        "successor": "revoking.successor",
        "policy": "documents.policy",
        "change": "documents.change",
        "everywhere": "everywhere.everywhere",
        "hand-over": "hand_overs.hand_over",
        "suggest": "recipients.suggest",
        "why": "why.why",
        "rights": "rights.rights",
        "request": "requests.request",
        "requests": "requests.requests",
        "grant": "requests.grant",
        "decline": "requests.decline",
    },
    message("Administration"): {
        "template": "templates.template",
        "label": "labels.label",
        "key": "keys.key",
        "person": "people.person",
        "review": "review.review",
        "role": "role.role",
        "acting": "acting.acting",
        "group": "people.group",
        "contact": "contacts.contact",
        "domain": "administration.domain",
        "application": "applications.application",
        "ldap": "ldap.ldap",
        "provisioning": "provisioning.provisioning",
        "sign-on": "sign_on.sign_on",
        "installation": "installations.installation",
        "pending": "administration.pending",
        "preview": "previews.preview",
        "settings": "service.settings",
        "service": "service.service",
        "block": "blocks.block",
        "configuration": "configuration.configuration",
        "budget": "budgets.budget",
        "pause": "budgets.pause",
        "approvals": "approvals.approvals",
        "read-permission": "read_permissions.read_permission",
        "super-user": "super_users.super_user",
        "audit": "audit.audit",
        "verify-audit": "audit.verify_audit",
    },
}
"""Every command and where it is in this folder, as the help lists them."""


class Commands(click.Group):
    """All commands, each imported when it is called for, so that a command starts as fast as what it needs.

    Turns every expected error into a sentence, a next step and an exit code.
    """

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the program in the language of the shell; end with a code of its own when nothing can be printed."""
        language.begin()
        standard = sys.stdout
        checked = CheckedStream(standard)
        sys.stdout = checked
        try:
            try:
                return super().main(*args, **kwargs)
            finally:
                checked.flush()
        except OutputFailed as error:
            give_up(standard)
            Output().error(error)
            sys.exit(exit_code(error))
        finally:
            if sys.stdout is checked:
                sys.stdout = standard

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name all commands."""
        return [name for section in COMMANDS.values() for name in section]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        place = next((section[cmd_name] for section in COMMANDS.values() if cmd_name in section), None)
        if place is None:
            return None
        module, _, name = place.rpartition(".")
        found = getattr(import_module(f"{__package__}.{module}"), name)
        return language.explained(with_json(found)) if isinstance(found, click.Command) else None

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help of the program itself."""
        super(Commands, language.explained(self)).format_help(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by what they are about."""
        for title, section in COMMANDS.items():
            commands = [(name, self.get_command(ctx, name)) for name in section]
            with formatter.section(language.translate(title)):
                formatter.write_dl([(name, command.get_short_help_str(70)) for name, command in commands if command])

    def invoke(self, ctx: click.Context) -> object:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except OutputFailed:
            raise
        except (ChanceryError, click.UsageError, OSError) as error:
            output = ctx.ensure_object(Output)
            expected = _expected(error, as_json=output.as_json)
            output.error(expected)
            ctx.exit(exit_code(expected))
        except (KeyboardInterrupt, click.Abort):
            click.echo(language.translate(message("Interrupted; nothing is left half done.")), err=True)
            ctx.exit(INTERRUPTED)


def _expected(error: ChanceryError | click.UsageError | OSError, *, as_json: bool) -> ChanceryError:
    """Return the error to print; raise it again where click itself says it best."""
    if isinstance(error, ChanceryError):
        return error
    if isinstance(error, OSError):
        return LocalFailure.of(error)
    if as_json:
        return Misused(error.format_message())
    raise error


@click.group(cls=Commands, params=[JSON], context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="chancery")
def main() -> None:
    """Protect files so that you decide who opens them, wherever they went.

    Begin with: chancery login --host https://SERVICE, then: chancery protect FILE --grant rita@example.com:viewer

    Exit codes: 0 done, 1 refused by policy, 2 usage, 3 file invalid or tampered, 4 service unreachable, 5 other,
    6 standard output takes no more.
    """

"""``account``: two accounts of one person become one."""

import click

from chancery.cli.confirming import asks, changed, confirmed
from chancery.cli.language import translate
from chancery.cli.output import Output
from chancery.cli.session import signed_in
from chancery.texts import message


@click.group("account")
def account() -> None:
    """Merge two accounts of yours."""


@account.command("code")
@click.pass_obj
def merge_code(output: Output) -> None:
    """Get the code of the account that ends; enter it in the other one."""
    with signed_in(output) as session:
        answer = session.service.call("POST", session.account.iss, "/api/v1/me/merge-code", {})
    changed(output, answer)
    if not output.as_json:
        output.result({}, message("Code: {code}", code=answer["code"]))


@account.command("merge")
@click.argument("code", required=False)
@asks
@click.pass_obj
def merge(output: Output, code: str | None, reason: str, *, yes: bool) -> None:
    """Let your account take in the one whose CODE this is."""
    entered = code or str(click.prompt(translate(message("Code")), err=True))
    with signed_in(output) as session:
        answer = confirmed(
            output,
            lambda sent: session.service.call("POST", session.account.iss, "/api/v1/me/merge", sent),
            {"code": entered},
            yes=yes,
            reason=reason,
        )
    changed(output, answer)

"""Changes at the command line: what is dangerous is asked first, and every change says what it changed for whom.

The service knows what is dangerous and what it would do; here its answer is shown and confirmed.  ``--yes`` and
``--reason`` answer beforehand, for scripts.
"""

import functools
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import click

from chancery.cli.language import translate
from chancery.cli.output import Output
from chancery.sdk.errors import Misused, Refused, ServiceError
from chancery.sdk.organization import Organization
from chancery.texts import message

C = TypeVar("C", bound=Callable[..., Any])

YES: Final = click.option("--yes", is_flag=True, help="Do not ask.")
WHY: Final = click.option("--reason", default="", help="Why; the audit log keeps it.")


def asks(command: C) -> C:
    """Give a command the options by which it is confirmed beforehand."""
    return WHY(YES(command))


def changed(output: Output, answer: Mapping[str, Any], **more: Any) -> None:
    """Print what a change has changed for whom, and what may not have been meant by it."""
    told = {"message": translate(answer["message"]), "warnings": [translate(one) for one in answer["warnings"]]}
    output.result({**more, **answer, **told}, answer["message"])
    for warning in answer["warnings"]:
        output.note(message("Warning: {warning}", warning=warning))


def confirmed(
    output: Output,
    send: Callable[[dict[str, Any]], Any],
    body: Mapping[str, Any] | None = None,
    *,
    yes: bool = False,
    reason: str = "",
) -> Any:
    """Send a change; when the service asks first, show what it says, ask, and send it again confirmed.

    Raises Misused where nobody confirms, or where a reason is needed and there is none.
    """
    wanted = {**(body or {}), **({"reason": reason} if reason else {})}
    try:
        return send(wanted)
    except ServiceError as error:
        if error.problem != "confirmation_required":
            raise
        asked, question = error.members, error.message
    except Refused as refused:
        _explain_sign_in(refused)
        raise
    for sentence in asked["consequences"]:
        output.note(sentence)
    if asked["reason_required"] and not reason:
        wanted["reason"] = _reason(yes=yes)
    if not yes:
        _confirm(output, asked, question)
    try:
        return send({**wanted, "confirm": asked["confirm"]})
    except Refused as refused:
        _explain_sign_in(refused)
        raise


def carry_out(
    output: Output,
    place: Organization,
    method: str,
    path: str,
    body: Mapping[str, Any] | None = None,
    *,
    yes: bool,
    reason: str = "",
    **more: Any,
) -> None:
    """Make a change of an organization, ask where the service asks first, and print what it changed.

    ``more`` are what programs read beside that.
    """
    send = functools.partial(place.call, method, path)
    changed(output, confirmed(output, send, body, yes=yes, reason=reason), **more)


def _explain_sign_in(refused: Refused) -> None:
    if refused.reason == "fresh_sign_in_required":
        refused.next_step = message("Run chancery login, then this command again.")


def _reason(*, yes: bool) -> str:
    if yes or not sys.stdin.isatty():
        raise Misused(message("This needs a reason."), remedy=message('Say why: --reason "…". The audit log keeps it.'))
    return str(click.prompt(translate(message("Why? The audit log keeps it")), err=True))


def _confirm(output: Output, asked: Mapping[str, Any], question: str) -> None:
    if not asked["typed"]:
        output.confirm(question.partition("?")[0] + "?")
        return
    remedy = message("To do it without being asked, add --yes.")
    if not sys.stdin.isatty():
        raise Misused(message("This needs a confirmation, and there is no terminal to ask at."), remedy=remedy)
    typed = click.prompt(translate(message("Type {name} to confirm", name=asked["confirm"])), err=True)
    if str(typed).strip().casefold() != str(asked["confirm"]).casefold():
        raise Misused(message("This is not the name. Nothing was changed."), remedy=remedy)

"""What all commands about an organization have in common: the sign-in, and which organization is meant."""

import functools
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import click

from chancery.cli.output import Output
from chancery.cli.policy import read_grants
from chancery.cli.session import signed_in
from chancery.policy.policy import Policy, Principal
from chancery.policy.rights import in_order
from chancery.sdk.errors import Misused
from chancery.texts import message

ORGANIZATION = click.option("--organization", help="The organization, if you belong to several.")


def in_organization(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command its output and the organization of ``--organization``, by default the person's only one."""

    def run(output: Output, /, organization: str | None, **options: Any) -> None:
        with signed_in(output) as session:
            command(output, session.own_organization(organization), **options)

    functools.update_wrapper(run, command)
    return ORGANIZATION(click.pass_obj(run))


def require_changes(*names: str) -> None:
    """Raise Misused when the running command was given none of its options of these names."""
    context = click.get_current_context()
    if all(context.params[name] in (None, (), "") for name in names):
        options = ", ".join(one.opts[-1] for one in context.command.params if one.name in names)
        raise Misused(
            message("Nothing to change."), remedy=message("Name at least one of: {options}.", options=options)
        )


def require_known(policy: Policy, removed: tuple[str, ...]) -> None:
    """Raise Misused when somebody is to be removed whom the policy does not name: they were probably mistyped."""
    known = {*policy.index, *policy.deny}
    for who in removed:
        if Principal.parse(who) not in known:
            raise Misused(
                message("{who} is not in the policy.", who=who),
                remedy=message("Name a person as the policy does: chancery policy, or chancery template list --json."),
            )


def entries_patch(
    zone: ZoneInfo, *, grants: tuple[str, ...], removed: tuple[str, ...], deny: tuple[str, ...]
) -> dict[str, dict[str, Any]]:
    """Return a JSON merge patch of a policy's entries: new grants replace what somebody had, what is not named stays.

    A person who is removed loses their grant and is no longer denied access.
    """
    gone = {str(Principal.parse(who)): None for who in removed}
    fresh: dict[str, list[dict[str, Any]]] = {}
    for grant in read_grants(grants, zone):
        given = {"rights": in_order(grant.rights), "until": grant.until}
        fresh.setdefault(str(grant.who), []).append(given)
    return {"grants": {**gone, **fresh}, "deny": {**gone, **{str(Principal.parse(who)): True for who in deny}}}

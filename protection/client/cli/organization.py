"""What all commands about an organization have in common: the sign-in, and which organization is meant."""

import functools
from collections.abc import Callable
from typing import Any, TypeAlias

import click

from protection.client.cli.output import Output
from protection.client.errors import Misused
from protection.client.session import Session, parse_grants
from protection.licensing.policy import Principal
from protection.licensing.rights import in_order

Policy: TypeAlias = dict[str, Any]
"""A policy as the service tells it."""

ORGANIZATION = click.option("--organization", help="The organization, if you belong to several.")
OFFLINE_DAYS = click.option(
    "--offline-days", type=click.IntRange(-1, 65_535), help="Days a license works offline; 0: never, -1: no limit."
)
DENY = click.option("--deny", "deny", multiple=True, metavar="WHO", help="Never let WHO open it.")
REMOVE = click.option("--remove", "removed", multiple=True, metavar="WHO", help="Take WHO out of the policy.")


def in_organization(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command its output and the organization of ``--organization``, by default the person's only one."""

    def run(output: Output, /, organization: str | None, **options: Any) -> None:
        with Session.open() as session:
            command(output, session.own_organization(organization), **options)

    functools.update_wrapper(run, command)
    return ORGANIZATION(click.pass_obj(run))


def require_changes(*names: str) -> None:
    """Raise Misused when the running command was given none of its options of these names."""
    context = click.get_current_context()
    if all(context.params[name] in (None, (), "") for name in names):
        options = ", ".join(one.opts[-1] for one in context.command.params if one.name in names)
        raise Misused("Nothing to change.", remedy=f"Name at least one of: {options}.")


def changed_policy(
    policy: Policy,
    *,
    grants: tuple[str, ...],
    removed: tuple[str, ...],
    deny: tuple[str, ...],
    offline_days: int | None,
) -> Policy:
    """Return a policy with these changes; a new grant replaces what somebody had, what is not named stays."""
    gone = {str(Principal.parse(who)) for who in removed}
    fresh = {str(grant.who): in_order(grant.rights) for grant in parse_grants(grants)}
    kept = {one["who"]: one["rights"] for one in policy["grants"] if one["who"] not in gone}
    return {
        **policy,
        "grants": [{"who": who, "rights": rights} for who, rights in {**kept, **fresh}.items()],
        "deny": sorted({*policy["deny"], *(str(Principal.parse(who)) for who in deny)}),
        "offline_days": policy["offline_days"] if offline_days is None else offline_days,
    }

"""Options that say which documents are asked for, for a super-user grant or a read permission."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

import click

from chancery.cli.labels import existing_label
from chancery.cli.template_choice import chosen
from chancery.sdk.organization import Organization

DATES: Final = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S%z"]
Command = TypeVar("Command", bound=Callable[..., Any])
_OPTIONS: Final = (
    click.option("--document", "documents", type=click.UUID, multiple=True, help="This document; may be repeated."),
    click.option("--template", default="", help="Documents by this template (name or id)."),
    click.option("--label", default="", help="Documents under this label (name or id)."),
    click.option("--owner", default="", metavar="ADDRESS|ID", help="Documents that they own, also after they left."),
    click.option("--group", default="", metavar="ADDRESS", help="Documents that grant something to this group."),
    click.option("--since", type=click.DateTime(DATES), help="Documents protected then or later."),
    click.option("--until", type=click.DateTime(DATES), help="Documents protected before."),
)


def scope_options(command: Command) -> Command:
    """Give a command the options of a scope; ``scope_members`` reads them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def scope_members(place: Organization, conditions: dict[str, Any]) -> dict[str, Any]:
    """Return the members of a request for what the options say."""
    body: dict[str, Any] = {name: conditions[name] for name in ("owner", "group")}
    if conditions["documents"]:
        body["documents"] = [str(cid) for cid in conditions["documents"]]
    for name, existing in (("template", chosen), ("label", existing_label)):
        if conditions[name]:
            # An id is taken as it is: what was deleted is in no list, and its documents are still there.
            body[name] = str(id_of(conditions[name]) or existing(place, conditions[name])["id"])
    for name in ("since", "until"):
        moment: datetime | None = conditions[name]
        if moment is not None:
            body[name] = moment.astimezone().isoformat()
    return body


def id_of(named: str) -> UUID | None:
    """Return an id, or None for what is none."""
    try:
        return UUID(named)
    except ValueError:
        return None

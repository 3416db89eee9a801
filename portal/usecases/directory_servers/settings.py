"""Directory servers of an organization: connect one, change it, test it, and end it.

Whoever says from where people come can let anybody come.  So all administrators are mailed about a change, who made it
counts as somebody who knows the connection's secret, and the password of the bind account is given anew with each
other place that it would be sent to.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from chancery.crypto import labels
from chancery.texts import message
from portal.identity.sign_on.secrets import seal
from portal.ldap.connection import SECURITIES, authority_of, filter_of
from portal.ldap.errors import SETTINGS as WRONG
from portal.ldap.errors import ServerFailed
from portal.notifications.directory_servers import mail_server_changed
from portal.throttle import retry_after
from portal.usecases.caller import Caller
from portal.usecases.confirmation import Stated
from portal.usecases.directory_servers import reading
from portal.usecases.directory_servers.mapping import ATTRIBUTES, KINDS, PRESETS
from portal.usecases.effects import Effect, effect
from portal.usecases.provisioning import connections
from portal.usecases.provisioning.connections import administrators
from portal.usecases.roles import require_second_factor
from tenants.directory.errors import DirectoryRefused
from tenants.directory_servers.selectors import ServerFacts, server_in
from tenants.directory_servers.services.servers import change_server, create_server
from tenants.organizations.selectors import OrganizationFacts

SETTINGS: Final[tuple[str, ...]] = (
    *("host", "port", "security", "authority", "bind_name", "people_base", "people_filter"),
    *("groups_base", "groups_filter", "attributes", "every_minutes", "most_percent"),
)
MOST_MINUTES: Final = 1440
LEAST_MINUTES: Final = 5
MOST_PORT: Final = 65_535
MOST_PERCENT: Final = 100
_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?")
_NAMES: Final = re.compile(r"[A-Za-z][A-Za-z0-9.-]{0,99}( [A-Za-z][A-Za-z0-9.-]{0,99}){0,4}")


@dataclass(frozen=True, slots=True)
class ConnectedServer:
    """A server that was connected, and in words what it still needs."""

    server: ServerFacts
    effect: Effect


@transaction.atomic
def connect(
    *,
    caller: Caller,
    organization: OrganizationFacts,
    name: str,
    kind: str,
    roles: bool = False,
    group_domain: str = "",
    password: str = "",
    values: Mapping[str, Any],
) -> ConnectedServer:
    """Connect a server; nothing is read before a run is asked for.

    ``values`` are of ``SETTINGS``; filters and attributes are those usual for the kind unless they are given.  Raises
    DirectoryRefused, NameRefused, NotPermitted and ServerFailed.
    """
    if kind not in KINDS:
        raise DirectoryRefused(_("{kind}: a directory server is {known}.").format(kind=kind, known=", ".join(KINDS)))
    may = ["people", *(["groups"] if values.get("groups_base") else []), *(["roles"] if roles else [])]
    require_second_factor(caller, may)
    given = {name: value for name, value in values.items() if value not in (None, "")}
    usual = PRESETS[kind]
    given["attributes"] = {**usual["attributes"], **given.get("attributes", {})}
    wanted = _checked({**usual, "security": "ldaps", "port": 636, **given})
    made = create_server(
        organization_id=organization.id,
        name=name,
        may=may,
        group_domain=group_domain,
        values={**wanted, "kind": kind},
        actor=caller.directory_actor,
    )
    if password:
        _give_password(caller, made.id, password)
    _mail(caller, organization, made)
    done = _("“{name}” is connected. Nothing is read yet.").format(name=made.name)
    needs = "" if password else _("The bind account has no password yet.")
    return ConnectedServer(server_in(organization.id, made.id), effect(True, done, "", needs))


@transaction.atomic
def change(*, caller: Caller, organization: OrganizationFacts, server_id: UUID, changes: Mapping[str, Any]) -> Effect:
    """Change a server: members of ``SETTINGS``, and ``password``.

    Raises DirectoryRefused, NotHere, NotPermitted and ServerFailed.
    """
    before = server_in(organization.id, server_id)
    require_second_factor(caller, before.connection.may)
    values = _checked({name: changes[name] for name in SETTINGS if name in changes})
    if changes.get("password"):
        values["sealed_password"] = seal(server_id, changes["password"], purpose=labels.DIRECTORY_SERVER)
    before, after = change_server(
        organization_id=organization.id, server_id=server_id, values=values, actor=caller.directory_actor
    )
    changed = before != after or "sealed_password" in values
    if changed:
        _mail(caller, organization, after)
    lost = before.has_password and not after.has_password
    state = _("“{name}” is as you wanted it.").format(name=after.name)
    done = _("“{name}” is changed.").format(name=after.name)
    return effect(
        changed,
        done,
        state,
        _("Give the password of the bind account again: it goes to another place now.") if lost else "",
        _("Everything is read anew by the next run.") if before.cursor is not None and after.cursor is None else "",
    )


def tested(*, caller: Caller, organization: OrganizationFacts, server_id: UUID) -> reading.Tested:
    """Ask the server for its first people, as they would come; nothing is changed.  Raises NotHere and ServerFailed."""
    server = server_in(organization.id, server_id)
    require_second_factor(caller, server.connection.may)
    wait = retry_after(f"ldap test {organization.id}", rate=1 / 6, burst=10)
    if wait:
        raise ServerFailed(
            WRONG,
            message("Servers were tested often just now."),
            remedy=message("Wait {seconds} seconds.", seconds=wait),
        )
    return reading.tested(server)


def end(*, caller: Caller, server_id: UUID, stated: Stated) -> Effect:
    """End a server's connection; people and groups stay as they are.  Raises NotHere and what ``confirmed`` raises."""
    server_in(caller.organization, server_id)
    return connections.end(caller=caller, connection_id=server_id, stated=stated)


def _give_password(caller: Caller, server_id: UUID, password: str) -> None:
    sealed = seal(server_id, password, purpose=labels.DIRECTORY_SERVER)
    change_server(
        organization_id=caller.organization,
        server_id=server_id,
        values={"sealed_password": sealed},
        actor=caller.directory_actor,
    )


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as they are kept.  Raises DirectoryRefused and ServerFailed."""
    kept: dict[str, Any] = {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}
    _check_place(kept)
    for name in ("people_filter", "groups_filter"):
        if kept.get(name) or (name == "people_filter" and name in kept):
            text = str(kept[name])
            kept[name] = text if text.startswith("(") else f"({text})"
            filter_of(kept[name])
    if "people_base" in kept and not kept["people_base"]:
        raise DirectoryRefused(_("Say below which entry people are."))
    _check_numbers(kept)
    if "attributes" in kept:
        kept["attributes"] = _attributes(kept["attributes"])
    return kept


def _check_place(kept: dict[str, Any]) -> None:
    if "host" in kept and not _HOST.fullmatch(kept["host"]):
        raise DirectoryRefused(_("{host} is no name of a server.").format(host=kept["host"]))
    if "port" in kept and not 1 <= kept["port"] <= MOST_PORT:
        raise DirectoryRefused(_("A port is a number from 1 to {most}.").format(most=MOST_PORT))
    if "security" in kept and kept["security"] not in SECURITIES:
        raise DirectoryRefused(_("The connection is encrypted by {known}.").format(known=", ".join(SECURITIES)))
    if kept.get("authority"):
        # A browser sends other line ends than a file has: the same certificate is no other place.
        kept["authority"] = "\n".join(kept["authority"].split("\r\n"))
        authority_of(kept["authority"])


def _check_numbers(kept: Mapping[str, Any]) -> None:
    if kept.get("every_minutes") and not LEAST_MINUTES <= kept["every_minutes"] <= MOST_MINUTES:
        raise DirectoryRefused(
            _("Changes are read every {least} to {most} minutes, or never: 0.").format(
                least=LEAST_MINUTES, most=MOST_MINUTES
            )
        )
    if "most_percent" in kept and not 1 <= kept["most_percent"] <= MOST_PERCENT:
        raise DirectoryRefused(_("A share is from 1 to 100 percent."))


def _attributes(given: Mapping[str, str]) -> dict[str, str]:
    unknown = sorted(set(given) - set(ATTRIBUTES))
    if unknown:
        raise DirectoryRefused(
            _("{names}: attributes are set for {known}.").format(names=", ".join(unknown), known=", ".join(ATTRIBUTES))
        )
    kept = {name: " ".join(given.get(name, "").split()) for name in ATTRIBUTES}
    wrong = [value for value in kept.values() if value and not _NAMES.fullmatch(value)]
    if wrong:
        raise DirectoryRefused(_("{name} is no name of an attribute.").format(name=wrong[0][:100]))
    missing = [name for name in ("id", "address") if not kept[name]]
    if missing:
        raise DirectoryRefused(_("Say which attribute holds: {names}.").format(names=", ".join(missing)))
    return kept


def _mail(caller: Caller, organization: OrganizationFacts, server: ServerFacts) -> None:
    mail_server_changed(
        administrators(organization.id),
        server=server.name,
        host=server.host,
        who=caller.address or caller.name,
        page=f"{organization.origin}/people/directory-servers/{server.id}/",
    )

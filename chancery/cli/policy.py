"""The members of a policy as options: the same for files, documents and templates, under the names of the API."""

import functools
import re
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

import click

from chancery.cli.expiry import parse_beginning, parse_end, parse_expiry
from chancery.policy.policy import Enforcement, Grant, Strength
from chancery.policy.programs import WITHHELD_BY_PROGRAMS
from chancery.sdk.errors import Misused
from chancery.sdk.options import parse_grant
from chancery.texts import message

C = TypeVar("C", bound=Callable[..., None])

NO_LIMIT: Final = "none"
"""What takes a limit or a condition away again."""

GRANT_HELP: Final = (
    "e.g. rita@example.com:viewer, single rights like rita@example.com:VIEW,PRINT, or with an end of its own, which"
    " --expires shows how to write: 'rita@example.com:viewer until 2027-01-31'"
)
DENY = click.option("--deny", "deny", multiple=True, metavar="WHO", help="Never let WHO open it.")
REMOVE = click.option("--remove", "removed", multiple=True, metavar="WHO", help="Take WHO out of the policy.")
OFFLINE_DAYS = click.option(
    "--offline-days", type=click.IntRange(-1, 65_535), help="Days a license works offline; 0: never, -1: no limit."
)
EXPIRES = click.option("--expires", metavar="WHEN", help="When access ends: 2027-01-31 (that day included), 30d, none.")

_LIMITS: Final = (
    click.option(
        "--expires-after-opening",
        metavar="DAYS",
        help="Access ends for each person so many days after their own first opening; none: not.",
    ),
    OFFLINE_DAYS,
    click.option(
        "--lease",
        metavar="TIME",
        help="How long a kept license lives without news from the service: 1h, 8h, 2d; none: as the organization says.",
    ),
    click.option(
        "--sign-in",
        type=click.Choice([*Strength, NO_LIMIT]),
        help="How strongly people must have signed in, at least.",
    ),
    click.option("--network", "networks", multiple=True, metavar="NET", help="Only from here, like 192.0.2.0/24."),
    click.option(
        "--time",
        "times",
        multiple=True,
        metavar="WHEN",
        help="Only at these times of the week, like “mon-fri 08:00-18:00 Europe/Berlin”.",
    ),
    click.option("--platform", "platforms", multiple=True, metavar="NAME", help="Only on these, like linux, windows."),
    click.option("--opens", "not_before", metavar="WHEN", help="Not before: 2027-01-31T09:00, or a day, which counts."),
    click.option("--closes", "not_after", metavar="WHEN", help="Not after: 2027-01-31T17:00, or a day, which counts."),
    click.option("--post-quantum/--no-post-quantum", default=None, help="Only on devices with post-quantum keys."),
    click.option(
        "--account-required/--no-account-required",
        default=None,
        help="Only people with an account: no opening by a mailed code.",
    ),
    click.option(
        "--viewer-only/--no-viewer-only",
        default=None,
        help="Readers see pages in the browser that the service draws; only owners and people with EXPORT get the key.",
    ),
    click.option(
        "--watermark/--no-watermark",
        default=None,
        help="Show reader, time and document over the content.",
    ),
    click.option(
        "--enforce",
        "enforced",
        multiple=True,
        metavar="RIGHT",
        help=f"Only in programs that withhold it from people without it: {', '.join(WITHHELD_BY_PROGRAMS)}.",
    ),
)
LIMITS: Final = (
    "expires_after_opening",
    "offline_days",
    "lease",
    "sign_in",
    "networks",
    "times",
    "platforms",
    "not_before",
    "not_after",
    "post_quantum",
    "account_required",
    "viewer_only",
    "watermark",
    "enforced",
)
"""The parameters that ``limits`` gives to a command."""


def limits(command: C) -> C:
    """Give a command the options of everything a policy says beside who, and when access ends."""
    return functools.reduce(lambda made, option: option(made), reversed(_LIMITS), command)


def limited(zone: ZoneInfo, **options: Any) -> dict[str, Any]:
    """Return what these options say as a JSON merge patch of a policy (``chancery.policy.patch``).

    What was not given is not in it.  Dates are read in ``zone``.  Raises Misused.
    """
    days, lease, strength = options["expires_after_opening"], options["lease"], options["sign_in"]
    conditions: dict[str, Any] = {
        "strength": _or_none(strength),
        "networks": _several(options["networks"]),
        "times": _several(options["times"]),
        "platforms": _several(options["platforms"]),
        "not_before": _moment(options["not_before"], zone, parse_beginning),
        "not_after": _moment(options["not_after"], zone, parse_end),
        "post_quantum": options["post_quantum"],
        "account_required": options["account_required"],
        "enforced": _several(options["enforced"]),
    }
    given = {**options, "strength": strength}
    patch: dict[str, Any] = {}
    if days is not None:
        patch["expires_after_opening_days"] = None if days == NO_LIMIT else _days(days)
    if options["offline_days"] is not None:
        patch["offline_days"] = options["offline_days"]
    if lease is not None:
        patch["lease"] = None if lease == NO_LIMIT else _seconds(lease)
    if options["viewer_only"] is not None:
        patch["enforcement"] = (Enforcement.VIEWER if options["viewer_only"] else Enforcement.CLIENT).value
    if options["watermark"] is not None:
        patch["watermark"] = options["watermark"]
    asked = {name: value for name, value in conditions.items() if given[name] not in (None, ())}
    return {**patch, **({"conditions": asked} if asked else {})}


def read_grants(texts: Iterable[str], zone: ZoneInfo) -> tuple[Grant, ...]:
    """Read grants as people write them, ``WHO:RIGHTS`` or ``WHO:RIGHTS until WHEN``.  Raises Misused, InvalidPolicy."""
    found = []
    for text in texts:
        given, separator, end = text.partition(" until ")
        found.append(parse_grant(given.strip(), parse_expiry(end.strip(), zone) if separator else None))
    return tuple(found)


def expiry(expires: str | None, zone: ZoneInfo) -> dict[str, Any]:
    """Return what ``--expires`` says as a patch, nothing where it was not given."""
    if expires is None:
        return {}
    return {"expires": None if expires in {NO_LIMIT, "never"} else parse_expiry(expires, zone)}


def _or_none(value: str | None) -> str | None:
    return None if value == NO_LIMIT else value


def _several(values: tuple[str, ...]) -> list[str] | None:
    return None if NO_LIMIT in values else list(values)


def _moment(text: str | None, zone: ZoneInfo, parse: Callable[[str, ZoneInfo], int]) -> int | None:
    return None if text in {None, NO_LIMIT} else parse(str(text), zone)


def _days(text: str) -> int:
    if not text.isdecimal():
        raise Misused(message("{text!r} is no number of days.", text=text), remedy=message("Write it like 7, or none."))
    return int(text)


def _seconds(text: str) -> int:
    found = re.fullmatch(r"(\d+)([mhd])", text)
    if found is None:
        raise Misused(
            message("{text!r} is no span of time.", text=text), remedy=message("Write it like 30m, 8h or 2d, or none.")
        )
    return int(found[1]) * {"m": 60, "h": 3_600, "d": 86_400}[found[2]]

"""How files are to be protected, from the options of the command: a template, a label, or grants of one's own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from chancery.cli.policy import expiry, limited, read_grants
from chancery.cli.selection import STREAM
from chancery.policy.computed import Computed, computed_policy
from chancery.policy.patch import patched
from chancery.policy.policy import Grant, Policy
from chancery.sdk.errors import Misused
from chancery.sdk.options import ProtectOptions
from chancery.texts import message


def check_one_source(template: str | None, label: str | None, *, own: bool) -> None:
    """Raise Misused where more than one thing says who may open: a template, a label, grants of one's own."""
    if template and label:
        raise Misused(message("A label brings its own template."), remedy=message("Use either --label or --template."))
    if template and own:
        raise Misused(message("A template brings its own grants."), remedy=message("Use either --template or --grant."))


def require_licenses_beside(files: tuple[Path, ...], target: Path | None, *, in_page: bool, offline: bool) -> None:
    """Raise Misused where no licenses can be put beside what is protected."""
    if STREAM in (*files, target) or in_page:
        raise Misused(
            message("Licenses are written beside a sealed file."),
            remedy=message("Leave out --prelicense, or name files and leave out --html."),
        )
    if offline:
        raise Misused(
            message("Licenses for recipients are issued by the service."),
            remedy=message("Leave out --offline, or run later: chancery prelicense FILE"),
        )


def computed_grants(do_not_forward: tuple[str, ...], encrypt_only: tuple[str, ...]) -> tuple[Grant, ...]:
    """Return the grants of Do Not Forward and Encrypt-Only for these recipients."""
    given = ((Computed.DO_NOT_FORWARD, do_not_forward), (Computed.ENCRYPT_ONLY, encrypt_only))
    return tuple(grant for kind, people in given if people for grant in computed_policy(kind, people).grants)


def protect_options(
    zone: ZoneInfo,
    template: str | None,
    grants: tuple[tuple[str, ...], tuple[Grant, ...]],
    deny: tuple[str, ...],
    expires: str | None,
    options: Mapping[str, Any],
) -> ProtectOptions:
    """Return how files are to be protected; ``grants`` are those written by people and those that were computed.

    Raises Misused for what a template decides by itself.
    """
    written, computed = grants
    members = limited(zone, **options)
    if template and members.keys() - {"offline_days"}:
        raise Misused(
            message("A template brings its own conditions."),
            remedy=message("Only --expires and --offline-days shorten it."),
        )
    policy = patched(Policy(), {**members, **expiry(expires, zone)})
    return ProtectOptions(
        template,
        (*read_grants(written, zone), *computed),
        deny,
        policy.expires,
        members.get("offline_days"),
        policy.expires_after_opening_days,
        policy.lease,
        policy.conditions,
        enforcement=policy.enforcement,
        watermark=policy.watermark,
    )

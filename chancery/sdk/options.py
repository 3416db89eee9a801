"""How a file is to be protected, as people and programs say it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from chancery.policy.computed import Computed, computed_policy
from chancery.policy.policy import Conditions, Enforcement, Grant, Policy, Principal
from chancery.policy.rights import parse_rights
from chancery.sdk.errors import Misused
from chancery.texts import message


@dataclass(frozen=True, slots=True)
class ProtectOptions:
    """How a file is to be protected: by a label, a template, or grants of its own (none: just me).

    A grant is a text ``WHO:RIGHT,RIGHT`` or ``WHO:LEVEL``, or a ``Grant``, which can have an end.
    ``expires`` is in seconds since 1970, ``expires_after_opening_days`` counts from each person's first opening;
    ``offline_days`` is -1 for no limit of its own, 0 for a license at each opening; ``lease`` is in seconds.
    ``owner`` is the address of somebody else who is to own the document.  ``enforcement`` VIEWER keeps the content key
    with the service, ``watermark`` asks programs to show reader, time and document over the content.
    """

    template: str | None = None
    grants: tuple[str | Grant, ...] = ()
    deny: tuple[str, ...] = ()
    expires: int | None = None
    offline_days: int | None = None
    expires_after_opening_days: int | None = None
    lease: int | None = None
    conditions: Conditions = field(default_factory=Conditions)
    label: str | None = None
    owner: str | None = None
    enforcement: Enforcement = Enforcement.CLIENT
    watermark: bool = False

    @classmethod
    def computed(cls, kind: Computed, recipients: Iterable[str], *, for_message: bool = False) -> Self:
        """Return Do Not Forward or Encrypt-Only for these recipients.  Raises InvalidPolicy."""
        return cls(grants=computed_policy(kind, recipients, for_message=for_message).grants)


def ad_hoc_policy(options: ProtectOptions) -> Policy:
    """Return the ad hoc policy of a options; no grants mean that only the publisher may open."""
    return Policy(
        grants=tuple(one if isinstance(one, Grant) else parse_grant(one) for one in options.grants),
        deny=tuple(Principal.parse(text) for text in options.deny),
        expires=options.expires,
        expires_after_opening_days=options.expires_after_opening_days,
        lease=options.lease,
        conditions=options.conditions,
        enforcement=options.enforcement,
        watermark=options.watermark,
        offline_days=-1 if options.offline_days is None else options.offline_days,
    )


def parse_grant(text: str, until: int | None = None) -> Grant:
    """Read a grant written as ``WHO:RIGHT,RIGHT`` or ``WHO:LEVEL``.  Raises InvalidPolicy and Misused."""
    who, separator, rights = text.rpartition(":")
    if not separator or not who:
        raise Misused(
            message("{text!r} is not a grant.", text=text),
            remedy=message("Write it like rita@example.com:viewer or rita@example.com:VIEW,PRINT."),
        )
    return Grant(Principal.parse(who), parse_rights(one.strip() for one in rights.split(",")), until)

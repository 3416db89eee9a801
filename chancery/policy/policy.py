"""A policy: who may do what with one content, until when and under which conditions (docs/protocol.md P4, P19).

The JSON form is what a publishing license carries inside its envelope, what the service registers, and what the API
takes and shows.  Reading is strict: an unknown member, right or principal kind is refused, never ignored, because
ignoring one could widen access.

    {"v": 1,
     "grants": [{"who": "address:rita@fabrikam.example", "rights": ["VIEW", "PRINT"],
                 "until": 1798675200}],     the grant's own end; left out: it has none
     "deny": ["domain:rival.example"],
     "expires": 1798675200,          seconds since 1970, or null for never
     "expires_after_opening_days": 7,    days from a person's own first opening; left out: no such end
     "offline_days": 7,              -1 no own limit, 0 a license at each opening, else days
     "lease": 3600,                  seconds a cached license lives without a fresh feed, or null
     "watermark": true,              reader, time and document over what a program shows; left out: not asked for
     "enforcement": "client",        or "viewer": the content key stays with the service (P23)
     "conditions": {"strength": "mfa", "networks": ["10.0.0.0/8"], "platforms": ["linux"],
                    "times": ["mon-fri 08:00-18:00 Europe/Berlin"],
                    "not_before": 1, "not_after": 2, "post_quantum": true, "account_required": true,
                    "enforced": ["PRINT"]}}
"""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, Final, TypeVar

from chancery import names
from chancery.errors import InvalidPolicy
from chancery.policy.days import LAST_MOMENT
from chancery.policy.rights import Right, expand, in_order, parse_rights
from chancery.policy.strict_members import choice, flag, integer, members, one_text, only, or_default
from chancery.policy.times import Times, parse_times
from chancery.texts import message

E = TypeVar("E", bound=StrEnum)

MAX_ENTRIES: Final = 20_000
"""Grants and deny entries together; far above any real policy, low enough to bound the work of one decision."""

MAX_OFFLINE_DAYS: Final = 65_535
MAX_OPENING_DAYS: Final = 65_535


class PrincipalKind(StrEnum):
    """How an entry names whom it means."""

    ADDRESS = "address"
    """One e-mail address: of a person, or of a group of any organization (nested members count)."""
    DOMAIN = "domain"
    """People, not guests, with a proven address in exactly this domain."""
    ORGANIZATION = "organization"
    """Every member of the organization with this id; guests are excluded."""
    AUTHENTICATED = "authenticated"
    """Anybody who can sign in at the installation; outsiders by code are excluded (P22)."""


@dataclass(frozen=True, slots=True, order=True)
class Principal:
    """One way to name people; written ``kind:value``, or ``authenticated`` alone."""

    kind: PrincipalKind
    value: str = ""

    def __str__(self) -> str:
        return self.kind.value if self.kind is PrincipalKind.AUTHENTICATED else f"{self.kind.value}:{self.value}"

    @classmethod
    def parse(cls, text: str) -> Principal:
        """Read ``kind:value``; a bare e-mail address and ``authenticated`` are understood too.

        Raises InvalidPolicy with what would have been accepted.
        """
        kind, separator, value = text.strip().partition(":")
        if not separator and "@" in kind:
            kind, value = PrincipalKind.ADDRESS.value, kind
        try:
            known = PrincipalKind(kind)
        except ValueError:
            raise InvalidPolicy(
                message("{text!r} does not name a person or group.", text=text),
                remedy=message("Write an e-mail address, domain:example.com, organization:<id> or authenticated."),
                entry=text,
            ) from None
        return cls(known, _normal_value(known, value.strip(), text))

    @classmethod
    def of_address(cls, text: str) -> Principal:
        """Return the principal that a mail address names.  Raises InvalidPolicy for anything else."""
        return cls.parse(f"{PrincipalKind.ADDRESS.value}:{text}")


def _normal_value(kind: PrincipalKind, value: str, text: str) -> str:
    """Return the one spelling under which a principal is compared (P12)."""
    match kind:
        case PrincipalKind.ADDRESS:
            return _name(names.address, value, message("Write it like name@example.com."), text)
        case PrincipalKind.DOMAIN:
            return _name(names.mail_domain, value, message("Write it like domain:example.com."), text)
        case PrincipalKind.ORGANIZATION:
            try:
                return str(uuid.UUID(value))
            except ValueError:
                raise InvalidPolicy(message("{text!r} is not an organization's id.", text=text), entry=text) from None
        case PrincipalKind.AUTHENTICATED:
            if value:
                raise InvalidPolicy(
                    message("'authenticated' takes no value."), remedy=message("Write just: authenticated."), entry=text
                )
            return ""


def _name(normal: Callable[[str], str], value: str, remedy: str, entry: str) -> str:
    """Return the normal form by which the directory knows the name; two rules would let deny entries miss people."""
    try:
        return normal(value)
    except names.NameRefused as error:
        raise InvalidPolicy(message(error.message, **error.values), remedy=remedy, entry=entry) from None


@dataclass(frozen=True, slots=True)
class Grant:
    """One entry that gives rights until its end, in seconds since 1970; several entries that match one person unite."""

    who: Principal
    rights: frozenset[Right]
    until: int | None = None

    def lasts(self, now: int) -> bool:
        """Tell whether it still gives something at a moment: in the second of its end it does not."""
        return self.until is None or now < self.until

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form, with rights in the table's order."""
        # The end is left out where there is none, so that a program that does not know it can read every policy
        # without it, and refuses every policy with it (decision 26).
        end = {} if self.until is None else {"until": self.until}
        return {"who": str(self.who), "rights": in_order(self.rights), **end}


class Strength(StrEnum):
    """How strongly the person proved who they are, weakest first."""

    CODE = "code"
    PASSWORD = "password"  # noqa: S105 - the name of a way to sign in, not a secret
    MFA = "mfa"
    PASSKEY = "passkey"

    @property
    def rank(self) -> int:
        """Position in the order of strength; a condition is met by this rank or a higher one."""
        return list(Strength).index(self)


@dataclass(frozen=True, slots=True)
class Conditions:
    """What an opening must meet beyond being granted; all that are set must hold.  Absent means no condition.

    ``enforced`` are the rights that a program must really withhold from people who are not granted them (P23);
    ``account_required`` keeps outsiders by code away (P22).
    """

    strength: Strength | None = None
    networks: tuple[str, ...] = ()
    times: tuple[Times, ...] = ()
    platforms: frozenset[str] = frozenset()
    not_before: int | None = None
    not_after: int | None = None
    post_quantum: bool = False
    account_required: bool = False
    enforced: frozenset[Right] = frozenset()

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form with only the members that are set."""
        members: dict[str, Any] = {
            "strength": self.strength.value if self.strength else None,
            "networks": list(self.networks),
            "times": [str(one) for one in self.times],
            "platforms": sorted(self.platforms),
            "not_before": self.not_before,
            "not_after": self.not_after,
            "post_quantum": self.post_quantum,
            "account_required": self.account_required,
            "enforced": in_order(self.enforced),
        }
        # By identity: a window that ended at second 0 is a condition too, and leaving it out would open the window.
        return {
            name: value for name, value in members.items() if value is not None and value is not False and value != []
        }


class Enforcement(StrEnum):
    """Who enforces rights beyond being able to decrypt (P23)."""

    CLIENT = "client"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True)
class Policy:
    """The whole of it.  An empty policy is owner-only: nothing granted means denied."""

    grants: tuple[Grant, ...] = ()
    deny: tuple[Principal, ...] = ()
    expires: int | None = None
    expires_after_opening_days: int | None = None
    offline_days: int = -1
    lease: int | None = None
    enforcement: Enforcement = Enforcement.CLIENT
    watermark: bool = False
    conditions: Conditions = field(default_factory=Conditions)
    index: Mapping[Principal, tuple[Grant, ...]] = field(init=False, repr=False, compare=False, default_factory=dict)
    """Grants by principal; makes a decision independent of the list's length.

    Several grants to one are united: each end once, the latest first, with only what the later ones do not give.
    """
    addresses: frozenset[str] = field(init=False, repr=False, compare=False, default=frozenset())
    """All addresses that an entry names, to grant or to deny."""
    ends: frozenset[int] = field(init=False, repr=False, compare=False, default=frozenset())
    """The ends of all grants."""

    def __post_init__(self) -> None:
        united: dict[Principal, tuple[Grant, ...]] = {}
        for grant in self.grants:
            known = united.get(grant.who)
            united[grant.who] = (grant,) if known is None else _united((*known, grant))
        object.__setattr__(self, "index", united)
        named = (who.value for who in (*united, *self.deny) if who.kind is PrincipalKind.ADDRESS)
        object.__setattr__(self, "addresses", frozenset(named))
        object.__setattr__(self, "ends", frozenset(one.until for one in self.grants if one.until is not None))

    def rights_of(self, who: Principal, now: int) -> frozenset[Right]:
        """Return what the entries that name exactly this principal give at a moment."""
        return frozenset(right for grant in self.index.get(who, ()) if grant.lasts(now) for right in grant.rights)

    def as_json(self) -> dict[str, Any]:
        """Return the canonical JSON form; parsing it gives an equal policy."""
        days = self.expires_after_opening_days
        return {
            "v": 1,
            "grants": [grant.as_json() for grant in self.grants],
            "deny": [str(principal) for principal in self.deny],
            "expires": self.expires,
            # Left out where it is not set, like the watermark below, so that a client that does not know it can read
            # every policy without it.
            **({} if days is None else {"expires_after_opening_days": days}),
            "offline_days": self.offline_days,
            "lease": self.lease,
            "enforcement": self.enforcement.value,
            **({"watermark": True} if self.watermark else {}),
            "conditions": self.conditions.as_json(),
        }


def _united(grants: Iterable[Grant]) -> tuple[Grant, ...]:
    """Return grants to one principal in the one form of what they give together."""
    by_end: dict[int | None, Grant] = {}
    for grant in grants:
        known = by_end.get(grant.until)
        by_end[grant.until] = grant if known is None else replace(known, rights=known.rights | grant.rights)
    found: list[Grant] = []
    later: frozenset[Right] = frozenset()
    for grant in sorted(by_end.values(), key=lambda one: (one.until is not None, -(one.until or 0))):
        if rights := grant.rights - later:
            found.append(replace(grant, rights=rights))
        later |= expand(grant.rights)
    return tuple(found)


_MEMBERS: Final = {
    "v",
    "grants",
    "deny",
    "expires",
    "expires_after_opening_days",
    "offline_days",
    "lease",
    "enforcement",
    "watermark",
    "conditions",
}


def parse_policy(document: Mapping[str, Any]) -> Policy:
    """Read a policy from its JSON form, strictly.

    Raises InvalidPolicy naming the member at fault: unknown version, member, right or principal, wrong type, too
    many entries.  Absent members take the safe default of ``Policy``.
    """
    only(document, _MEMBERS, "policy")
    if document.get("v", 1) != 1 or isinstance(document.get("v"), bool):
        raise InvalidPolicy(
            message("This policy has a version that is not supported here."), remedy=message("Update Chancery.")
        )
    grants, deny = members(document, "grants"), members(document, "deny")
    if len(grants) + len(deny) > MAX_ENTRIES:
        raise InvalidPolicy(
            message("A policy holds at most {most} entries.", most=MAX_ENTRIES),
            remedy=message("Name a group instead."),
        )
    return Policy(
        grants=tuple(_grant(entry) for entry in grants),
        deny=tuple(Principal.parse(one_text(entry, "deny")) for entry in deny),
        expires=integer(document, "expires", 0, LAST_MOMENT),
        expires_after_opening_days=integer(document, "expires_after_opening_days", 1, MAX_OPENING_DAYS),
        offline_days=or_default(integer(document, "offline_days", -1, MAX_OFFLINE_DAYS), -1),
        lease=integer(document, "lease", 60, 30 * 86_400),
        enforcement=choice(Enforcement, document.get("enforcement", "client"), "enforcement"),
        watermark=flag(document, "watermark"),
        conditions=_conditions(document.get("conditions", {})),
    )


def _grant(entry: object) -> Grant:
    if not isinstance(entry, Mapping):
        raise InvalidPolicy(message("Each grant is an object with 'who' and 'rights'."))
    only(entry, {"who", "rights", "until"}, "grant")
    rights = [one_text(name, "rights") for name in members(entry, "rights")]
    who = Principal.parse(one_text(entry.get("who"), "who"))
    return Grant(who, parse_rights(rights), integer(entry, "until", 0, LAST_MOMENT))


def _conditions(document: object) -> Conditions:
    if not isinstance(document, Mapping):
        raise InvalidPolicy(message("'conditions' is an object."))
    only(document, {one.name for one in fields(Conditions)}, "conditions")
    networks = tuple(_network(one_text(item, "networks")) for item in members(document, "networks"))
    strength = document.get("strength")
    return Conditions(
        strength=None if strength is None else choice(Strength, strength, "strength"),
        networks=networks,
        times=parse_times(one_text(item, "times") for item in members(document, "times")),
        platforms=frozenset(one_text(item, "platforms") for item in members(document, "platforms")),
        not_before=integer(document, "not_before", 0, LAST_MOMENT),
        not_after=integer(document, "not_after", 0, LAST_MOMENT),
        post_quantum=flag(document, "post_quantum"),
        account_required=flag(document, "account_required"),
        enforced=_enforced(document),
    )


def _enforced(document: Mapping[str, Any]) -> frozenset[Right]:
    names = [one_text(name, "enforced") for name in members(document, "enforced")]
    return parse_rights(names) if names else frozenset()


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise InvalidPolicy(
            message("{text!r} is not a network.", text=text), remedy=message("Write it like 192.0.2.0/24.")
        ) from None

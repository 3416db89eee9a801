"""Policies: what a grant's end may be, and what nobody may read over."""

from collections.abc import Iterator
from typing import Any

from chancery.policy.days import LAST_MOMENT

RITA = {"who": "address:rita@fabrikam.example", "rights": ["VIEW"]}
ENDING = {**RITA, "until": 1_798_675_200}


def cases() -> list[dict[str, Any]]:
    """Return each with its outcome."""
    return [*_good(), *_refused()]


def _good() -> Iterator[dict[str, Any]]:
    policies = {
        "empty": {},
        "without an end": {"v": 1, "grants": [RITA]},
        "with an end": {"v": 1, "grants": [ENDING]},
        "ends at the first and at the last moment": {"grants": [RITA | {"until": 0}, RITA | {"until": LAST_MOMENT}]},
        "null is no end": {"grants": [RITA | {"until": None}]},
        "several ends of one entry": {"grants": [ENDING, RITA, ENDING | {"rights": ["PRINT"], "until": 9}]},
        "a level, a domain, an organization, everybody": {
            "grants": [
                {"who": "domain:fabrikam.example", "rights": ["viewer"], "until": 5},
                {"who": "organization:00000000-0000-4000-8000-000000000000", "rights": ["Co-Owner"]},
                {"who": "authenticated", "rights": ["view"], "until": 7},
            ]
        },
        "every member": {
            "v": 1,
            "grants": [ENDING],
            "deny": ["domain:rival.example"],
            "expires": None,
            "expires_after_opening_days": 7,
            "offline_days": -1,
            "lease": 3600,
            "enforcement": "viewer",
            "watermark": True,
            "conditions": {
                "strength": "mfa",
                "networks": ["192.0.2.0/24"],
                "platforms": ["linux"],
                "not_before": 1,
                "not_after": 2,
                "post_quantum": True,
                "account_required": False,
                "enforced": ["PRINT"],
            },
        },
    }
    for name, policy in policies.items():
        ends = [grant.get("until") for grant in policy.get("grants", [])]  # type: ignore[attr-defined]  # a table
        yield {"name": name, "policy": policy, "expect": "ok", "result": {"ends": ends}}


def _refused() -> Iterator[dict[str, Any]]:
    ends: tuple[Any, ...] = (-1, LAST_MOMENT + 1, 1.5, True, "2027-01-31", [9], {})
    for value in ends:
        yield _refusal(f"end {value!r}", {"grants": [RITA | {"until": value}]})
    unknown: dict[str, Any] = {
        "in the policy": {"grants": [RITA], "until": 9},
        "in a grant": {"grants": [RITA | {"ends": 9}]},
        "in the conditions": {"conditions": {"until": 9}},
    }
    for where, policy in unknown.items():
        yield _refusal(f"unknown member {where}", policy)
    others: dict[str, Any] = {
        "higher version": {"v": 2},
        "version true": {"v": True},
        "no rights": {"grants": [RITA | {"rights": []}]},
        "unknown right": {"grants": [RITA | {"rights": ["FLY"]}]},
        "unknown kind of name": {"grants": [RITA | {"who": "user:rita"}]},
        "grants that are no list": {"grants": {}},
        "a lease of a minute less a second": {"lease": 59},
        "a flag that is a number": {"conditions": {"post_quantum": 1}},
    }
    for name, policy in others.items():
        yield _refusal(name, policy)


def _refusal(name: str, policy: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "policy": policy, "expect": "invalid_policy"}

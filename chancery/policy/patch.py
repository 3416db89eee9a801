"""Change one entry or one member of a policy without sending the others again (promise C48).

A patch is a JSON merge patch (RFC 7396): what it does not name stays, null removes.  Grants and deny entries are named
by whom they mean, each of whom it names once.  What they are granted is replaced as a whole: rights alone do not end,
and several grants with different ends are a list.  (``chancery.policy.difference`` states values in the same forms.)

    {"grants": {"rita@fabrikam.example": ["VIEW", "PRINT"], "max@contoso.example": null,
                "nina@contoso.example": {"rights": ["VIEW"], "until": 1798675200}},
     "deny": {"domain:rival.example": true},
     "offline_days": 0,
     "conditions": {"strength": "mfa"}}
"""

from collections.abc import Mapping
from typing import Any

from chancery.errors import InvalidPolicy
from chancery.policy.policy import Policy, Principal, parse_policy
from chancery.texts import message


def patched(policy: Policy, patch: Mapping[str, Any]) -> Policy:
    """Return the policy with the patch applied; the result is read as strictly as any other.

    Raises InvalidPolicy for a member that no policy has and for an entry that cannot be read.
    """
    document: dict[str, Any] = {
        **policy.as_json(),
        **{name: value for name, value in patch.items() if value is not None},
    }
    for name in (name for name, value in patch.items() if value is None):
        document.pop(name, None)
    if "grants" in patch:
        known = {who: [one.as_json() for one in grants] for who, grants in policy.index.items()}
        document["grants"] = [one for grants in _entries(known, patch["grants"], "grants").values() for one in grants]
    if "deny" in patch:
        document["deny"] = [str(who) for who in _entries(dict.fromkeys(policy.deny, True), patch["deny"], "deny")]
    if isinstance(patch.get("conditions"), Mapping):
        merged = {**policy.conditions.as_json(), **patch["conditions"]}
        document["conditions"] = {name: value for name, value in merged.items() if value is not None}
    return parse_policy(document)


def _grants(value: object) -> list[Mapping[str, Any]]:
    if isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
        return value
    return [value if isinstance(value, Mapping) else {"rights": value}]


def _entries(known: Mapping[Principal, Any], patch: object, name: str) -> dict[Principal, Any]:
    """Return the entries with those of the patch set or, where it says null, removed."""
    if patch is None:
        return {}
    if not isinstance(patch, Mapping):
        raise InvalidPolicy(
            message("A patch of {name!r} is an object with whom it means as names.", name=name),
            remedy=message('Write it like {"rita@example.com": ["VIEW"]}; null removes an entry.'),
        )
    entries = dict(known)
    for text, value in patch.items():
        who = Principal.parse(text)
        if value is None:
            entries.pop(who, None)
        elif name == "grants":
            entries[who] = [{**grant, "who": str(who)} for grant in _grants(value)]
        elif value is not True:
            raise InvalidPolicy(message("A deny entry is set to true or removed with null."))
        else:
            entries[who] = value
    return entries

"""What a request changes about a resource, as lines that administrators read."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

IGNORED: Final = frozenset({"schemas", "meta", "id"})
NOTHING: Final = "–"
MOST_LINES: Final = 50


def differences(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Return a line for each attribute that differs; None is a resource that is not there."""
    have, get = dict(_flat(before or {})), dict(_flat(after or {}))
    lines = [
        f"{name}: {have.get(name, NOTHING)} → {get.get(name, NOTHING)}"
        for name in sorted(have.keys() | get.keys())
        if have.get(name) != get.get(name)
    ]
    more = len(lines) - MOST_LINES
    return tuple([*lines[:MOST_LINES], f"+ {more}"] if more > 0 else lines)


def _flat(resource: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for name, value in resource.items():
        if not above and name in IGNORED:
            continue
        called = f"{above}{name.rpartition(':')[2] if name.startswith('urn:') else name}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{called}.")
        elif isinstance(value, list):
            values = sorted(str(one.get("value", "")) if isinstance(one, Mapping) else str(one) for one in value)
            if values:
                yield called, ", ".join(values[:MOST_LINES])
        else:
            yield called, str(value).lower() if isinstance(value, bool) else str(value)

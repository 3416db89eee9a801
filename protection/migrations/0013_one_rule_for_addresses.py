"""Restate stored policies under the one rule for addresses and within the ranges that parsers hold since.

Policies were read by IDNA 2003 and a loose rule for local parts before, the directory by another one.  An entry that
no address of the directory can equal never matched anybody: it is removed, and named in the output of the migration.
Times and days beyond the ranges are cut to them.
"""

from collections.abc import Callable, Iterator
from typing import Any

from django.db import migrations

from chancery import names

LAST_MOMENT = 253_370_851_200
MOST_DAYS = 65_535
RULES: dict[str, Callable[[str], str]] = {"address": names.address, "domain": names.mail_domain}


def restate(apps: Any, schema_editor: Any) -> None:
    """Rewrite what changes, schema by schema."""
    for model, members in (
        ("Content", ("policy", "expires", "offline_days")),
        ("ContentChange", ("policy", "expires", "offline_days")),
        ("TemplateVersion", ("policy", "expires", "scope")),
    ):
        rows = apps.get_model("protection", model).objects.using(schema_editor.connection.alias)
        for row in rows.only("pk", *members).iterator():
            changed = [name for name in members if _restated(row, name, f"{model} {row.pk}")]
            if changed:
                row.save(update_fields=changed)


def _restated(row: Any, name: str, where: str) -> bool:
    before = getattr(row, name)
    if before is None:
        return False
    if name == "policy":
        after: Any = _policy(before, where)
    elif name == "scope":
        after = [who.removeprefix("address:") for who in _principals((f"address:{one}" for one in before), where)]
    else:
        after = min(before, MOST_DAYS if name == "offline_days" else LAST_MOMENT)
    setattr(row, name, after)
    return bool(after != before)


def _policy(policy: dict[str, Any], where: str) -> dict[str, Any]:
    grants = [
        {**grant, "who": who} for grant in policy.get("grants", []) for who in _principals([grant["who"]], where)
    ]
    deny = list(_principals(policy.get("deny", []), where))
    conditions = _cut(policy.get("conditions", {}), "not_before", "not_after")
    restated = {**_cut(policy, "expires"), "grants": grants, "deny": deny}
    return restated | {"conditions": conditions} if "conditions" in policy else restated


def _principals(written: Any, where: str) -> Iterator[str]:
    for who in written:
        kind, _, value = who.partition(":")
        try:
            yield f"{kind}:{RULES[kind](value)}" if kind in RULES else who
        except names.NameRefused:
            print(f"{where}: the entry {who!r} was removed; no address can equal it, so it never matched anybody.")


def _cut(members: dict[str, Any], *times: str) -> dict[str, Any]:
    late = {name: LAST_MOMENT for name in times if (members.get(name) or 0) > LAST_MOMENT}
    return {**members, **late}


class Migration(migrations.Migration):
    dependencies = [("protection", "0012_label_version")]
    operations = [migrations.RunPython(restate, migrations.RunPython.noop)]

"""Stored policies are restated under the rule for addresses that the directory follows."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from portal.runtime.bootstrap.environment import ROOT

MIGRATION = ROOT / "protection" / "migrations" / "0013_one_rule_for_addresses.py"


class Row:
    pk = "8c2b"

    def __init__(self, **members: Any) -> None:
        self.__dict__.update(members)


def migration(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location("restating", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_entries_get_their_normal_form_and_what_matched_nobody_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    restating = migration(MIGRATION)
    row = Row(
        policy={
            "v": 1,
            "grants": [
                {"who": "address:ju\u0308rgen@contoso.example", "rights": ["VIEW"]},
                {"who": "address:rita@[192.0.2.1]", "rights": ["VIEW"]},
                {"who": "authenticated", "rights": ["VIEW"]},
            ],
            "deny": ["domain:localhost", "domain:rival.example"],
            "expires": 2**53 - 1,
        },
        scope=["Board@contoso.example", "ri\u200bta@contoso.example"],
        offline_days=2**40,
    )
    assert all(restating._restated(row, name, "Content 8c2b") for name in ("policy", "scope", "offline_days"))
    assert row.policy["grants"] == [
        {"who": "address:j\u00fcrgen@contoso.example", "rights": ["VIEW"]},
        {"who": "authenticated", "rights": ["VIEW"]},
    ]
    assert row.policy["deny"] == ["domain:rival.example"]
    assert row.policy["expires"] == restating.LAST_MOMENT
    assert (row.scope, row.offline_days) == (["board@contoso.example"], 65_535)
    printed = capsys.readouterr().out
    assert "rita@[192.0.2.1]" in printed
    assert "domain:localhost" in printed
    assert not any(restating._restated(row, name, "Content 8c2b") for name in ("policy", "scope", "offline_days"))

"""An owner other than the issuer: who may name one, and what they are then (promise C24)."""

from pathlib import Path

import pytest

from chancery.policy.rights import ALL_RIGHTS
from chancery.sdk.errors import Misused, Refused
from tests.cast import Cast
from tests.protection.steps import MAX, RITA, call, problem, protect, rights


def test_an_administrator_protects_for_somebody_else_who_then_owns_it(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.ada, plan, f"{RITA}:VIEW", owner=MAX)
    assert sealed.registered
    row = call(cast.max, "contoso", "GET", f"documents/{sealed.cid}").json()["document"]
    assert (row["owner"], row["issuer"], row["state"]) == (MAX, cast.ada.address, "active")
    assert rights(cast.max, sealed.path) == set(ALL_RIGHTS)
    assert (
        call(cast.max, "contoso", "POST", f"documents/{sealed.cid}/revoke", {"confirm": "plan.txt"}).status_code == 200
    )


def test_naming_another_owner_takes_a_permission(cast: Cast, plan: Path) -> None:
    with pytest.raises(Refused, match="for another owner"):
        protect(cast.olga, plan, owner=MAX)
    problem(call(cast.olga, "contoso", "GET", f"owners?address={MAX}"), 403, "permission_denied")


def test_an_owner_is_a_member(cast: Cast, plan: Path) -> None:
    for stranger in (RITA, "nobody@contoso.example"):
        with pytest.raises(Misused, match="No member of the organization"):
            protect(cast.ada, plan, owner=stranger)


def test_online_publishing_names_an_owner_under_the_same_rule(cast: Cast) -> None:
    wanted = {"policy": {"grants": []}, "title": "plan", "owner": MAX}
    problem(call(cast.olga, "contoso", "POST", "publications", wanted), 403, "not_permitted")
    made = call(cast.ada, "contoso", "POST", "publications", wanted)
    assert made.status_code == 201, made.content
    row = call(cast.max, "contoso", "GET", f"documents/{made.json()['cid']}").json()["document"]
    assert row["owner"] == MAX
    problem(call(cast.ada, "contoso", "POST", "publications", {**wanted, "owner": RITA}), 400, "invalid_policy")

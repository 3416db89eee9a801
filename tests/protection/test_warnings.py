"""What is allowed but seldom meant is said: empty templates, two of one name, members who are nobody."""

from typing import Any
from uuid import uuid4

from tests.cast import Cast
from tests.isolation.endpoints import Site


def said(cast: Cast, path: str, form: dict[str, Any]) -> str:
    browser = Site(cast, {}).browser("contoso.localhost:8000", cast.ada)
    answer = browser.post(path, form)
    assert answer.status_code == 302, answer.content.decode()
    return str(browser.get(answer["Location"]).content.decode())


def template(name: str, grants: str) -> dict[str, str]:
    return {"name": name, "grants": grants, "expiry_option": "never", "offline_rule": "limit"}


def test_a_template_that_lets_nobody_in_is_named(cast: Cast) -> None:
    assert "only the owner can open" in said(cast, "/templates/new/", template(f"T {uuid4().hex[:6]}", ""))
    named = said(cast, "/templates/new/", template(f"T {uuid4().hex[:6]}", "everybody: viewer"))
    assert "only the owner can open" not in named


def test_a_second_template_of_one_name_is_named(cast: Cast) -> None:
    name = f"T {uuid4().hex[:6]}"
    assert "cannot tell them apart" not in said(cast, "/templates/new/", template(name, "everybody: viewer"))
    assert "cannot tell them apart" in said(cast, "/templates/new/", template(name.upper(), "everybody: viewer"))


def test_members_who_are_nobody_are_named_unless_another_organization_would_be_asked(cast: Cast) -> None:
    address = f"g{uuid4().hex[:6]}@contoso.example"
    members = f"olga@contoso.example\nolag@contoso.example\nnobody@fabrikam.example\n{cast.max.address}"
    shown = said(cast, "/groups/new/", {"address": address, "name": "Team", "members": members})
    assert "No account has this address yet: olag@contoso.example. The person who" in shown

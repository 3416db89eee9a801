"""What if? in the browser: asked from a form, shown with its progress, saved with one click or changed again."""

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from portal.tasks import answer_previews
from protection.selectors.templates import template
from tenants.context import in_organization
from tenants.directory.selectors.groups import group_in
from tenants.directory.selectors.people import person_in
from tenants.directory.services.create_group import create_group
from tests.cast import ACTOR, Cast
from tests.isolation.endpoints import Site
from tests.portal.identity.browser import Browser
from tests.protection.steps import MAX, call, opening, protect


@pytest.fixture
def browser(cast: Cast) -> Browser:
    """Return Ada's browser at Contoso."""
    return Site(cast, {}).browser("contoso.localhost:8000", cast.ada)


def answered(cast: Cast, browser: Browser, answer: Any) -> tuple[str, str]:
    """Follow to the preview, let the worker answer, and return the page's address and text."""
    assert answer.status_code == 302, answer.content
    address = answer["Location"]
    assert address.startswith("/previews/")
    waiting = browser.get(address).content.decode()
    assert "<progress" in waiting
    assert "Save this change" not in waiting
    contoso = cast.organizations["contoso"].id
    with in_organization(contoso):
        assert answer_previews(str(contoso)) == 1
    return address, browser.get(address).content.decode()


def make_template(cast: Cast, *rights: str) -> UUID:
    grants = [{"who": f"organization:{cast.organizations['contoso'].id}", "rights": list(rights)}]
    body = {"names": {"en": f"Plans {uuid4().hex[:6]}"}, "policy": {"grants": grants, "offline_days": 0}}
    made = call(cast.ada, "contoso", "POST", "templates", body).json()["id"]
    call(cast.ada, "contoso", "POST", f"templates/{made}/publish")
    return UUID(made)


def typed(cast: Cast, made: UUID, grants: str) -> dict[str, str]:
    with in_organization(cast.organizations["contoso"].id):
        name = template(made).name()
    fields = {"act": "preview", "name": name, "grants": grants, "expiry_option": "never", "offline_days": "0"}
    return {**fields, "enforcement": "client", "based_on": "1"}


def test_a_template_is_changed_with_open_eyes(cast: Cast, plan: Path, browser: Browser) -> None:
    made = make_template(cast, "VIEW")
    opening(cast.max, protect(cast.olga, plan, template=str(made)).path)
    answer = browser.post(f"/templates/{made}/", typed(cast, made, f"{MAX}: VIEW, PRINT"))
    address, text = answered(cast, browser, answer)
    assert "1 of 1 document affected" in text
    assert "may also: print (1 document)" in text
    assert "can no longer open 1 document" in text, "everybody else"
    assert "0 of 1 opening would have been refused" in text
    again = browser.get(f"/templates/{made}/?preview={address.split('/')[2]}").content.decode()
    assert f"{MAX}: VIEW, PRINT" in again, "what was typed is there to be changed again"
    asked = browser.post(f"{address}save/").content.decode()
    assert "These lose access: All of Contoso." in asked
    with in_organization(cast.organizations["contoso"].id):
        name = template(made).name()
    saved = browser.post(f"{address}save/", {"confirm": name})
    assert (saved.status_code, saved["Location"]) == (302, "/templates/")
    with in_organization(cast.organizations["contoso"].id):
        assert template(made).version == 2
        assert [str(grant.who) for grant in template(made).policy.grants] == [f"address:{MAX}"]
    assert "This change was saved." in browser.get(address).content.decode()


def test_who_gains_by_their_own_change_is_warned(cast: Cast, plan: Path, browser: Browser) -> None:
    made = make_template(cast, "VIEW")
    protect(cast.olga, plan, template=str(made))
    answer = browser.post(f"/templates/{made}/", typed(cast, made, "everybody: co-author"))
    _, text = answered(cast, browser, answer)
    assert "This change would give you more access to 1 document" in text


def test_a_member_is_taken_in_and_out(cast: Cast, plan: Path, browser: Browser) -> None:
    contoso = cast.organizations["contoso"].id
    address = f"g{uuid4().hex[:8]}@contoso.example"
    group = create_group(organization_id=contoso, address=address, name="Board", actor=ACTOR).id
    protect(cast.olga, plan, f"{address}:VIEW")
    page, text = answered(
        cast, browser, browser.post(f"/groups/{group}/change/", {"act": "preview-add", "address": MAX})
    )
    assert "opens 1 document" in text
    assert browser.post(f"{page}save/")["Location"] == f"/groups/{group}/"
    assert [one.address for one in group_in(contoso, group).members] == [MAX]
    _, text = answered(
        cast, browser, browser.post(f"/groups/{group}/change/", {"act": "preview-remove", "address": MAX})
    )
    assert "can no longer open 1 document" in text


def test_a_role_opens_nothing(cast: Cast, browser: Browser) -> None:
    contoso = cast.organizations["contoso"].id
    page, text = answered(
        cast, browser, browser.post(f"/people/{cast.max.id}/", {"act": "preview-role", "role": "auditor"})
    )
    assert "No role opens a document" in text
    assert "audit:read" in text
    assert person_in(contoso, cast.max.id).roles == ("user",)
    stated = {"confirm": cast.max.address, "reason": "A test"}
    assert browser.post(f"{page}save/", stated)["Location"] == f"/people/{cast.max.id}/"
    assert person_in(contoso, cast.max.id).roles == ("user", "auditor")
    browser.post(f"/people/{cast.max.id}/", {"act": "role", "role": "user"})
    assert person_in(contoso, cast.max.id).roles == ("user", "auditor"), "it is asked first"
    browser.post(f"/people/{cast.max.id}/", {"act": "role", "role": "user", **stated})
    assert person_in(contoso, cast.max.id).roles == ("user",)


def test_what_cannot_be_asked_is_said_in_place(cast: Cast, browser: Browser) -> None:
    contoso = cast.organizations["contoso"].id
    group = create_group(
        organization_id=contoso, address=f"g{uuid4().hex[:8]}@contoso.example", name="Board", actor=ACTOR
    ).id
    answer = browser.post(f"/groups/{group}/change/", {"act": "preview-add", "address": "nobody"}, follow=True)
    assert answer.redirect_chain == [(f"/groups/{group}/", 302)]
    assert 'class="notice bad"' in answer.content.decode()

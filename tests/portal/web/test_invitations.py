"""A member is *invited* until they first sign in, and is invited again where the mail was lost, in every interface."""

from typing import Any

import pytest
from django.core import mail

from portal import throttle
from tenants.directory.models import Person
from tests.cast import Cast
from tests.isolation.endpoints import Site
from tests.protection.asking import command
from tests.protection.steps import call


@pytest.fixture(scope="module")
def site(empty_cast: Cast) -> Site:
    """Return Contoso with its administrator."""
    empty_cast.found("contoso", "ada")
    return Site(empty_cast, {})


@pytest.fixture
def new(site: Site) -> dict[str, Any]:
    """Return a person who was just added, as the API shows them."""
    throttle.forget()
    number = Person.objects.count()
    body = {"email": f"new-{number}@contoso.example", "name": "Nora"}
    answer = call(site.cast.ada, "contoso", "POST", "people", body)
    assert answer.status_code == 201, answer.content
    mail.outbox.clear()
    return dict(answer.json())


def page(site: Site, path: str, **form: str) -> str:
    browser = site.browser("contoso.localhost:8000", site.cast.ada)
    answer = browser.post(path, form, follow=True) if form else browser.get(path)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_who_never_signed_in_is_invited(site: Site, new: dict[str, Any]) -> None:
    assert new["invited"]
    assert "They have not signed in yet." in page(site, f"/people/{new['id']}/")
    site.browser("contoso.localhost:8000", site.cast.enroll("nora", new["id"], new["email"]), keep=False)
    shown = call(site.cast.ada, "contoso", "GET", f"people/{new['id']}").json()
    assert not shown["invited"]
    assert "Send the invitation again" not in page(site, f"/people/{new['id']}/")


def test_the_invitation_is_mailed_again_and_recorded(site: Site, new: dict[str, Any]) -> None:
    said = page(site, f"/people/{new['id']}/", act="invite")
    assert f"The invitation is sent to {new['email']} again." in said
    (sent,) = mail.outbox
    assert sent.to == [new["email"]]
    assert f"mailed {new['email']} the invitation again." in page(site, "/audit/?kind=person.")


def test_nobody_s_mailbox_is_filled(site: Site, new: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    first = call(site.cast.ada, "contoso", "POST", f"people/{new['id']}/invitation").json()
    again = call(site.cast.ada, "contoso", "POST", f"people/{new['id']}/invitation").json()
    assert (first["changed"], again["changed"]) == (True, False)
    assert "try again in 10 minutes" in again["message"]
    assert "Nothing changed." in command(site.cast.ada, monkeypatch, "person", "invite", new["email"]).output
    assert len(mail.outbox) == 1


def test_a_disabled_person_is_not_invited(site: Site, new: dict[str, Any]) -> None:
    body = {"disabled": True, "confirm": new["email"], "reason": "Left"}
    assert call(site.cast.ada, "contoso", "PATCH", f"people/{new['id']}", body).status_code == 200
    mail.outbox.clear()
    answer = call(site.cast.ada, "contoso", "POST", f"people/{new['id']}/invitation").json()
    assert not answer["changed"]
    assert mail.outbox == []


def test_of_a_guest_nobody_learns_whether_they_signed_in(site: Site) -> None:
    site.cast.found("fabrikam", "rita")
    body = {"email": "rita@fabrikam.example", "name": "Rita", "guest": True}
    guest = call(site.cast.ada, "contoso", "POST", "people", body).json()
    assert not guest["invited"]
    assert "known to their own organization alone" in page(site, f"/people/{guest['id']}/")


def test_who_has_enrolled_a_device_is_not_invited(site: Site, new: dict[str, Any]) -> None:
    site.cast.enroll("nora-at-a-terminal", new["id"], new["email"])
    assert not call(site.cast.ada, "contoso", "GET", f"people/{new['id']}").json()["invited"]

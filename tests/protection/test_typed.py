"""What somebody typed into a form comes back whenever the form is not taken, and nothing else comes back with it."""

import re
import time
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.test import Client

from tests.cast import Cast
from tests.isolation.endpoints import Site
from tests.protection.steps import MAX, call, protect, refusal

HOST = "contoso.localhost:8000"
NOTE = "I prepare the meeting <on Monday>.\r\nSecond line."
HERE = {"Host": HOST, "Sec-Fetch-Site": "same-origin"}


def sent_again(answer: Any) -> dict[str, str]:
    """Return the fields of the form by which a page sends again what was typed."""
    page = answer.content.decode()
    fields = re.findall(r'<textarea name="([^"]+)" hidden>\r?\n(.*?)</textarea>', page, re.DOTALL)
    return {name: unescape(value) for name, value in fields}


def signed_in(cast: Cast, name: str) -> Client:
    return Site(cast, {}).browser(HOST, cast.players[name], keep=False)


def test_a_session_that_ended_keeps_the_note(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan)
    refusal(cast.max, sealed.path)
    path = f"/documents/{sealed.cid}/access/"
    browser = signed_in(cast, "max")
    browser.logout()
    answer = browser.post(path, {"level": "viewer", "note": NOTE})
    assert (answer.status_code, sent_again(answer)) == (403, {"level": "viewer", "note": NOTE})
    assert "<on Monday>" not in answer.content.decode(), "what was typed is text and no markup"
    done = signed_in(cast, "max").post(path, sent_again(answer))
    assert done.status_code == 302
    listed = call(cast.olga, "contoso", "GET", f"documents/{sealed.cid}/access-requests").json()["results"]
    assert [one["note"].splitlines() for one in listed] == [NOTE.splitlines()]


def test_a_form_loaded_before_signing_in_anew_is_shown_before_it_is_sent_again(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{MAX}:VIEW")
    path, form = f"/documents/{sealed.cid}/revoke/", {"recipient": MAX, "reason": "Sent to the wrong person"}
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = signed_in(cast, "olga").cookies
    answer = strict.post(path, form, headers=HERE)
    assert (answer.status_code, sent_again(answer)) == (403, form)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', answer.content.decode())
    assert token is not None
    done = strict.post(path, {**sent_again(answer), "csrfmiddlewaretoken": token[1]}, headers=HERE)
    assert done.status_code == 302


def test_another_site_cannot_have_its_form_sent_by_a_click_here(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{MAX}:VIEW")
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = signed_in(cast, "olga").cookies
    form = {"recipient": MAX, "reason": "Sent to the wrong person"}
    for headers in (
        {"Host": HOST, "Sec-Fetch-Site": "cross-site"},
        {"Host": HOST, "Sec-Fetch-Site": "same-site"},
        {"Host": HOST, "Origin": "http://evil.example"},
        {"Host": HOST},
    ):
        answer = strict.post(f"/documents/{sealed.cid}/revoke/", form, headers=headers)
        assert (answer.status_code, sent_again(answer)) == (403, {}), headers
        assert "wrong person" not in answer.content.decode()


def test_what_is_gone_meanwhile_shows_what_was_typed(cast: Cast, plan: Path) -> None:
    browser = signed_in(cast, "max")
    path = "/documents/00000000-0000-8000-8000-000000000000/access/"
    answer = browser.post(path, {"note": "Urgent, please"}, headers=HERE)
    assert (answer.status_code, "Urgent, please" in answer.content.decode()) == (404, True)


@pytest.mark.parametrize("name", ["password", "new_password1", "code", "client_secret", "confirm", "refresh_token"])
def test_secrets_never_come_back(cast: Cast, name: str) -> None:
    answer = Client().post("/people/new/", {"name": "Nina Novak", name: "hunter2-hunter2"}, headers=HERE)
    assert sent_again(answer) == {"name": "Nina Novak"}
    assert "hunter2" not in answer.content.decode()


def test_a_button_alone_leads_to_the_sign_in_page_as_before(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan)
    for path, form in (
        (f"/documents/{sealed.cid}/restore/", {}),
        (f"/documents/{sealed.cid}/pending/", {"decision": "accept"}),
    ):
        assert Client().post(path, form, headers=HERE).status_code == 302


def test_a_refused_act_gives_its_reason_back(cast: Cast) -> None:
    """The last administrator cannot be disabled: the page says so and keeps why it was to be done."""
    browser = signed_in(cast, "ada")
    form = {"act": "disable", "confirm": cast.ada.address, "reason": "Leaves the company"}
    answer = browser.post(f"/people/{cast.ada.id}/", form, headers=HERE)
    assert (answer.status_code, sent_again(answer)) == (409, {"act": "disable", "reason": "Leaves the company"})
    assert "administrator" in answer.content.decode()


def test_a_sign_in_that_is_too_old_keeps_the_reason(cast: Cast) -> None:
    browser = signed_in(cast, "ada")
    session = browser.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "code", "at": time.time() - 3_600}]
    session.save()
    form = {"on": "", "confirm": "Contoso", "reason": "We move to another data center."}
    answer = browser.post("/settings/service/", form, headers=HERE)
    assert "This needs a sign-in of the last ten minutes" in answer.content.decode()
    assert sent_again(answer)["reason"] == "We move to another data center."


def test_an_address_that_cannot_be_a_member_is_in_the_field_again(cast: Cast) -> None:
    made = call(
        cast.ada, "contoso", "POST", "groups", {"address": "typed@contoso.example", "name": "Typed", "members": []}
    ).json()
    browser = signed_in(cast, "ada")
    answer = browser.post(
        f"/groups/{made['id']}/change/", {"act": "add", "address": "not an address"}, headers=HERE, follow=True
    )
    assert 'value="not an address"' in answer.content.decode()

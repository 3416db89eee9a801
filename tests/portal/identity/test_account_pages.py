"""The pages of accounts: made of our own parts, and nothing that was typed is lost when something is refused."""

import re
from html import unescape

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.core import mail
from django.test import override_settings
from pytest_django.asserts import assertContains, assertNotContains

from portal.browsers import browser_in_words as browser_named
from tenants.directory.models import Person
from tests.portal.identity.browser import Answer, Browser, confirm_address, last_code, sign_in_by_code
from tests.portal.identity.test_sign_in import PASSWORD, SignInTest

HERE = {"Sec-Fetch-Site": "same-origin"}
OUT = [
    f"/accounts/{path}/"
    for path in ("login", "login/code", "signup", "password/reset", "password/reset/done", "password/reset/key/1-x")
] + ["/accounts/inactive/", "/accounts/password/reset/key/done/"]
INSIDE = [
    *(f"/accounts/{path}/" for path in ("email", "logout", "password/set", "sessions")),
    *(f"/accounts/2fa/{path}" for path in ("", "totp/activate/", "webauthn/", "webauthn/add/")),
    *("/identity/o/device", "/identity/o/logout"),
]


def sent_again(answer: Answer) -> dict[str, str]:
    page = answer.content.decode()
    fields = re.findall(r'<textarea name="([^"]+)" hidden>\r?\n(.*?)</textarea>', page, re.DOTALL)
    return {name: unescape(value) for name, value in fields}


def foreign(answer: Answer) -> list[str]:
    """Return the templates of a page that are the account suite's, apart from its empty frames."""
    found = [str(one.name) for one in answer.templates if "/allauth/templates/" in str(one.origin.name)]
    return [name for name in found if "/base" not in name and "login_script" not in name]


class AccountPagesTest(SignInTest):
    def test_every_page_is_made_of_our_own_templates(self) -> None:
        inside = self.signed_in()
        for visitor, paths in ((Browser(), OUT), (inside, INSIDE)):
            for path in paths:
                with self.subTest(path):
                    answer = visitor.get(path)
                    assert (answer.status_code, foreign(answer)) == (200, [])
        person = Person.objects.get(pk=self.olga.id)
        person.set_password(PASSWORD)
        person.save()
        with_password = self.signed_in()
        for path in ("/accounts/password/change/", "/accounts/reauthenticate/"):
            answer = with_password.get(path)
            assert (answer.status_code, foreign(answer)) == (200, [])
        waiting = Browser()
        waiting.post("/accounts/login/code/", {"email": "olga@contoso.example"})
        assert foreign(waiting.get("/accounts/login/code/confirm/")) == []

    def test_every_bad_field_is_named_and_the_address_stays(self) -> None:
        answer = Browser().post("/accounts/signup/", {"email": "eve@other.example", "password1": "123"})
        assertContains(answer, 'value="eve@other.example"')
        assertContains(answer, "too short")
        assertNotContains(answer, 'value="123"')
        answer = Browser().post("/accounts/login/", {"login": "eve at other", "password": ""})
        assertContains(answer, 'value="eve at other"')
        for fault in ("Enter a valid email address.", "This field is required."):
            assertContains(answer, fault)

    def test_a_stale_form_keeps_the_address_and_never_the_password(self) -> None:
        strict = _strict()
        form = {"login": "olga@contoso.example", "password": PASSWORD, "next": "/devices/"}
        answer = strict.post("/accounts/login/", form, headers=HERE)
        assert answer.status_code == 403
        assert sent_again(answer) == {"login": "olga@contoso.example", "next": "/devices/"}
        assertNotContains(answer, PASSWORD, status_code=403)
        code = strict.post("/accounts/login/code/confirm/", {"code": "ABC-DEF"}, headers=HERE)
        assertNotContains(code, "ABC-DEF", status_code=403)

    def test_a_sign_in_that_is_too_old_keeps_the_address_that_was_to_be_added(self) -> None:
        browser = self.signed_in()
        session = browser.session
        session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "code", "at": 1.0}]
        session.save()
        answer = browser.post("/accounts/email/", {"action_add": "", "email": "olga@home.example"}, headers=HERE)
        assert answer.status_code == 403
        assert sent_again(answer) == {"action_add": "", "email": "olga@home.example"}
        sign_in_by_code(browser, "olga@contoso.example")
        mail.outbox.clear()
        browser.post("/accounts/email/", sent_again(answer))
        assert [message.to for message in mail.outbox] == [["olga@home.example"]]

    def test_an_act_on_an_address_is_not_offered_again_without_its_question(self) -> None:
        answer = _strict().post(
            "/accounts/email/", {"action_remove": "", "email": "olga@contoso.example"}, headers=HERE
        )
        assert (answer.status_code, sent_again(answer)) == (403, {})

    @override_settings(ACCOUNT_RATE_LIMITS={"signup": "1/m/ip"})
    def test_too_many_attempts_are_answered_by_a_page_that_keeps_the_address(self) -> None:
        form = {"email": "eve@other.example", "password1": "123"}
        Browser().post("/accounts/signup/", form)
        answer = Browser().post("/accounts/signup/", form, headers=HERE)
        assertContains(answer, "There were too many attempts", status_code=429)
        assertContains(answer, "eve@other.example", status_code=429)
        assertContains(answer, "If you report this", status_code=429)

    def test_a_new_code_replaces_the_first_and_strangers_get_no_second_mail(self) -> None:
        browser = Browser()
        browser.post("/accounts/login/code/", {"email": "olga@contoso.example"})
        first = last_code()
        browser.post("/accounts/login/code/confirm/", {"action": "resend"})
        assert len(mail.outbox) == 2
        refused = browser.post("/accounts/login/code/confirm/", {"code": first})
        assertContains(refused, "This is not the code")
        assert browser.post("/accounts/login/code/confirm/", {"code": last_code()}).status_code == 302
        mail.outbox.clear()
        nobody = Browser()
        nobody.post("/accounts/login/code/", {"email": "nobody@other.example"})
        nobody.post("/accounts/login/code/confirm/", {"action": "resend"})
        assert len(mail.outbox) == 1
        assert "There is no account with this address" in mail.outbox[0].subject

    def test_each_address_says_what_it_is_and_offers_only_what_it_can_do(self) -> None:
        browser = self.signed_in()
        one = browser.get("/accounts/email/")
        assertNotContains(one, "action_remove")
        mail.outbox.clear()
        browser.post("/accounts/email/", {"action_add": "", "email": "olga@home.example"})
        confirm_address(browser, "olga@home.example")
        two = browser.get("/accounts/email/")
        assertContains(two, "action_remove", count=1)
        assertContains(two, "action_primary", count=1)
        twice = browser.post("/accounts/email/", {"action_add": "", "email": "olga@home.example"}, follow=True)
        assertContains(twice, "You have the address olga@home.example already.")

    def test_a_browser_is_named_as_people_name_it(self) -> None:
        chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"
        assert browser_named(chrome) == "Chrome, Windows"
        assert browser_named(f"{chrome} Edg/130.0") == "Edge, Windows"
        assert browser_named("curl/8.5.0") == "curl/8.5.0"


def _strict() -> Browser:
    """Return a browser whose forms need their token."""
    strict = Browser()
    strict.handler = type(strict.handler)(enforce_csrf_checks=True)
    return strict

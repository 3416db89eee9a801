"""Signing in at the base domain and handing it over to organizations' hosts."""

import re

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.models import EmailAddress
from allauth.idp.oidc.models import Client
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import TestCase, override_settings
from pytest_django.asserts import assertContains, assertNotContains

from portal.identity import clients
from tenants.directory.models import Address, BrowserSession, Person
from tenants.directory.selectors.people import PersonFacts, holder_of
from tenants.directory.services.disable_person import disable_person
from tenants.directory.services.issue_enrollment_code import issue_enrollment_code
from tenants.directory.services.issue_sign_in_link import issue_sign_in_link
from tenants.organizations.selectors import OrganizationFacts
from tenants.organizations.services.suspend_organization import suspend_organization
from tests.portal.identity.browser import (
    Browser,
    confirm_address,
    enter,
    host_of,
    last_code,
    origin_of,
    path_of,
    query_of,
    sign_in_by_code,
)
from tests.tenants import builders

PASSWORD = "correct horse battery"


class SignInTest(TestCase):
    contoso: OrganizationFacts
    fabrikam: OrganizationFacts
    olga: PersonFacts

    @classmethod
    def setUpTestData(cls) -> None:
        cls.contoso = builders.organization("contoso", "contoso.example")
        cls.fabrikam = builders.organization("fabrikam")
        cls.olga = builders.person(cls.contoso.id, "olga@contoso.example", name="Olga")

    def setUp(self) -> None:
        cache.clear()

    def signed_in(self) -> Browser:
        browser = Browser()
        sign_in_by_code(browser, "olga@contoso.example")
        assert get_user(browser).pk == self.olga.id
        return browser


class BaseDomainTest(SignInTest):
    def test_mail_goes_to_the_domain_that_was_typed_and_to_none_that_looks_alike(self) -> None:
        place = builders.organization("strasse", "stra\u00dfe.example")
        jo = builders.person(place.id, "jo@stra\u00dfe.example", name="Jo")
        browser = Browser()
        sign_in_by_code(browser, "JO@Stra\u00dfe.Example")
        assert get_user(browser).pk == jo.id
        assert mail.outbox[-1].to == ["jo@xn--strae-oqa.example"]
        for path, form in (
            ("/accounts/login/code/", {"email": "no@stra\u00dfe.example"}),
            ("/accounts/password/reset/", {"email": "jo@stra\u00dfe.example"}),
            ("/accounts/password/reset/", {"email": "no@stra\u00dfe.example"}),
            ("/accounts/signup/", {"email": "new@stra\u00dfe.example", "password1": PASSWORD}),
        ):
            mail.outbox.clear()
            Browser().post(path, form)
            for message in mail.outbox:
                assert message.to[0].endswith("@xn--strae-oqa.example"), (path, message.to)

    def test_a_mailed_code_signs_in(self) -> None:
        home = self.signed_in().get("/")
        assertContains(home, "Contoso")
        assertContains(home, f"{origin_of('contoso')}/signin/")

    def test_probes_are_answered_at_any_host(self) -> None:
        for host in ("127.0.0.1:8000", "nobody.localhost", "localhost"):
            assert Browser(host).get("/healthz").content == b"ok\n"
        assert Browser("127.0.0.1").get("/readyz").json()["redis"] == "ok"

    def test_a_database_that_does_not_flush_is_not_ready(self) -> None:
        answer = Browser().get("/readyz")
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('fsync')")
            durable = cursor.fetchone()[0] == "on"
        assert answer.status_code == (200 if durable else 503)

    def test_unknown_hosts_are_refused(self) -> None:
        response = Browser("nobody.localhost").get("/")
        assertContains(response, "There is no organization at this address", status_code=404)
        api = Browser("nobody.localhost").get("/api/v1/anything")
        assert (api.status_code, api["Content-Type"]) == (404, "application/problem+json")
        assert "X-Correlation-Id" in api

    def test_a_suspended_organization_answers_no_more(self) -> None:
        assert Browser(host_of("contoso")).get("/signin/").status_code == 302
        with self.captureOnCommitCallbacks(execute=True):
            suspend_organization(organization_id=self.contoso.id, reason="test", actor=builders.ACTOR)
        assertContains(Browser(host_of("contoso")).get("/signin/"), "suspended", status_code=403)

    def test_sign_up_proves_the_address(self) -> None:
        browser = Browser()
        browser.post("/accounts/signup/", {"email": "Eve@Other.example", "password1": PASSWORD})
        eve = Person.objects.get(email="eve@other.example")
        assert holder_of("eve@other.example") is None
        browser.post("/accounts/confirm-email/", {"code": last_code()})
        assert holder_of("eve@other.example") == eve.id
        assert get_user(browser).pk == eve.id
        eve.refresh_from_db()
        assert eve.has_usable_password()
        assertContains(browser.post("/devices/code/"), "chancery login --host")

    def test_an_address_that_is_added_later_makes_no_old_sign_in_fresh(self) -> None:
        browser = self.signed_in()
        browser.post("/accounts/email/", {"action_add": "", "email": "olga@home.example"})
        session = browser.session
        session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "code", "at": 1.0}]
        session.save()
        assert confirm_address(browser, "olga@home.example").status_code == 302
        assert holder_of("olga@home.example") is None
        assert browser.post("/devices/code/").status_code == 302

    def test_a_password_chosen_before_the_proof_is_withdrawn(self) -> None:
        Browser().post("/accounts/signup/", {"email": "victim@other.example", "password1": PASSWORD})
        victim = Browser()
        sign_in_by_code(victim, "victim@other.example")
        person = Person.objects.get(email="victim@other.example")
        assert get_user(victim).pk == person.pk
        assert not person.has_usable_password()
        attacker = Browser()
        attacker.post("/accounts/login/", {"login": "victim@other.example", "password": PASSWORD})
        assert not get_user(attacker).is_authenticated

    def test_an_unproven_password_does_not_sign_in(self) -> None:
        Browser().post("/accounts/signup/", {"email": "late@other.example", "password1": PASSWORD})
        browser = Browser()
        browser.post("/accounts/login/", {"login": "late@other.example", "password": PASSWORD})
        assert not get_user(browser).is_authenticated

    def test_an_invited_person_proves_by_signing_in(self) -> None:
        invited = builders.person(self.contoso.id, "guest@other.example", guest=True)
        assert not Address.objects.get(person_id=invited.id).proven_by
        sign_in_by_code(Browser(), "guest@other.example")
        assert holder_of("guest@other.example") == invited.id

    def test_an_address_added_by_the_person_is_proven_by_code(self) -> None:
        browser = self.signed_in()
        mail.outbox.clear()
        browser.post("/accounts/email/", {"action_add": "", "email": "olga@home.example"})
        confirm_address(browser, "olga@home.example")
        assert holder_of("olga@home.example") == self.olga.id
        sure = {"confirm": "olga@home.example"}
        browser.post("/accounts/email/", {"action_remove": "", "email": "olga@home.example", **sure})
        assert holder_of("olga@home.example") is None
        assert not EmailAddress.objects.filter(email="olga@home.example").exists()

    def test_no_page_breaks_and_every_page_has_the_strict_policy(self) -> None:
        browser = self.signed_in()
        for path in (
            "/", "/accounts/email/", "/accounts/password/set/", "/accounts/2fa/", "/accounts/sessions/",
            "/accounts/logout/", "/identity/o/device", "/outbox/",
        ):  # fmt: skip
            with self.subTest(path):
                response = browser.get(path)
                assert response.status_code in (200, 302)
                assert "default-src 'none'" in response["Content-Security-Policy"]
                if response.status_code == 200:
                    assertContains(response, 'href="/static/css/')
                    assertNotContains(response, "style=")
        for path in ("/accounts/login/", "/accounts/signup/", "/accounts/login/code/", "/accounts/password/reset/"):
            with self.subTest(path):
                assert Browser().get(path).status_code == 200

    def test_without_redis_nothing_can_be_guessed_and_pages_live(self) -> None:
        """Whatever takes a secret, or sends one, is refused: without a count a guess may be one of millions.

        Entering a mailed code is not among them, because its attempts are counted in the session's row.
        """
        person = Person.objects.get(id=self.olga.id)
        person.set_password(PASSWORD)
        person.save()
        enrollment = issue_enrollment_code(person_id=self.olga.id, actor=builders.ACTOR)
        signed_in = self.signed_in()
        addresses: list[tuple[Browser, str, dict[str, str]]] = [
            (Browser(), "/accounts/login/", {"login": "olga@contoso.example", "password": PASSWORD}),
            (Browser(), "/accounts/login/code/", {"email": "olga@contoso.example"}),
            (Browser(), "/accounts/signup/", {"email": "max@other.example", "password1": PASSWORD}),
            (Browser(), "/accounts/password/reset/", {"email": "olga@contoso.example"}),
            (Browser(), "/identity/o/api/device/code", {"client_id": clients.CLI, "scope": "openid"}),
            (Browser(), "/api/v1/enrollments", {"code": enrollment}),
        ]
        nobody_listens = settings.CACHES["default"] | {"LOCATION": "unix:///nonexistent/redis.sock"}
        with override_settings(CACHES={"default": nobody_listens}):
            assert signed_in.get("/").status_code == 200
            for browser, path, fields in addresses:
                with self.subTest(path):
                    if path.startswith("/api/"):
                        answer = browser.post(path, fields, content_type="application/json")
                    else:
                        answer = browser.form(path, fields)
                    assert answer.status_code == 503
                    assert not get_user(browser).is_authenticated

    def test_wrong_enrollment_codes_are_counted(self) -> None:
        right = issue_enrollment_code(person_id=self.olga.id, actor=builders.ACTOR)

        def answer(code: str, address: str = "192.0.2.1") -> int:
            browser = Browser(REMOTE_ADDR=address)
            return browser.post("/api/v1/enrollments", {"code": code}, content_type="application/json").status_code

        assert {answer("WRNG-WRNG-WRNG-WRNG") for _ in range(10)} == {400}
        assert answer(right) == 429
        assert answer(right, "192.0.2.2") == 200

    def test_codes_cannot_be_guessed(self) -> None:
        browser = Browser()
        browser.post("/accounts/login/code/", {"email": "olga@contoso.example"})
        good = last_code()
        for _ in range(6):
            browser.post("/accounts/login/code/confirm/", {"code": "AAAAAA"})
        browser.post("/accounts/login/code/confirm/", {"code": good})
        assert not get_user(browser).is_authenticated


class HandOffTest(SignInTest):
    def test_organizations_are_reached_at_another_port_than_the_one_they_were_made_at(self) -> None:
        enter(self.signed_in(), "contoso")
        Client.objects.filter(id=clients.PAGES).update(redirect_uris="http://*.localhost:23100/signin/callback/")
        there, _response = enter(self.signed_in(), "contoso")
        assert get_user(there).pk == self.olga.id

    def test_the_sign_in_is_handed_over(self) -> None:
        there, response = enter(self.signed_in(), "contoso", "/documents/?page=2")
        assert response["Location"] == "/documents/?page=2"
        assert get_user(there).pk == self.olga.id
        assert there.session["chancery.authentication"]["strength"] == "code"

    def test_a_stranger_is_sent_to_the_sign_in_page(self) -> None:
        there = Browser(host_of("contoso"))
        authorize = Browser().get(path_of(there.get("/signin/")))
        assert authorize["Location"].startswith("/signin/?next=/identity/o/authorize")

    def test_a_session_is_refused_at_another_host(self) -> None:
        there, _response = enter(self.signed_in(), "contoso")
        stolen = Browser(host_of("fabrikam"))
        stolen.cookies[settings.SESSION_COOKIE_NAME] = there.cookies[settings.SESSION_COOKIE_NAME].value
        # The sign-in page lets a person who is signed in pass, and sends anybody else to the issuer.
        assert there.get("/signin/")["Location"] == "/"
        assert "/identity/o/authorize" in stolen.get("/signin/")["Location"]
        at_base = Browser()
        at_base.cookies[settings.SESSION_COOKIE_NAME] = there.cookies[settings.SESSION_COOKIE_NAME].value
        assert at_base.get("/accounts/email/").status_code == 302
        assert there.get("/signin/")["Location"] == "/", "the rightful browser stays signed in"

    def test_a_code_works_once_and_only_in_its_browser(self) -> None:
        base = self.signed_in()
        mine, hers = Browser(host_of("contoso")), Browser(host_of("contoso"))
        callback = path_of(base.get(path_of(mine.get("/signin/"))))
        hers.get("/signin/")
        assert hers.get(callback).status_code == 403
        assert mine.get(callback).status_code == 302
        assert mine.get(callback).status_code == 403

    def test_a_state_in_letters_that_none_has_is_refused(self) -> None:
        for state in ("é", "\u202e", ""):
            browser = Browser(host_of("contoso"))
            browser.get("/signin/")
            assert browser.get("/signin/callback/", {"state": state, "code": "c"}).status_code == 403

    def test_a_code_for_another_host_is_refused(self) -> None:
        base = self.signed_in()
        mine, other = Browser(host_of("contoso")), Browser(host_of("fabrikam"))
        sent = query_of(base.get(path_of(mine.get("/signin/"))))
        state = query_of(other.get("/signin/"))["state"]
        response = other.get("/signin/callback/", {"code": sent["code"], "state": state})
        assert response.status_code == 403
        assert not get_user(other).is_authenticated

    def test_the_code_cannot_be_redeemed_at_the_token_endpoint(self) -> None:
        mine = Browser(host_of("contoso"))
        begun = mine.get("/signin/")
        sent = query_of(self.signed_in().get(path_of(begun)))
        asked = query_of(begun)
        response = Browser().post(
            "/identity/o/api/token",
            {"grant_type": "authorization_code", "code": sent["code"], "redirect_uri": asked["redirect_uri"],
             "client_id": asked["client_id"], "code_verifier": mine.session["chancery.signin"]["verifier"]},
        )  # fmt: skip
        assert response.status_code == 401

    def test_foreign_addresses_are_not_followed(self) -> None:
        base = self.signed_in()
        for target in ("https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example"):
            with self.subTest(target):
                _there, response = enter(base, "contoso", target)
                assert response["Location"] == "/"

    def test_a_foreign_callback_is_refused_by_the_issuer(self) -> None:
        asked = query_of(Browser(host_of("contoso")).get("/signin/"))
        base = self.signed_in()
        for address in ("http://evil.example/signin/callback/", "http://a.b.localhost:8000/signin/callback/"):
            response = base.get("/identity/o/authorize", asked | {"redirect_uri": address})
            assert response.status_code != 302

    def test_signing_out_ends_both_sessions(self) -> None:
        base = self.signed_in()
        there, _response = enter(base, "contoso")
        assertContains(there.post("/signout/"), "You are signed out")
        assert not get_user(base).is_authenticated
        assert "/identity/o/authorize" in there.get("/signin/")["Location"]

    def test_signing_in_again_leads_back(self) -> None:
        """What needs a recent sign-in ends the present one and returns to the page it was asked on."""
        for target, goes_to in (("/keys/", "%2Fkeys%2F"), ("https://evil.example/", "%2F")):
            with self.subTest(target):
                base = self.signed_in()
                there, _response = enter(base, "contoso")
                answer = there.post("/signout/", {"next": target})
                assert answer["Location"] == f"/signin/?next={goes_to}"
                assert not get_user(base).is_authenticated
                assert not get_user(there).is_authenticated

    def test_signing_out_at_the_base_domain_ends_what_it_handed_over(self) -> None:
        base, other = self.signed_in(), self.signed_in()
        there, _response = enter(base, "contoso")
        elsewhere, _response = enter(other, "contoso")
        base.post("/accounts/logout/")
        assert not get_user(there).is_authenticated
        assert get_user(elsewhere).is_authenticated, "another browser stays signed in"

    def test_disabling_ends_sessions_everywhere(self) -> None:
        base = self.signed_in()
        there, _response = enter(base, "contoso")
        disable_person(organization_id=self.contoso.id, person_id=self.olga.id, actor=builders.ACTOR)
        assert not get_user(base).is_authenticated
        assert not get_user(there).is_authenticated
        assert not BrowserSession.objects.exists()


class DisabledTest(SignInTest):
    """A person whom their organization has disabled cannot sign in, and resets no password."""

    def disable(self) -> None:
        disable_person(organization_id=self.contoso.id, person_id=self.olga.id, actor=builders.ACTOR)

    def test_no_way_of_signing_in_is_left(self) -> None:
        person = Person.objects.get(id=self.olga.id)
        person.set_password(PASSWORD)
        person.save()
        waiting = Browser()
        waiting.post("/accounts/login/code/", {"email": "olga@contoso.example"})
        code = last_code()
        self.disable()
        waiting.post("/accounts/login/code/confirm/", {"code": code})
        by_code, by_password, by_link = Browser(), Browser(), Browser()
        sign_in_by_code(by_code, "olga@contoso.example")
        by_password.post("/accounts/login/", {"login": "olga@contoso.example", "password": PASSWORD})
        token = issue_sign_in_link(person_id=self.olga.id, actor=builders.ACTOR)
        by_link.post(f"/signin/link/{token}/")
        for browser in (waiting, by_code, by_password, by_link):
            assert not get_user(browser).is_authenticated
        enrollment = issue_enrollment_code(person_id=self.olga.id, actor=builders.ACTOR)
        answer = Browser().post("/api/v1/enrollments", {"code": enrollment}, content_type="application/json")
        assert answer.status_code == 403

    def test_no_password_is_reset(self) -> None:
        Browser().post("/accounts/password/reset/", {"email": "olga@contoso.example"})
        found = re.search(r"/accounts/password/reset/key/\S+", str(mail.outbox[-1].body))
        assert found is not None
        self.disable()
        mail.outbox.clear()
        Browser().post("/accounts/password/reset/", {"email": "olga@contoso.example"})
        assert "/password/reset/key/" not in str(mail.outbox[-1].body)
        assertContains(Browser().get(found[0], follow=True), "This link no longer works")

    def test_signing_up_hashes_a_password_whether_or_not_the_address_is_known(self) -> None:
        known, unknown = (self.hashed(address) for address in ("olga@contoso.example", "new@other.example"))
        assert known == unknown

    def hashed(self, address: str) -> int:
        """Return how many passwords are hashed when somebody signs up with an address."""
        CountingHasher.made = 0
        with override_settings(PASSWORD_HASHERS=["tests.portal.identity.test_sign_in.CountingHasher"]):
            Browser().post("/accounts/signup/", {"email": address, "password1": PASSWORD})
        return CountingHasher.made


class CountingHasher(MD5PasswordHasher):
    """Counts what it hashes: that is what takes long."""

    made = 0

    def encode(self, password: str, salt: str) -> str:
        type(self).made += 1
        return str(super().encode(password, salt))


class LinkTest(SignInTest):
    def test_a_link_signs_in_once_and_not_by_looking(self) -> None:
        token = issue_sign_in_link(
            person_id=self.olga.id, goes_to=f"{origin_of('contoso')}/signin/", actor=builders.ACTOR
        )
        browser = Browser()
        for _ in range(2):
            assert browser.get(f"/signin/link/{token}/").status_code == 200
        response = browser.post(f"/signin/link/{token}/")
        assert response["Refresh"] == f"0; url={origin_of('contoso')}/signin/"
        assert get_user(browser).pk == self.olga.id
        assert Browser().post(f"/signin/link/{token}/").status_code == 403

    @override_settings(CHANCERY_EMBEDDED=False)
    def test_link_and_outbox_do_not_exist_in_production(self) -> None:
        token = issue_sign_in_link(person_id=self.olga.id, actor=builders.ACTOR)
        assert Browser().get(f"/signin/link/{token}/").status_code == 404
        assert Browser().get("/outbox/").status_code == 404

    def test_link_and_outbox_are_for_this_machine_only(self) -> None:
        assert Browser().get("/outbox/").status_code == 200
        assert Browser(REMOTE_ADDR="192.0.2.7").get("/outbox/").status_code == 404

"""Single sign-on against a real SAML provider: who is signed in, as whom, how strongly, and how it ends."""

import re
import time
from collections.abc import Iterator
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user
from django.core import mail
from django.core.cache import cache
from django.test import TestCase

from audit.selectors.events import Filter, events
from chancery.policy.policy import Strength
from portal import throttle
from portal.identity import clients
from portal.identity.strength import HANDED_OVER, Authentication, from_json
from tenants.context import in_organization
from tenants.directory.models import Group, GroupMember, Person
from tenants.directory.selectors.people import PersonFacts
from tenants.organizations.selectors import OrganizationFacts
from tenants.sign_on.models import SignOnSession
from tests.identity_provider.saml import SamlProvider, saml_provider, xml_of
from tests.portal.identity.browser import Answer, Browser, enter
from tests.portal.identity.saml import DOMAIN, attributes_of, connect
from tests.tenants import builders

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture(scope="module")
def running() -> Iterator[SamlProvider]:
    with saml_provider() as found:
        yield found


@pytest.fixture(scope="class")
def _provider(request: pytest.FixtureRequest, running: SamlProvider) -> None:
    request.cls.provider = running


@pytest.mark.usefixtures("_provider")
class SamlTest(TestCase):
    provider: SamlProvider
    contoso: OrganizationFacts
    olga: PersonFacts
    OLGA: ClassVar[dict[str, Any]] = {"attributes": attributes_of(f"olga@{DOMAIN}")}

    @classmethod
    def setUpTestData(cls) -> None:
        cls.contoso = builders.organization("contoso", DOMAIN)
        cls.olga = builders.person(cls.contoso.id, f"olga@{DOMAIN}", name="Olga")

    def setUp(self) -> None:
        cache.clear()
        throttle.forget()
        self.provider.forget()
        self.idp = connect(self.provider, self.contoso.id, DOMAIN)

    def happened(self, kind: str) -> list[Any]:
        with in_organization(self.contoso.id):
            return [one for one in events(filter=Filter(), limit=100).events if one.kind == kind]

    def refused(self, answer: Answer, text: str) -> None:
        assert answer.status_code == 403, answer.content
        assert text in answer.content.decode()


class PeopleTest(SamlTest):
    def test_a_member_is_signed_in_bound_to_their_subject_and_told(self) -> None:
        browser = Browser()
        answer = self.idp.sign_in(browser, "s-olga", **self.OLGA)
        assert answer.status_code == 302, answer.content
        assert answer["Location"] == "/"
        assert get_user(browser).pk == self.olga.id
        assert SocialAccount.objects.get(user_id=self.olga.id).uid == "s-olga"
        there, _entered = enter(browser, "contoso")
        assert get_user(there).pk == self.olga.id
        assert len(self.happened("sign_on.linked")) == 1
        (told,) = mail.outbox
        assert told.to == [f"olga@{DOMAIN}"]
        self.idp.sign_in(Browser(), "s-olga", **self.OLGA)
        assert [one.subject for one in mail.outbox].count(told.subject) == 1, "the first time alone"
        assert len(self.happened("sign_on.linked")) == 1

    def test_an_unknown_person_gets_an_account_with_name_and_groups(self) -> None:
        board = Group.objects.create(organization_id=self.contoso.id, address=f"board@{DOMAIN}", name="board")
        self.idp.own(board, "b")
        browser = Browser()
        attributes = {**attributes_of(f"nina@{DOMAIN}"), "groups": ["a", "b"]}
        self.idp.sign_in(browser, "s-nina", attributes=attributes)
        person = Person.objects.get(pk=get_user(browser).pk)
        assert (person.email, person.name) == (f"nina@{DOMAIN}", "Nina")
        assert GroupMember.objects.within(self.contoso.id).filter(person_id=person.pk, group=board).exists()
        self.idp.sign_in(Browser(), "s-nina", attributes=attributes_of(f"nina@{DOMAIN}"))
        assert not GroupMember.objects.within(self.contoso.id).filter(person_id=person.pk).exists()

    def test_a_provider_is_believed_only_about_its_domains(self) -> None:
        self.refused(
            self.idp.sign_in(Browser(), "s-1", attributes=attributes_of("rita@fabrikam.example")),
            "does not speak for the mail domain",
        )
        self.refused(self.idp.sign_in(Browser(), "s-2", attributes={"name": "Nobody"}), "does not name your mail")
        twice = {"email": [f"olga@{DOMAIN}", f"ada@{DOMAIN}"]}
        self.refused(self.idp.sign_in(Browser(), "s-3", attributes=twice), "does not name your mail")

    def test_only_what_stays_with_a_person_is_a_subject(self) -> None:
        changing = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
        self.refused(
            self.idp.sign_in(Browser(), f"olga@{DOMAIN}", format=changing, **self.OLGA), "does not say who you are"
        )
        self.idp.change(subject_claim="uid")
        self.refused(self.idp.sign_in(Browser(), "s-olga", **self.OLGA), "does not say who you are")
        browser = Browser()
        named = {**self.OLGA["attributes"], "uid": "u-1"}
        self.idp.sign_in(browser, f"olga@{DOMAIN}", format=changing, attributes=named)
        assert get_user(browser).pk == self.olga.id
        assert SocialAccount.objects.get(user_id=self.olga.id).uid == "u-1"

    def test_an_attribute_never_stands_for_what_the_protocol_says(self) -> None:
        forged = {
            **self.OLGA["attributes"],
            "sub": "s-else",
            "amr": ["mfa"],
            "sid": "x",
            "auth_time": "1",
            "NameID": "y",
        }
        self.idp.sign_in(Browser(), "s-olga", attributes=forged)
        assert SocialAccount.objects.get(user_id=self.olga.id).uid == "s-olga"
        assert SignOnSession.objects.get(person_id=self.olga.id).sid == "s-1"

    def test_where_the_sign_in_leads_to_is_what_was_asked_for_here(self) -> None:
        browser = Browser()
        answer = self.idp.sign_in(browser, "s-olga", query={"next": "/accounts/email/"}, **self.OLGA)
        assert answer["Location"] == "/accounts/email/", "and not the RelayState that the provider's page has added"


class StrengthTest(SamlTest):
    def strength(self, browser: Browser) -> Authentication:
        there, _entered = enter(browser, "contoso")
        return from_json(there.session[HANDED_OVER])

    def test_the_context_or_the_methods_of_microsoft_say_that_there_was_a_second_factor(self) -> None:
        methods = "http://schemas.microsoft.com/claims/authnmethodsreferences"
        strong = "http://schemas.microsoft.com/claims/multipleauthn"
        for person, expected in (
            ({**self.OLGA, "acr": "https://refeds.org/profile/mfa"}, Strength.MFA),
            (
                {"attributes": {**self.OLGA["attributes"], "amr": ["https://refeds.org/profile/mfa", "x"]}},
                Strength.PASSWORD,
            ),
            ({"attributes": {**self.OLGA["attributes"], methods: ["urn:x", strong]}}, Strength.MFA),
            ({"attributes": {**self.OLGA["attributes"], methods: strong}}, Strength.MFA),
            ({"attributes": {**self.OLGA["attributes"], "acr": "https://refeds.org/profile/mfa"}}, Strength.PASSWORD),
            (self.OLGA, Strength.PASSWORD),
        ):
            browser = Browser()
            self.idp.sign_in(browser, "s-olga", **person)
            assert self.strength(browser).strength is expected, person

    def test_a_new_sign_in_is_asked_for_and_must_be_new(self) -> None:
        self.idp.change(asks_for="https://refeds.org/profile/mfa urn:other")
        browser = Browser()
        self.idp.sign_in(browser, "s-olga", query={"fresh": "1"}, **self.OLGA)
        asked = self.provider.set()["captured"][-1]
        assert 'ForceAuthn="true"' in asked
        assert re.findall(r"AuthnContextClassRef[^>]*>([^<]+)", asked) == [
            "https://refeds.org/profile/mfa",
            "urn:other",
        ]
        assert time.time() - self.strength(browser).at < 60
        old = Browser()
        self.refused(
            self.idp.sign_in(old, "s-olga", at=-300, query={"fresh": "1"}, **self.OLGA), "did not ask you to sign in"
        )
        self.idp.sign_in(old, "s-olga", at=-300, **self.OLGA)
        assert 290 < time.time() - self.strength(old).at < 360, "a session of before is as old as it is"
        assert "ForceAuthn" not in self.provider.set()["captured"][-1]
        assert "RequestedAuthnContext" not in self.provider.set()["captured"][-1]


class EncryptionTest(SamlTest):
    GCM = "http://www.w3.org/2009/xmlenc11#aes256-gcm"
    CBC = "http://www.w3.org/2001/04/xmlenc#aes256-cbc"

    def test_an_encrypted_assertion_is_read(self) -> None:
        self.provider.set(encrypt=self.GCM)
        browser = Browser()
        self.provider.person("s-olga", **self.OLGA)
        fields = self.idp.answer(browser)
        assert "olga" not in xml_of(fields)
        assert self.idp.brought(browser, fields).status_code == 302
        assert get_user(browser).pk == self.olga.id

    def test_cbc_is_read_only_inside_an_answer_that_is_signed_as_a_whole(self) -> None:
        self.provider.set(encrypt=self.CBC)
        self.refused(self.idp.sign_in(Browser(), "s-olga", **self.OLGA), "anybody on the way can change")
        self.provider.set(signs_answer=True)
        browser = Browser()
        assert self.idp.sign_in(browser, "s-olga", **self.OLGA).status_code == 302
        assert get_user(browser).pk == self.olga.id


class LogoutTest(SamlTest):
    def signed_in(self, name_id: str = "s-olga", sid: str = "s-1") -> Browser:
        browser = Browser()
        self.idp.sign_in(browser, name_id, sid=sid, **self.OLGA)
        assert get_user(browser).pk == self.olga.id
        return browser

    def test_signing_out_here_signs_out_at_the_provider(self) -> None:
        browser = self.signed_in(sid="s-7")
        out = browser.post("/accounts/logout/")
        where = out["Refresh"].partition("url=")[2] if "Refresh" in out else out["Location"]
        leads = browser.get(urlsplit(where).path)["Refresh"].partition("url=")[2]
        assert leads.startswith(f"{self.provider.issuer}/slo?SAMLRequest=")
        status, back, body = self.provider.ask(leads)
        assert status == 302, body
        asked = self.provider.set()["captured"][-1]
        assert ">s-olga<" in asked
        assert ">s-7<" in asked
        assert not get_user(browser).is_authenticated
        done = browser.get(f"{self.idp.path}/logout/?{urlsplit(back).query}")
        assert "signed out" in done.content.decode()

    def test_the_provider_ends_one_session_or_all_by_redirect_or_form_and_is_told(self) -> None:
        one, two, three = self.signed_in(sid="s-1"), self.signed_in(sid="s-2"), self.signed_in(sid="s-3")
        url = self.provider.ends("redirect", "s-olga", "s-1")["context"]
        answer = Browser().get(f"{self.idp.path}/logout/?{urlsplit(url).query}")
        assert not get_user(one).is_authenticated
        assert get_user(two).is_authenticated
        told = answer["Refresh"].partition("url=")[2]
        assert parse_qs(urlsplit(told).query)["RelayState"] == ["state"]
        assert self.provider.ask(told)[2] == "told", "and the provider has checked our signature"
        posted = self.provider.ends("post", "s-olga", "s-2")["context"]
        Browser().post(f"{self.idp.path}/logout/", {"SAMLRequest": posted})
        assert not get_user(two).is_authenticated
        assert get_user(three).is_authenticated
        every = self.provider.ends("post", "s-olga")["context"]
        Browser().post(f"{self.idp.path}/logout/", {"SAMLRequest": every})
        assert not get_user(three).is_authenticated
        assert len(self.happened("sign_on.signed_out")) == 3

    def test_the_command_line_signs_in_by_the_provider_and_is_signed_out_by_it(self) -> None:
        program, browser = Browser(), Browser()
        started = program.form(
            "/identity/o/api/device/code", {"client_id": clients.CLI, "scope": clients.ACCESS}
        ).json()
        confirm = f"/identity/o/device?code={started['user_code']}"
        assert browser.get(confirm)["Location"].startswith("/signin/?next=/identity/o/device")
        old = self.idp.sign_in(browser, "s-olga", at=-1200, query={"next": confirm}, **self.OLGA)
        again = browser.get(old["Location"])
        assert again["Location"].startswith(f"{self.idp.path}/?next="), (
            "twenty minutes ago is too long ago for a device"
        )
        assert "fresh=1" in again["Location"]
        back = self.idp.sign_in(browser, "s-olga", query={"next": confirm, "fresh": "1"}, **self.OLGA)
        assert back["Location"] == confirm
        assert "The device is signed in" in browser.post(confirm, {"action": "confirm"}).content.decode()
        polled = {"grant_type": DEVICE, "device_code": started["device_code"], "client_id": clients.CLI}
        token = program.form("/identity/o/api/token", polled).json()["refresh_token"]
        refresh = {"grant_type": "refresh_token", "refresh_token": token, "client_id": clients.CLI}
        refreshed = program.form("/identity/o/api/token", refresh)
        assert refreshed.status_code == 200, refreshed.content
        ended = self.provider.ends("post", "s-olga", "s-1")["context"]
        Browser().post(f"{self.idp.path}/logout/", {"SAMLRequest": ended})
        over = {**refresh, "refresh_token": refreshed.json().get("refresh_token", token)}
        assert program.form("/identity/o/api/token", over).status_code == 400

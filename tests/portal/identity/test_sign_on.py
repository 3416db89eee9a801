"""Single sign-on against a real OpenID Connect provider: who is signed in, as whom, and how it ends."""

import re
import time
from collections.abc import Iterator
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

import jwt
import pytest
from allauth.account.models import EmailAddress
from allauth.idp.oidc.models import Token
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.contrib.auth import get_user
from django.core import mail
from django.core.cache import cache
from django.test import TestCase
from django.utils import timezone
from pytest_django.asserts import assertContains

from audit.selectors.events import Filter, events
from chancery.policy.policy import Strength
from portal import throttle
from portal.identity import clients
from portal.identity.second_factors import seal as seal_factor
from portal.identity.strength import HANDED_OVER, SIGN_ON, Authentication, from_json
from tenants.context import in_organization
from tenants.directory.errors import DirectoryRefused
from tenants.directory.models import Group, GroupMember, Membership, Person, RoleAssignment
from tenants.directory.selectors.people import PersonFacts
from tenants.directory.selectors.roles import held_roles
from tenants.directory.services.add_address import add_address
from tenants.directory.services.disable_person import disable_person
from tenants.directory.services.give_role import give_role
from tenants.organizations.selectors import OrganizationFacts
from tenants.sign_on.models import SignOnSession
from tenants.sign_on.services.accounts import unlink
from tenants.sign_on.services.connections import change_sign_on, end_sign_on, forget_sign_on, lift_enforcement
from tenants.sign_on.services.sessions import end_sign_on_sessions
from tests.identity_provider.running import Provider, identity_provider
from tests.portal.identity.browser import Answer, Browser, enter, host_of, last_code, path_of, sign_in_by_code
from tests.portal.identity.sign_on import connect, local
from tests.tenants import builders

DOMAIN = "contoso.example"


def sign_in_without(browser: Browser, address: str) -> Answer:
    """Sign in by a mailed code although a provider speaks for the domain."""
    mail.outbox.clear()
    browser.post("/accounts/login/code/", {"email": address, "without": "1"})
    return browser.post("/accounts/login/code/confirm/", {"code": last_code()})


def totp_code(secret: str) -> str:
    """Return the code that an authenticator app shows now."""
    return str(format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time()))))


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with identity_provider() as found:
        yield found


@pytest.fixture(scope="class")
def _provider(request: pytest.FixtureRequest, running: Provider) -> None:
    request.cls.provider = running


@pytest.mark.usefixtures("_provider")
class SignOnTest(TestCase):
    provider: Provider

    contoso: OrganizationFacts
    fabrikam: OrganizationFacts
    ada: PersonFacts
    olga: PersonFacts

    @classmethod
    def setUpTestData(cls) -> None:
        cls.contoso = builders.organization("contoso", DOMAIN)
        cls.fabrikam = builders.organization("fabrikam", "fabrikam.example")
        cls.ada = builders.person(cls.contoso.id, f"ada@{DOMAIN}", name="Ada", role="global_administrator")
        cls.olga = builders.person(cls.contoso.id, f"olga@{DOMAIN}", name="Olga")

    def setUp(self) -> None:
        cache.clear()
        throttle.forget()
        self.provider.forget()
        self.provider.set(forged="", captured=[], people={}, person="")
        self.idp = connect(self.provider, self.contoso.id, DOMAIN)

    def happened(self, kind: str) -> list[Any]:
        with in_organization(self.contoso.id):
            return [one for one in events(filter=Filter(), limit=100).events if one.kind == kind]

    def refused(self, answer: Answer, text: str) -> None:
        assertContains(answer, text, status_code=403)


class PeopleTest(SignOnTest):
    def test_a_member_is_signed_in_bound_to_their_subject_and_enters_the_organization(self) -> None:
        browser = Browser()
        answer = self.idp.sign_in(browser, "s-olga", email=f"Olga@{DOMAIN}", email_verified=True, name="O.")
        assert answer.status_code == 302, answer.content
        assert get_user(browser).pk == self.olga.id
        assert SocialAccount.objects.get(user_id=self.olga.id).uid == "s-olga"
        there, entered = enter(browser, "contoso")
        assert entered.status_code == 302
        assert get_user(there).pk == self.olga.id
        assert len(self.happened("sign_on.linked")) == 1

    def test_an_unknown_person_gets_an_account_only_where_the_connection_makes_them(self) -> None:
        self.idp.change(makes_accounts=False)
        new: dict[str, Any] = {"email": f"nina@{DOMAIN}", "email_verified": True, "name": "Nina"}
        self.refused(self.idp.sign_in(Browser(), "s-nina", **new), "There is no account for you")
        assert not Person.objects.filter(email=f"nina@{DOMAIN}").exists()
        (event,) = self.happened("sign_on.refused")
        assert event.details["reason"] == "no_account"
        self.idp.change(makes_accounts=True)
        browser = Browser()
        self.idp.sign_in(browser, "s-nina", **new)
        person = get_user(browser)
        assert (person.email, person.name) == (f"nina@{DOMAIN}", "Nina")  # type: ignore[union-attr]
        place = Membership.objects.within(self.contoso.id).get(person__email=f"nina@{DOMAIN}")
        assert not place.guest
        assert held_roles([self.contoso.id], people=[place.person_id]) == ()

    def test_a_provider_is_believed_only_about_its_domains_and_what_it_has_confirmed(self) -> None:
        rita = builders.person(self.fabrikam.id, "rita@fabrikam.example")
        self.refused(
            self.idp.sign_in(Browser(), "s-1", email="rita@fabrikam.example", email_verified=True),
            "does not speak for the mail domain",
        )
        self.refused(
            self.idp.sign_in(Browser(), "s-2", email=f"olga@{DOMAIN}", email_verified=False), "is not confirmed"
        )
        self.refused(self.idp.sign_in(Browser(), "s-3", name="Nobody"), "does not name your mail address")
        # What the organization had written there counts no more once it does not speak for the domain.
        self.idp.change(domains=[DOMAIN, "fabrikam.example"])
        self.refused(
            self.idp.sign_in(Browser(), "s-1", email="rita@fabrikam.example", email_verified=True),
            "does not speak for the mail domain",
        )
        assert not SocialAccount.objects.filter(user_id=rita.id).exists()

    def test_another_subject_with_the_same_address_is_refused_until_an_administrator_binds_anew(self) -> None:
        claims: dict[str, Any] = {"email": f"olga@{DOMAIN}", "email_verified": True}
        self.idp.sign_in(Browser(), "s-old", **claims)
        thief = Browser()
        self.provider.forget()
        self.refused(self.idp.sign_in(thief, "s-new", **claims), "belongs to somebody else")
        assert not get_user(thief).is_authenticated
        assert self.happened("sign_on.refused")[0].details["reason"] == "other_subject"
        unlink(connection=self.idp.facts, person_id=self.olga.id, actor=builders.ACTOR)
        self.idp.sign_in(thief, "s-new", **claims)
        assert get_user(thief).pk == self.olga.id

    def test_the_subject_counts_and_not_an_address_that_changes_at_the_provider(self) -> None:
        self.idp.sign_in(Browser(), "s-olga", email=f"olga@{DOMAIN}", email_verified=True)
        browser = Browser()
        self.idp.sign_in(browser, "s-olga", email=f"olga.new@{DOMAIN}", email_verified=True)
        assert get_user(browser).pk == self.olga.id

    def test_who_is_disabled_or_has_left_stays_out(self) -> None:
        claims: dict[str, Any] = {"email": f"olga@{DOMAIN}", "email_verified": True}
        self.idp.sign_in(Browser(), "s-olga", **claims)
        disable_person(organization_id=self.contoso.id, person_id=self.olga.id, actor=builders.ACTOR)
        browser = Browser()
        self.refused(self.idp.sign_in(browser, "s-olga", **claims), "disabled")
        Membership.objects.within(self.contoso.id).filter(person_id=self.olga.id).update(removed_at=timezone.now())
        self.refused(self.idp.sign_in(browser, "s-olga", **claims), "There is no account for you")
        assert not get_user(browser).is_authenticated

    def test_nothing_of_an_account_that_somebody_had_planted_survives(self) -> None:
        planted = Browser()
        self.idp.change(state="off")
        planted.post("/accounts/signup/", {"email": f"nina@{DOMAIN}", "password1": "planted long before"})
        stranger = Person.objects.get(email=f"nina@{DOMAIN}")
        self.idp.change(state="on")
        browser = Browser()
        self.idp.sign_in(browser, "s-nina", email=f"nina@{DOMAIN}", email_verified=True)
        assert get_user(browser).is_authenticated
        holder = Person.objects.get(pk=get_user(browser).pk)
        assert holder.pk == stranger.pk, (
            "an identity that nobody had used is taken over, with nothing that leads into it"
        )
        assert not holder.check_password("planted long before")
        mail.outbox.clear()
        late = planted.post("/accounts/confirm-email/", {"code": "ABC-DEF"})
        assert late.status_code in {302, 200, 404, 409}
        assert not get_user(planted).is_authenticated

    def test_an_address_that_administrators_added_is_no_way_in(self) -> None:
        add_address(
            organization_id=self.contoso.id, person_id=self.olga.id, address=f"chief@{DOMAIN}", actor=builders.ACTOR
        )
        self.refused(
            self.idp.sign_in(Browser(), "s-chief", email=f"chief@{DOMAIN}", email_verified=True), "was added to"
        )

    def test_groups_follow_the_claim_and_only_those_that_the_connection_owns(self) -> None:
        board, staff = (
            Group.objects.create(organization_id=self.contoso.id, address=f"{name}@{DOMAIN}", name=name)
            for name in ("board", "staff")
        )
        GroupMember.objects.create(organization_id=self.contoso.id, group=staff, person_id=self.olga.id)
        self.idp.own(board, "b")
        claims: dict[str, Any] = {"email": f"olga@{DOMAIN}", "email_verified": True}

        def groups(**more: Any) -> set[str]:
            self.idp.sign_in(Browser(), "s-olga", **claims, **more)
            rows = GroupMember.objects.within(self.contoso.id).filter(person_id=self.olga.id)
            return set(rows.values_list("group__name", flat=True))

        assert groups(groups=["b", "staff"]) == {"board", "staff"}
        assert groups(_claim_names={"groups": "src1"}) == {"board", "staff"}, "the provider did not say"
        assert groups(groups=["c"]) == {"staff"}
        assert groups(groups="b") == {"board", "staff"}
        assert groups() == {"staff"}, "a claim that is not there says that there is none"
        assert len(self.happened("group.changed")) == 4
        self.idp.change(groups_claim="")
        assert groups(groups=["b"]) == {"staff"}
        self.idp.change(groups_claim="groups")
        give_role(organization_id=self.contoso.id, role="auditor", group_id=board.id, actor=builders.ACTOR)
        assert groups(groups=["b"]) == {"staff"}, "no provider sets who has a role"


class StrengthTest(SignOnTest):
    CLAIMS: ClassVar[dict[str, Any]] = {"email": f"olga@{DOMAIN}", "email_verified": True}

    def strength(self, browser: Browser) -> Authentication:
        there, _entered = enter(browser, "contoso")
        return from_json(there.session[HANDED_OVER])

    def test_what_the_connection_maps_counts_as_a_second_factor_and_nothing_else(self) -> None:
        for said, expected in (
            ({"amr": ["pwd", "mfa"]}, Strength.MFA),
            ({"acr": "mfa"}, Strength.MFA),
            ({"amr": ["pwd", "otp"]}, Strength.PASSWORD),
            ({"amr": "mfa"}, Strength.PASSWORD),
            ({}, Strength.PASSWORD),
        ):
            browser = Browser()
            self.idp.sign_in(browser, "s-olga", **self.CLAIMS, **said)
            assert self.strength(browser).strength is expected, said

    def test_a_second_step_of_one_s_own_is_asked_for_where_the_provider_asked_for_none(self) -> None:
        Authenticator.objects.create(user_id=self.olga.id, type="totp", data={"secret": "sealed:"})
        browser = Browser()
        answer = self.idp.sign_in(browser, "s-olga", **self.CLAIMS)
        assert answer["Location"].startswith("/accounts/2fa/authenticate/")
        assert not get_user(browser).is_authenticated
        browser = Browser()
        self.idp.sign_in(browser, "s-olga", **self.CLAIMS, amr=["mfa"])
        assert get_user(browser).pk == self.olga.id

    def test_a_sign_in_is_as_old_as_the_provider_says_and_a_new_one_must_be_new(self) -> None:
        browser = Browser()
        self.idp.sign_in(browser, "s-olga", **self.CLAIMS)
        assert self.strength(browser).at == 0, "it does not say when unless it is asked"
        fresh = Browser()
        self.idp.sign_in(fresh, "s-olga", fresh=True, **self.CLAIMS)
        assert time.time() - self.strength(fresh).at < 60
        assert parse_qs(urlsplit(self.idp.begin(browser, fresh="1")).query)["max_age"] == ["0"]

    def test_a_page_that_needs_a_new_sign_in_asks_the_provider_and_comes_back(self) -> None:
        browser = Browser()
        self.idp.sign_in(browser, "s-olga", **self.CLAIMS)
        asked = browser.get("/accounts/2fa/totp/activate/")
        assert asked["Location"].startswith(f"/signin/by/{self.idp.id}/?next=%2Faccounts%2F2fa%2Ftotp%2Factivate%2F")
        assert not get_user(browser).is_authenticated
        sent = browser.get(asked["Location"])
        back = browser.get(local(self.provider.answer(sent["Location"])))
        assert back["Location"] == "/accounts/2fa/totp/activate/"
        assert browser.get(back["Location"]).status_code == 200

    def test_signing_in_anew_at_an_organization_leads_to_the_provider_and_back(self) -> None:
        base = Browser()
        self.idp.sign_in(base, "s-olga", **self.CLAIMS)
        there, _entered = enter(base, "contoso")
        page = there.post("/signout/", {"next": "/people/"})
        again = page["Refresh"].partition("url=")[2]
        assert f"sign_on={self.idp.id}" in again
        issuer = base.get(path_of(there.get(again)))
        assert issuer["Location"].startswith(f"/signin/by/{self.idp.id}/")
        sent = base.get(issuer["Location"])
        assert "max_age=0" in sent["Location"]
        back = base.get(local(self.provider.answer(sent["Location"])))
        onward = back["Refresh"].partition("url=")[2]
        answer = there.get(path_of(base.get(onward)))
        assert answer["Location"] == "/people/"
        assert time.time() - from_json(there.session[HANDED_OVER]).at < 60


class AttackTest(SignOnTest):
    CLAIMS: ClassVar[dict[str, Any]] = {"email": f"olga@{DOMAIN}", "email_verified": True}

    def forged(
        self, *, algorithm: str = "RS256", key: Any = None, header: Any = None, query: Any = None, **changed: Any
    ) -> Answer:
        """Sign in with a token of our own making; None leaves a claim out."""
        browser = Browser()
        self.provider.person("s-olga", **self.CLAIMS)
        url = self.idp.begin(browser, **(query or {}))
        now = int(time.time())
        claims = {
            "iss": self.provider.issuer,
            "aud": self.idp.client_id,
            "sub": "s-olga",
            "iat": now,
            "exp": now + 300,
            "nonce": parse_qs(urlsplit(url).query)["nonce"][0],
            **self.CLAIMS,
            **changed,
        }
        made = self.provider.signed(
            {name: value for name, value in claims.items() if value is not None}, algorithm, key, **(header or {})
        )
        self.provider.set(forged=made)
        answer = browser.get(local(self.provider.answer(url)))
        assert get_user(browser).is_authenticated == (answer.status_code == 302)
        return answer

    def test_a_token_is_believed_only_as_the_provider_makes_them_for_us_and_now(self) -> None:
        assert self.forged().status_code == 302
        now = int(time.time())
        for wrong in (
            {"iss": "https://other.example"},
            {"aud": "another client"},
            {"aud": [self.idp.client_id, "another client"]},
            {"aud": None},
            {"nonce": "another nonce"},
            {"nonce": None},
            {"exp": now - 120},
            {"exp": None},
            {"iat": now + 300, "exp": now + 600},
            {"iat": now - 3600},
            {"iat": None},
            {"sub": None},
            {"nbf": now + 300},
        ):
            assert self.forged(**wrong).status_code == 403, wrong
        assert self.forged(exp=now - 20, iat=now - 40).status_code == 302, "clocks may differ by a minute"

    def test_a_session_of_before_does_not_pass_for_a_new_sign_in(self) -> None:
        now, fresh = int(time.time()), {"fresh": "1"}
        assert self.forged(query=fresh, auth_time=now).status_code == 302
        for at in (now - 600, None, 0, True, str(now)):
            self.refused(self.forged(query=fresh, auth_time=at), "did not ask you to sign in anew")

    def test_signatures_are_those_that_the_provider_makes_with_keys_that_it_names(self) -> None:
        stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        public = self.provider.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        assert self.forged(key=stranger).status_code == 403
        assert self.forged(key=stranger, header={"kid": "another key"}).status_code == 403
        assert self.forged(algorithm="none", key="").status_code == 403
        assert self.forged(algorithm="HS256", key="the secret of the client, long enough").status_code == 403
        with_public = jwt.api_jws.PyJWS()
        with_public._algorithms["HS256"].prepare_key = lambda key: key  # type: ignore[attr-defined,method-assign]
        made = with_public.encode(b"{}", public, algorithm="HS256")
        self.provider.set(forged=made)
        assert self.idp.sign_in(Browser()).status_code == 403
        assert self.forged(algorithm="RS512").status_code == 403, "the key says which algorithm it is for"

    def test_an_answer_counts_once_in_the_browser_that_had_asked(self) -> None:
        self.provider.person("s-olga", **self.CLAIMS)
        victim, browser = Browser(), Browser()
        back = local(self.provider.answer(self.idp.begin(browser)))
        self.refused(victim.get(back), "was not begun in this browser")
        self.idp.begin(victim)
        self.refused(victim.get(back), "was not begun in this browser")
        assert browser.get(back).status_code == 302
        self.refused(browser.get(back), "was not begun in this browser")
        assert get_user(browser).is_authenticated
        assert not get_user(victim).is_authenticated

    def test_an_answer_in_letters_that_no_question_has_is_refused(self) -> None:
        for state in ("é", "", "\u202e", "a" * 5_000):
            browser = Browser()
            self.idp.begin(browser)
            path = f"/signin/by/{self.idp.id}/callback/"
            self.refused(browser.get(path, {"state": state, "code": "c"}), "was not begun in this browser")

    def test_a_code_that_was_used_before_signs_nobody_in(self) -> None:
        self.provider.person("s-olga", **self.CLAIMS)
        first, second = Browser(), Browser()
        used = local(self.provider.answer(self.idp.begin(first)))
        first.get(used)
        state = parse_qs(urlsplit(self.idp.begin(second)).query)["state"][0]
        code = parse_qs(urlsplit(used).query)["code"][0]
        path = f"/signin/by/{self.idp.id}/callback/"
        self.refused(
            second.get(path, {"state": state, "code": code, "iss": self.provider.issuer}), "refuses the sign-in"
        )

    def test_another_provider_s_answer_is_taken_by_neither(self) -> None:
        """Mix-up: each connection has its own address, and the provider names itself in its answer (RFC 9207)."""
        other = connect(self.provider, self.contoso.id, DOMAIN, name="Other")
        self.provider.person("s-olga", **self.CLAIMS)
        browser = Browser()
        back = local(self.provider.answer(self.idp.begin(browser)))
        self.refused(browser.get(back.replace(str(self.idp.id), str(other.id))), "was not begun in this browser")
        back = local(self.provider.answer(self.idp.begin(browser)))
        path, _mark, query = back.partition("?")
        named = parse_qs(query) | {"iss": ["https://other.example"]}
        self.refused(browser.get(f"{path}?{urlencode(named, doseq=True)}"), "Another provider has answered")
        self.idp.begin(browser)
        back = local(self.provider.answer(self.idp.begin(browser)))
        unnamed = {name: value for name, value in parse_qs(back.partition("?")[2]).items() if name != "iss"}
        self.refused(browser.get(f"{path}?{urlencode(unnamed, doseq=True)}"), "Another provider has answered")

    def test_a_sign_in_leads_to_this_host_alone_and_begins_a_session_of_its_own(self) -> None:
        for target in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
            browser = Browser()
            answer = self.idp.sign_in(browser, "s-olga", goes_to=target, **self.CLAIMS)
            assert answer["Location"] == "/", target
        fixed = Browser()
        before = fixed.session.cookie
        self.idp.sign_in(fixed, "s-olga", **self.CLAIMS)
        assert fixed.session.cookie != before
        ada = Browser()
        sign_in_without(ada, f"ada@{DOMAIN}")
        self.idp.sign_in(ada, "s-olga", **self.CLAIMS)
        assert get_user(ada).pk == self.olga.id
        assert from_json(ada.session[SIGN_ON]).strength is Strength.PASSWORD


class RealmTest(SignOnTest):
    def test_the_domain_alone_decides_who_is_led_to_the_provider(self) -> None:
        pages = []
        for address in (f"olga@{DOMAIN}", f"nobody@{DOMAIN.upper()}"):
            for path, form in (
                ("/accounts/login/", {"login": address, "password": "wrong"}),
                ("/accounts/login/code/", {"email": address}),
                ("/accounts/signup/", {"email": address, "password1": "a long password"}),
            ):
                mail.outbox.clear()
                answer = Browser().post(path, form)
                assert answer["Refresh"] == f"0; url=/signin/by/{self.idp.id}/?next=%2F", path
                pages.append(re.sub(rb'value="[^"]*"', b"", answer.content))
                assert mail.outbox == []
        assert len(set(pages)) == 1
        assert "Refresh" not in Browser().post("/accounts/login/code/", {"email": "rita@fabrikam.example"})
        # The provider is told who it was, and the address is in no address of ours.
        browser = Browser()
        browser.post("/accounts/login/", {"login": f"olga@{DOMAIN}", "next": "/devices/"})
        assert f"login_hint=olga%40{DOMAIN}" in self.idp.begin(browser)

    def test_an_organization_speaks_only_for_domains_that_it_has_proven(self) -> None:
        connect(self.provider, self.fabrikam.id, DOMAIN, name="Hostile", state="enforced")
        answer = Browser().post("/accounts/login/", {"login": f"olga@{DOMAIN}"})
        assert answer["Refresh"].startswith(f"0; url=/signin/by/{self.idp.id}/")


class EnforcedTest(SignOnTest):
    def setUp(self) -> None:
        super().setUp()
        person = Person.objects.get(id=self.olga.id)
        person.set_password("a long password")
        person.save()

    def test_by_themselves_members_no_longer_sign_in_and_others_do(self) -> None:
        self.idp.change(state="enforced")
        guest = builders.person(self.contoso.id, "rita@partner.example", guest=True)
        browser = Browser()
        form = {"login": f"olga@{DOMAIN}", "password": "a long password", "without": "1"}
        self.refused(browser.post("/accounts/login/", form), "lets you sign in by IdP alone")
        self.refused(sign_in_without(browser, f"olga@{DOMAIN}"), "lets you sign in by IdP alone")
        assert not get_user(browser).is_authenticated
        self.idp.sign_in(browser, "s-olga", email=f"olga@{DOMAIN}", email_verified=True)
        assert get_user(browser).pk == self.olga.id
        elsewhere = Browser()
        sign_in_by_code(elsewhere, "rita@partner.example")
        assert get_user(elsewhere).pk == guest.id

    def test_a_provider_of_another_organization_does_not_do_instead(self) -> None:
        other = connect(self.provider, self.fabrikam.id, "fabrikam.example", name="Other")
        builders.person(self.fabrikam.id, f"olga@{DOMAIN}", founder=True)
        add_address(
            organization_id=self.fabrikam.id,
            person_id=self.olga.id,
            address="olga@fabrikam.example",
            actor=builders.ACTOR,
        )
        EmailAddress.objects.update_or_create(
            user_id=self.olga.id, email="olga@fabrikam.example", defaults={"verified": True}
        )
        browser = Browser()
        other.sign_in(browser, "s-olga", email="olga@fabrikam.example", email_verified=True)
        assert get_user(browser).pk == self.olga.id
        self.idp.change(state="enforced")
        self.refused(
            other.sign_in(browser, "s-olga", email="olga@fabrikam.example", email_verified=True),
            "lets you sign in by IdP alone",
        )

    def test_break_glass_takes_a_second_factor_and_is_recorded_and_mailed(self) -> None:
        Authenticator.objects.create(user_id=self.ada.id, type="totp", data={"secret": seal_factor("JBSWY3DPEHPK3PXP")})
        self.idp.change(state="enforced", break_glass=[self.ada.id])
        browser = Browser()
        answer = sign_in_without(browser, f"ada@{DOMAIN}")
        assert answer["Location"].startswith("/accounts/2fa/authenticate/")
        mail.outbox.clear()
        browser.post("/accounts/2fa/authenticate/", {"code": totp_code("JBSWY3DPEHPK3PXP")})
        assert get_user(browser).pk == self.ada.id
        assert len(self.happened("sign_on.bypassed")) == 1
        assert [one.to for one in mail.outbox] == [[f"ada@{DOMAIN}"]]
        RoleAssignment.objects.within(self.contoso.id).filter(person_id=self.ada.id).delete()
        assert not self.idp.facts.break_glass[0].counts
        browser = Browser()
        sign_in_without(browser, f"ada@{DOMAIN}")
        cache.clear()
        answer = browser.post("/accounts/2fa/authenticate/", {"code": totp_code("JBSWY3DPEHPK3PXP")})
        self.refused(answer, "lets you sign in by IdP alone")

    def test_it_is_enforced_only_where_nobody_is_locked_out_by_it_and_ends_what_was_signed_in(self) -> None:
        def enforce(**more: Any) -> None:
            change_sign_on(
                organization_id=self.contoso.id,
                connection_id=self.idp.id,
                values={"state": "enforced", **more},
                actor=builders.ACTOR,
            )

        with pytest.raises(DirectoryRefused, match="break-glass"):
            enforce()
        with pytest.raises(DirectoryRefused, match="break-glass"):
            enforce(break_glass=[self.ada.id])
        Authenticator.objects.create(user_id=self.ada.id, type="totp", data={"secret": "sealed:"})
        with pytest.raises(DirectoryRefused, match="Nobody has signed in"):
            enforce(break_glass=[self.ada.id])
        self.idp.sign_in(Browser(), "s-olga", email=f"olga@{DOMAIN}", email_verified=True)
        olga, ada = Browser(), Browser()
        sign_in_without(olga, f"olga@{DOMAIN}")
        ada.force_login(Person.objects.get(id=self.ada.id))
        enforce(break_glass=[self.ada.id])
        assert not get_user(olga).is_authenticated
        assert get_user(ada).is_authenticated
        assert lift_enforcement(organization_id=self.contoso.id, actor=builders.ACTOR) == 1
        sign_in_without(olga, f"olga@{DOMAIN}")
        assert get_user(olga).is_authenticated


class EndTest(SignOnTest):
    CLAIMS: ClassVar[dict[str, Any]] = {"email": f"olga@{DOMAIN}", "email_verified": True}

    def signed_in(self) -> tuple[Browser, Browser, str]:
        """Return a browser at the base domain, one at the organization, and a token that came out of the sign-in."""
        base = Browser()
        self.idp.sign_in(base, "s-olga", **self.CLAIMS)
        there, _entered = enter(base, "contoso")
        token = Token.objects.create(
            type="rt",
            hash=uuid4().hex,
            user_id=self.olga.id,
            client_id=clients.CLI,
            data={"authentication": from_json(base.session[SIGN_ON]).as_json()},
        )
        return base, there, token.hash

    def is_over(self, signed_in: tuple[Browser, Browser, str]) -> bool:
        base, there, token = signed_in
        states = {get_user(base).is_authenticated, get_user(there).is_authenticated}
        states.add(Token.objects.filter(hash=token).exists())
        assert len(states) == 1, "all of it ends, or nothing"
        return states == {False}

    def logout(self, token: str) -> int:
        return Browser().form(f"/signin/by/{self.idp.id}/logout/", {"logout_token": token}).status_code

    def test_signing_out_leads_to_the_provider_which_ends_the_session_there_and_tells_us(self) -> None:
        mine = self.signed_in()
        left = mine[0].post("/accounts/logout/")
        page = mine[0].get(path_of(left))
        url = page["Refresh"].partition("url=")[2]
        assert url.startswith(f"{self.provider.issuer}/session/end?")
        status, _where, form = self.provider._ask(url)
        assert status == 200
        xsrf = re.search(r'name="xsrf" value="(\w+)"', form)
        assert xsrf is not None
        _status, back, _body = self.provider.post("/session/end/confirm", xsrf=xsrf[1], logout="yes")
        assert local(back).startswith(f"/signin/by/{self.idp.id}/signed-out/")
        (told,) = self.provider.set()["captured"]
        assert Token.objects.filter(hash=mine[2]).exists()
        assert self.logout(parse_qs(told)["logout_token"][0]) == 200
        assert self.is_over(mine)

    def test_a_real_logout_token_ends_the_sign_in_it_names_once(self) -> None:
        mine = self.signed_in()
        self.provider.forget()
        other = self.signed_in()
        sid = SignOnSession.objects.order_by("began_at").first().sid  # type: ignore[union-attr]
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.provider.issuer,
            "aud": self.idp.client_id,
            "iat": now,
            "exp": now + 120,
            "jti": "once",
            "sid": sid,
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        }
        wrongs: tuple[dict[str, Any], ...] = (
            {"nonce": "n"},
            {"events": {}},
            {"sid": None},
            {"aud": "another"},
            {"iss": "https://other.example"},
            {"iat": now - 3600},
            {"jti": None},
        )
        for wrong in wrongs:
            made = {name: value for name, value in (claims | wrong).items() if value is not None}
            assert self.logout(self.provider.signed(made)) == 400, wrong
        assert self.logout("nonsense") == 400
        assert not self.is_over(mine)
        token = self.provider.signed(claims)
        assert self.logout(token) == 200
        assert self.is_over(mine)
        assert not self.is_over(other)
        assert self.logout(token) == 400
        (event,) = self.happened("sign_on.signed_out")
        assert event.details["sign_ins"] == 1
        by_subject = {name: value for name, value in claims.items() if name != "sid"} | {"jti": "3", "sub": "s-olga"}
        assert self.logout(self.provider.signed(by_subject)) == 200
        assert self.is_over(other)

    def test_a_code_of_a_sign_in_that_is_over_is_worth_nothing(self) -> None:
        base = Browser()
        self.idp.sign_in(base, "s-olga", **self.CLAIMS)
        there = Browser(host_of("contoso"))
        code = path_of(base.get(path_of(there.get("/signin/"))))
        end_sign_on_sessions(connection_id=self.idp.id)
        assert there.get(code).status_code == 403

    def test_with_the_connection_ends_what_it_signed_in(self) -> None:
        for end in (
            lambda: change_sign_on(
                organization_id=self.contoso.id,
                connection_id=self.idp.id,
                values={"state": "off"},
                actor=builders.ACTOR,
            ),
            lambda: end_sign_on(
                organization_id=self.contoso.id, connection_id=self.idp.id, reason="", actor=builders.ACTOR
            ),
        ):
            self.idp.change(state="on")
            mine = self.signed_in()
            end()
            assert self.is_over(mine)
        assert Browser().get(f"/signin/by/{self.idp.id}/").status_code == 404
        assert not SocialAccount.objects.filter(user_id=self.olga.id).exists()

    def test_a_test_shows_what_came_back_and_signs_nobody_in(self) -> None:
        self.idp.change(state="test")
        self.provider.person("s-nina", email=f"nina@{DOMAIN}", email_verified=True, name="<b>Nina</b>", amr=["mfa"])
        stranger, ada = Browser(), Browser()
        path = f"/signin/by/{self.idp.id}/test/"
        assert stranger.get(path).status_code == 404
        sign_in_by_code(stranger, f"olga@{DOMAIN}")
        assert stranger.get(path).status_code == 404
        assert Browser().get(f"/signin/by/{self.idp.id}/").status_code == 404
        sign_in_by_code(ada, f"ada@{DOMAIN}")
        sent = ada.get(path)
        page = ada.get(local(self.provider.answer(sent["Location"])))
        assertContains(page, "nina@contoso.example would get a new account.")
        assertContains(page, "Signed in with a second factor")
        assertContains(page, "&lt;b&gt;Nina&lt;/b&gt;")
        assert get_user(ada).pk == self.ada.id
        assert not Person.objects.filter(email=f"nina@{DOMAIN}").exists()
        self.provider.person("s-x", email="x@elsewhere.example")
        self.provider.forget()
        page = ada.get(local(self.provider.answer(ada.get(path)["Location"])))
        assertContains(page, "does not speak for the mail domain")

    def test_with_an_erased_organization_nothing_of_it_is_left(self) -> None:
        mine = self.signed_in()
        forget_sign_on(organization_id=self.contoso.id)
        assert self.is_over(mine)
        assert not SignOnSession.objects.filter(person_id=self.olga.id).exists()
        assert not SocialAccount.objects.filter(user_id=self.olga.id).exists()

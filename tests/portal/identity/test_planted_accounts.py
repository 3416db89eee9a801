"""Nothing that predates the proof of an address survives it: no password, session, device, factor, token or code."""

import os
import secrets
from datetime import timedelta
from uuid import UUID

import pytest
from allauth.account.models import EmailAddress
from allauth.idp.oidc.models import Token
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user
from django.core.cache import cache
from django.test import TestCase
from django.utils import timezone
from pytest_django.asserts import assertContains

from audit.selectors.events import Filter, events
from portal.identity import clients, tokens
from portal.identity.adapters import StrengthAdapter
from tenants.actor import Actor
from tenants.context import in_organization
from tenants.directory.errors import CodeRefused
from tenants.directory.models import Address, BrowserSession, Device, Membership, Person, Revocation
from tenants.directory.selectors.people import holder_of
from tenants.directory.services.claim_domain import claim_domain
from tenants.directory.services.enroll_device import enroll_device
from tenants.directory.services.issue_enrollment_code import issue_enrollment_code
from tenants.directory.services.issue_sign_in_link import issue_sign_in_link
from tenants.directory.services.prove_domain import prove_domain
from tenants.directory.services.redeem_enrollment_code import redeem_enrollment_code
from tenants.directory.services.redeem_sign_in_link import redeem_sign_in_link
from tenants.directory.services.release_domain import release_domain
from tenants.organizations.selectors import OrganizationFacts
from tests.portal.identity.browser import Browser, confirm_address, last_code, sign_in_by_code
from tests.second_address import give_address
from tests.tenants import builders

NINA = "nina@contoso.example"
PASSWORD = "planted long before"
ACTOR = builders.ACTOR


class Planted:
    """An account with everything that could let its maker in again."""

    def __init__(self, address: str = NINA) -> None:
        self.waiting = Browser()
        self.waiting.post("/accounts/signup/", {"email": address, "password1": PASSWORD})
        self.mailed = last_code()
        person = Person.objects.get(email=address)
        self.person: UUID = person.pk
        self.signed_in = Browser()
        self.signed_in.force_login(person)
        self.link = issue_sign_in_link(person_id=person.pk, actor=ACTOR)
        self.code = issue_enrollment_code(person_id=person.pk, actor=ACTOR)
        self.token = secrets.token_urlsafe(16)
        Token.objects.create(
            type="rt", hash=tokens.hash_of(self.token), client_id=clients.CLI, user=person, scopes="openid",
            expires_at=timezone.now() + timedelta(days=1),
        )  # fmt: skip
        for kind, member in (("totp", "secret"), ("recovery_codes", "seed")):
            Authenticator.objects.create(user=person, type=kind, data={member: StrengthAdapter().encrypt("JBSWY3DP")})
        SocialAccount.objects.create(user=person, provider="openid_connect", uid="planted")
        self.device = enroll_device(
            person_id=person.pk, name="laptop", platform="linux", signing_algorithm="EdDSA",
            signing_key=os.urandom(32), signing_key_id=os.urandom(32), encryption_kem="mlkem768-x25519",
            encryption_key=os.urandom(1216), actor=ACTOR,
        )  # fmt: skip
        # The row has never signed in, as its owner would say; only so the organization takes it for the mailbox's.
        Person.objects.filter(pk=person.pk).update(last_login=None)


class PlantedAccountTest(TestCase):
    contoso: OrganizationFacts
    fabrikam: OrganizationFacts

    @classmethod
    def setUpTestData(cls) -> None:
        cls.contoso = builders.organization("contoso")
        cls.fabrikam = builders.organization("fabrikam", "fabrikam.example")
        builders.person(cls.contoso.id, "ada@contoso.example", role="global_administrator")
        clients.ensure()

    def setUp(self) -> None:
        cache.clear()

    def own(self, actor: Actor = ACTOR) -> None:
        text = claim_domain(organization_id=self.contoso.id, domain="contoso.example", actor=actor)
        prove_domain(
            organization_id=self.contoso.id, domain="contoso.example", text_records=lambda _: [text], actor=actor
        )

    def assert_starts_afresh(self, planted: Planted, *, recorded: bool = True) -> None:
        """Check each way in: none leads to the person any more, and the record says what was ended."""
        person = planted.person
        assert holder_of(NINA) == person
        assert not Person.objects.get(pk=person).has_usable_password()
        again = Browser()
        again.post("/accounts/login/", {"login": NINA, "password": PASSWORD})
        assert not get_user(again).is_authenticated
        assert not get_user(planted.signed_in).is_authenticated
        planted.waiting.post("/accounts/confirm-email/", {"code": planted.mailed})
        assert not get_user(planted.waiting).is_authenticated
        assert not Token.objects.filter(hash=tokens.hash_of(planted.token)).exists()
        assert not Authenticator.objects.filter(user_id=person).exists()
        assert not SocialAccount.objects.filter(user_id=person).exists()
        assert Device.objects.get(id=planted.device.id).revoked_at is not None
        assert Revocation.objects.filter(device_feed_id=planted.device.feed_id).exists()
        for redeem in (
            lambda: redeem_enrollment_code(code=planted.code),
            lambda: redeem_sign_in_link(token=planted.link),
        ):
            with pytest.raises(CodeRefused):
                redeem()
        if recorded:
            with in_organization(self.contoso.id):
                (event,) = events(filter=Filter(kinds=["person.started_afresh"])).events
            counts = {"passwords": 1, "devices": 1, "second_factors": 2, "other_accounts": 1}
            assert {kind: event.details[kind] for kind in counts} == counts
            assert event.personal["addresses"] == [NINA]

    def test_the_organization_adds_the_person_after_a_stranger_signed_up(self) -> None:
        self.own()
        planted = Planted()
        added = builders.person(self.contoso.id, NINA, name="Nina")
        assert (added.id, added.name) == (planted.person, "Nina")
        self.assert_starts_afresh(planted)
        nina = Browser()
        sign_in_by_code(nina, NINA)
        assert get_user(nina).pk == planted.person

    def test_the_domain_is_proven_after_both(self) -> None:
        planted = Planted()
        builders.person(self.contoso.id, NINA)
        self.own()
        self.assert_starts_afresh(planted)

    def test_the_mailbox_itself_proves_the_address(self) -> None:
        planted, nina = Planted(), Browser()
        # A second factor would have to be known for this way in: the first proof comes before it.
        Authenticator.objects.filter(user_id=planted.person).delete()
        sign_in_by_code(nina, NINA)
        assert get_user(nina).pk == planted.person
        assert BrowserSession.objects.filter(person_id=planted.person).count() == 1
        self.assert_starts_afresh(planted, recorded=False)
        assert get_user(nina).is_authenticated

    def test_a_holder_of_before_the_domain_was_owned_proves_the_address_anew(self) -> None:
        """Mallory had the mailbox while the domain was hers; then Contoso bought it."""
        planted = Planted()
        Authenticator.objects.filter(user_id=planted.person).delete()
        sign_in_by_code(planted.signed_in, NINA)
        person = Person.objects.get(pk=planted.person)
        person.set_password(PASSWORD)
        person.save()
        self.own()
        assert not Person.objects.get(pk=person.pk).has_usable_password()
        assert not get_user(planted.signed_in).is_authenticated
        assert not Membership.objects.within(self.contoso.id).get(person_id=person.pk).guest

    def test_who_proves_the_domain_stays_signed_in(self) -> None:
        ada = Browser()
        sign_in_by_code(ada, "ada@contoso.example")
        person = get_user(ada).pk
        self.own(Actor(person_id=person, name="Ada", source="pages"))
        assert get_user(ada).is_authenticated

    def test_a_released_domain_takes_the_proof_along_and_the_next_owner_starts_afresh(self) -> None:
        self.own()
        first = builders.person(self.contoso.id, NINA)
        nina = Browser()
        sign_in_by_code(nina, NINA)
        release_domain(organization_id=self.contoso.id, domain="contoso.example", actor=ACTOR)
        assert not EmailAddress.objects.get(user_id=first.id).verified
        text = claim_domain(organization_id=self.fabrikam.id, domain="contoso.example", actor=ACTOR)
        prove_domain(
            organization_id=self.fabrikam.id, domain="contoso.example", text_records=lambda _: [text], actor=ACTOR
        )
        second = builders.person(self.fabrikam.id, NINA)
        assert first.id != second.id
        assert holder_of(NINA) == second.id

    def changed_hands(self, proof: str = Address.Proof.ORGANIZATION) -> UUID:
        """Return Contoso's Nina, who uses devices and no browser, after another organization proved the domain."""
        self.own()
        first = builders.person(self.contoso.id, NINA)
        Address.objects.filter(address=NINA).update(proven_by=proof)
        release_domain(organization_id=self.contoso.id, domain="contoso.example", actor=ACTOR)
        text = claim_domain(organization_id=self.fabrikam.id, domain="contoso.example", actor=ACTOR)
        prove_domain(
            organization_id=self.fabrikam.id, domain="contoso.example", text_records=lambda _: [text], actor=ACTOR
        )
        return first.id

    def test_the_next_owner_of_a_domain_adds_nobody_of_the_one_before(self) -> None:
        """What was bound to the account, its documents and its place at Contoso would be the next Nina's."""
        first = self.changed_hands()
        assert not Person.objects.get(pk=first).is_active
        second = builders.person(self.fabrikam.id, NINA)
        assert first != second.id
        assert holder_of(NINA) == second.id
        assert not Membership.objects.within(self.contoso.id).filter(person_id=second.id).exists()
        assert Membership.objects.within(self.contoso.id).filter(person_id=first).exists()

    def test_a_mailbox_of_a_domain_that_changed_hands_enters_no_account_of_before(self) -> None:
        first = self.changed_hands(Address.Proof.PERSON)
        assert not EmailAddress.objects.filter(user_id=first, email=NINA).exists()
        assert not Address.objects.filter(person_id=first).exists()
        assert not Membership.objects.within(self.fabrikam.id).filter(person_id=first).exists()

    def test_a_domain_given_up_and_proven_again_keeps_its_people(self) -> None:
        self.own()
        first = builders.person(self.contoso.id, NINA)
        for proof in (Address.Proof.ORGANIZATION, Address.Proof.PERSON):
            Address.objects.filter(address=NINA).update(proven_by=proof, asserted_by=None)
            release_domain(organization_id=self.contoso.id, domain="contoso.example", actor=ACTOR)
            assert holder_of(NINA) is None
            self.own()
            assert holder_of(NINA) == first.id

    def test_giving_up_a_mere_claim_ends_nobody_s_proof(self) -> None:
        builders.person(self.contoso.id, NINA)
        Address.objects.filter(address=NINA).update(proven_by=Address.Proof.PERSON)
        claim_domain(organization_id=self.contoso.id, domain="contoso.example", actor=ACTOR)
        release_domain(organization_id=self.contoso.id, domain="contoso.example", actor=ACTOR)
        assert holder_of(NINA) is not None

    def with_a_private_address(self) -> UUID:
        """Return a person who holds the mailbox, and adds one of their own to the account."""
        browser = Browser()
        sign_in_by_code(browser, NINA)
        browser.post("/accounts/email/", {"action_add": "", "email": "mallory@home.example"})
        confirm_address(browser, "mallory@home.example")
        cache.clear()
        return UUID(str(get_user(browser).pk))

    def test_the_mailbox_s_holder_after_a_release_enters_no_earlier_account(self) -> None:
        self.own()
        builders.person(self.contoso.id, NINA)
        Address.objects.filter(address=NINA).update(asserted_by=self.contoso.id)
        before = self.with_a_private_address()
        Address.objects.filter(address=NINA).update(proven_by=Address.Proof.ORGANIZATION)
        release_domain(organization_id=self.contoso.id, domain="contoso.example", actor=ACTOR)
        nina = Browser()
        nina.post("/accounts/signup/", {"email": NINA, "password1": PASSWORD})
        nina.post("/accounts/confirm-email/", {"code": last_code()})
        assert holder_of(NINA) == get_user(nina).pk
        assert holder_of(NINA) != before

    def test_a_holder_of_before_does_not_become_a_member_by_another_address(self) -> None:
        """Mallory had the mailbox once; Contoso proves its domain, and then adds the Nina of today."""
        builders.person(self.fabrikam.id, NINA)
        before = self.with_a_private_address()
        self.own()
        assert not Membership.objects.within(self.contoso.id).filter(person_id=before).exists()
        assert holder_of(NINA) is None
        assert holder_of("mallory@home.example") == before
        assert builders.person(self.contoso.id, NINA).id != before

    def test_nobody_s_second_address_ends_anything(self) -> None:
        """Max, signed in, adds an address of the organization's domain, and the organization another one."""
        self.own()
        added = builders.person(self.contoso.id, "max@contoso.example")
        browser = Browser()
        sign_in_by_code(browser, "max@contoso.example")
        give_address(self.contoso.id, added.id, "m@contoso.example")
        browser.post("/accounts/email/", {"action_add": "", "email": "max@home.example"})
        confirm_address(browser, "max@home.example")
        assert holder_of("max@home.example") == added.id
        assert get_user(browser).is_authenticated

    def test_the_company_s_address_is_not_the_person_s_to_remove(self) -> None:
        self.own()
        leaver = builders.person(self.contoso.id, "max@contoso.example")
        browser = Browser()
        sign_in_by_code(browser, "max@contoso.example")
        browser.post("/accounts/email/", {"action_add": "", "email": "max@home.example"})
        confirm_address(browser, "max@home.example")
        browser.post("/accounts/email/", {"action_primary": "", "email": "max@home.example"})
        answer = browser.post("/accounts/email/", {"action_remove": "", "email": "max@contoso.example"}, follow=True)
        assertContains(answer, "is managed by Contoso")
        assert holder_of("max@contoso.example") == leaver.id

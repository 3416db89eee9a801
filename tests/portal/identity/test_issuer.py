"""The issuer: device flow, codes, refresh, programs, and what a token is good for."""

import base64
import hashlib
import re
import secrets
from datetime import timedelta
from uuid import UUID

import oauthlib
import pytest
from allauth.idp.oidc.models import Token
from django.conf import settings
from django.core.cache import cache
from django.test import Client, RequestFactory, TestCase, override_settings
from django.urls import path
from django.utils import timezone
from pytest_django.asserts import assertContains
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from chancery.crypto.keys import EncryptionPrivateKey
from chancery.crypto.signatures import SigningKey
from chancery.crypto.suites import ED25519, MLKEM768_X25519
from chancery.objects.jws import b64
from chancery.policy.policy import Strength
from portal.identity import clients, strength, tokens
from portal.identity.bearer import Authenticated
from portal.identity.tokens import token_of
from tenants.directory.models import Person, SpentSecret
from tenants.directory.selectors.people import PersonFacts
from tenants.directory.services.create_application import create_application
from tenants.directory.services.disable_application import disable_application
from tenants.directory.services.disable_person import disable_person
from tenants.directory.services.enable_person import enable_person
from tenants.directory.services.issue_enrollment_code import issue_enrollment_code
from tenants.directory.services.revoke_device import revoke_device
from tenants.organizations.selectors import OrganizationFacts, organization_by_id
from tests.portal.identity.browser import Browser, host_of, origin_of, query_of, sign_in_by_code
from tests.tenants import builders

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


class WhoAmI(APIView):
    """A view like the API's own, for these tests."""

    permission_classes = (Authenticated,)

    def get(self, request: Request) -> Response:
        return Response({"person": str(request.user.pk)})


class Closed(APIView):
    """A view that forgot to say who may."""

    def get(self, request: Request) -> Response:
        return Response({})


urlpatterns = [path("api/v1/me", WhoAmI.as_view()), path("api/v1/closed", Closed.as_view())]


class IssuerTest(TestCase):
    contoso: OrganizationFacts
    fabrikam: OrganizationFacts
    olga: PersonFacts

    @classmethod
    def setUpTestData(cls) -> None:
        cls.contoso = builders.organization("contoso", "contoso.example")
        cls.fabrikam = builders.organization("fabrikam")
        cls.olga = builders.person(cls.contoso.id, "olga@contoso.example", name="Olga")
        clients.ensure()

    def setUp(self) -> None:
        cache.clear()
        self.program = Browser()

    def signed_in(self) -> Browser:
        browser = Browser()
        sign_in_by_code(browser, "olga@contoso.example")
        return browser

    def post(self, **fields: str) -> tuple[int, dict[str, str]]:
        response = self.program.form("/identity/o/api/token", fields)
        body: dict[str, str] = response.json()
        return response.status_code, body

    def begin_device(self) -> dict[str, str]:
        started = self.program.form("/identity/o/api/device/code", {"client_id": clients.CLI, "scope": clients.ACCESS})
        assert started.status_code == 200, started.content
        body: dict[str, str] = started.json()
        return body

    def device_tokens(self, resource: str | None = None) -> dict[str, str]:
        started = self.begin_device()
        browser = self.signed_in()
        confirm = f"/identity/o/device?code={started['user_code']}"
        assertContains(browser.get(confirm), "csrfmiddlewaretoken")
        assertContains(browser.post(confirm, {"action": "confirm"}), "The device is signed in")
        fields = {"grant_type": DEVICE, "device_code": started["device_code"], "client_id": clients.CLI}
        status, body = self.post(**fields, **({"resource": resource} if resource else {}))
        assert status == 200, body
        return body

    def refresh(self, token: str, resource: str = "") -> tuple[int, dict[str, str]]:
        fields = {"grant_type": "refresh_token", "refresh_token": token, "client_id": clients.CLI}
        return self.post(**fields, **({"resource": resource} if resource else {}))


class DeviceFlowTest(IssuerTest):
    def test_the_pinned_library_knows_the_device_grant(self) -> None:
        assert oauthlib.__version__ == "4.0.0"

    def test_the_whole_flow(self) -> None:
        started = self.begin_device()
        assert started["verification_uri"].startswith(settings.CHANCERY_BASE_URL)
        fields = {"grant_type": DEVICE, "device_code": started["device_code"], "client_id": clients.CLI}
        status, body = self.post(**fields)
        assert (status, body["error"]) == (400, "authorization_pending")
        status, body = self.post(**fields)
        assert (status, body["error"]) == (400, "slow_down")
        body = self.device_tokens(origin_of("contoso"))
        token = tokens.verify(body["access_token"])
        assert token is not None
        assert (token.person_id, token.origin) == (self.olga.id, origin_of("contoso"))
        assert token.authentication.strength == "code"
        assert "id_token" not in body
        assert abs(token.authentication.at - timezone.now().timestamp()) < 60
        assert int(body["expires_in"]) == 600

    def test_a_denied_device_gets_nothing(self) -> None:
        started = self.begin_device()
        self.signed_in().post(f"/identity/o/device?code={started['user_code']}", {"action": "deny"})
        status, body = self.post(grant_type=DEVICE, device_code=started["device_code"], client_id=clients.CLI)
        assert (status, body["error"]) == (400, "access_denied")

    def test_the_device_page_needs_its_form_token(self) -> None:
        started = self.begin_device()
        browser = self.signed_in()
        strict = Client(enforce_csrf_checks=True, HTTP_HOST=browser.host)
        strict.cookies = browser.cookies
        response = strict.post(f"/identity/o/device?code={started['user_code']}", {"action": "confirm"})
        assertContains(response, "The form could not be accepted", status_code=403)
        status, body = self.post(grant_type=DEVICE, device_code=started["device_code"], client_id=clients.CLI)
        assert (status, body["error"]) == (400, "authorization_pending")


class CodeFlowTest(IssuerTest):
    def code(self, browser: Browser, verifier: str, **more: str) -> dict[str, str]:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        query = {
            "response_type": "code", "client_id": clients.CLI, "redirect_uri": "http://127.0.0.1:43210/cb",
            "scope": "openid", "state": "s", "code_challenge": challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        page = browser.get("/identity/o/authorize", query | more)
        assertContains(page, "It asks to act as")
        assert "form-action 'self' http://127.0.0.1:*" in page["Content-Security-Policy"]
        request = page.context["form"]["request"].value()
        answer = browser.post("/identity/o/authorize", {"request": request, "scopes": ["openid"], "action": "grant"})
        return query_of(answer)

    def test_code_and_pkce(self) -> None:
        verifier = secrets.token_urlsafe(48)
        sent = self.code(self.signed_in(), verifier)
        fields = {"grant_type": "authorization_code", "code": sent["code"], "client_id": clients.CLI,
                  "redirect_uri": "http://127.0.0.1:43210/cb", "resource": origin_of("contoso")}  # fmt: skip
        status, _body = self.post(**fields, code_verifier="x" * 64)
        assert status == 400
        sent = self.code(self.signed_in(), verifier)
        status, body = self.post(**fields | {"code": sent["code"]}, code_verifier=verifier)
        assert status == 200, body
        token = tokens.verify(body["access_token"])
        assert token is not None
        assert token.authentication.at > 0
        status, _body = self.post(**fields | {"code": sent["code"]}, code_verifier=verifier)
        assert status == 400

    def exchange(self, sent: dict[str, str], verifier: str) -> tuple[int, dict[str, str]]:
        return self.post(
            grant_type="authorization_code", code=sent["code"], client_id=clients.CLI, code_verifier=verifier,
            redirect_uri="http://127.0.0.1:43210/cb", resource=origin_of("contoso"),
        )  # fmt: skip

    def test_nobody_is_passed_by_the_consent_page(self) -> None:
        """A person who holds a token already, of any client, is asked for this one all the same."""
        self.device_tokens()
        browser = self.signed_in()
        query = {
            "response_type": "code", "redirect_uri": "http://127.0.0.1:1/cb", "scope": "openid", "state": "s",
            "code_challenge": "x" * 43, "code_challenge_method": "S256", "client_id": clients.CLI,
        }  # fmt: skip
        clients.pages_client_for("files.contoso.example")
        own = {
            **query,
            "client_id": clients.OWN_DOMAINS,
            "redirect_uri": "http://files.contoso.example:8000/signin/callback/",
        }
        for asked in (query, own):
            assertContains(browser.get("/identity/o/authorize", asked), "It asks to act as")
            for prompt in ("none", "none consent"):
                sent = query_of(browser.get("/identity/o/authorize", {**asked, "prompt": prompt}))
                assert "error" in sent
                assert "code" not in sent
        foreign = {**query, "prompt": "none", "redirect_uri": "https://evil.example/cb"}
        assert browser.get("/identity/o/authorize", foreign).status_code != 302

    def test_a_consent_form_is_its_person_s_alone(self) -> None:
        browser, verifier = self.signed_in(), secrets.token_urlsafe(48)
        self.code(browser, verifier)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        page = browser.get(
            "/identity/o/authorize",
            {"response_type": "code", "client_id": clients.CLI, "redirect_uri": "http://127.0.0.1:1/cb",
             "scope": "openid", "code_challenge": challenge, "code_challenge_method": "S256"},
        )  # fmt: skip
        form = {"request": page.context["form"]["request"].value(), "scopes": ["openid"], "action": "grant"}
        builders.person(self.contoso.id, "max@contoso.example")
        other = Browser()
        sign_in_by_code(other, "max@contoso.example")
        assert other.post("/identity/o/authorize", form).status_code == 403

    def test_a_code_is_used_up_by_a_wrong_verifier(self) -> None:
        verifier = secrets.token_urlsafe(48)
        sent = self.code(self.signed_in(), verifier)
        assert self.exchange(sent, "x" * 64)[0] == 400
        assert self.exchange(sent, verifier)[0] == 400

    def test_a_code_that_comes_back_ends_what_it_gave(self) -> None:
        verifier = secrets.token_urlsafe(48)
        sent = self.code(self.signed_in(), verifier)
        _status, body = self.exchange(sent, verifier)
        assert tokens.verify(body["access_token"]) is not None
        assert self.exchange(sent, verifier)[0] == 400
        assert tokens.verify(body["access_token"]) is None
        assert self.refresh(body["refresh_token"])[0] == 400

    def test_a_code_ends_with_the_person_s_access(self) -> None:
        verifier = secrets.token_urlsafe(48)
        sent = self.code(self.signed_in(), verifier)
        disable_person(organization_id=self.contoso.id, person_id=self.olga.id, actor=builders.ACTOR)
        enable_person(organization_id=self.contoso.id, person_id=self.olga.id, actor=builders.ACTOR)
        assert self.exchange(sent, verifier)[0] == 400


class DeviceCodeTest(IssuerTest):
    def confirmed(self) -> dict[str, str]:
        started = self.begin_device()
        self.signed_in().post(f"/identity/o/device?code={started['user_code']}", {"action": "confirm"})
        return {"grant_type": DEVICE, "device_code": started["device_code"], "client_id": clients.CLI}

    def test_a_device_code_that_comes_back_ends_what_it_gave(self) -> None:
        fields = self.confirmed()
        status, body = self.post(**fields)
        assert status == 200, body
        assert self.post(**fields)[1]["error"] == "invalid_grant"
        assert self.refresh(body["refresh_token"])[0] == 400

    def test_a_device_code_ends_with_the_person_s_access(self) -> None:
        fields = self.confirmed()
        disable_person(organization_id=self.contoso.id, person_id=self.olga.id, actor=builders.ACTOR)
        enable_person(organization_id=self.contoso.id, person_id=self.olga.id, actor=builders.ACTOR)
        assert self.post(**fields)[1]["error"] == "invalid_grant"


class RefreshTest(IssuerTest):
    def test_one_refresh_token_serves_every_origin_in_turn(self) -> None:
        first = self.device_tokens()
        status, second = self.refresh(first["refresh_token"], origin_of("contoso"))
        assert status == 200, second
        status, third = self.refresh(second["refresh_token"], origin_of("fabrikam"))
        assert status == 200, third
        seen = [tokens.verify(body["access_token"]) for body in (second, third)]
        assert [one and one.origin for one in seen] == [origin_of("contoso"), origin_of("fabrikam")]
        assert [one and one.authentication.strength for one in seen] == ["code", "code"]

    def test_a_spent_refresh_token_ends_the_family(self) -> None:
        first = self.device_tokens()
        _status, second = self.refresh(first["refresh_token"], origin_of("contoso"))
        assert tokens.verify(second["access_token"]) is not None
        assert self.refresh(first["refresh_token"], origin_of("contoso"))[0] == 400
        assert tokens.verify(second["access_token"]) is None
        assert self.refresh(second["refresh_token"], origin_of("contoso"))[0] == 400
        assert SpentSecret.objects.count() == 2, "the device code and the refresh token"

    def test_a_revoked_device_takes_its_tokens_along_and_no_other_s(self) -> None:
        laptop, phone = self.device_tokens(settings.CHANCERY_BASE_URL), self.device_tokens(settings.CHANCERY_BASE_URL)
        device = self.enrolled(laptop["access_token"])
        self.enrolled(phone["access_token"])
        _status, later = self.refresh(laptop["refresh_token"], settings.CHANCERY_BASE_URL)
        assert self.me(later["access_token"]) == 200
        revoke_device(person_id=self.olga.id, device_id=UUID(device), actor=builders.ACTOR)
        assert [self.me(body["access_token"]) for body in (laptop, later)] == [401, 401]
        assert self.refresh(later["refresh_token"])[0] == 400
        assert self.me(phone["access_token"]) == 200
        assert self.refresh(phone["refresh_token"])[0] == 200

    def enrolled(self, token: str) -> str:
        """Enroll a device with this token and return its id."""
        signing, encryption = SigningKey.generate(ED25519), EncryptionPrivateKey.generate(MLKEM768_X25519)
        wanted = {
            "name": "laptop",
            "platform": "linux",
            "signing": {"alg": ED25519.name, "public": b64(signing.verify_key.raw)},
            "encryption": {"kem": MLKEM768_X25519.name, "public": b64(encryption.public.raw)},
        }
        bearer = f"Bearer {token}"
        answer = Browser().post("/api/v1/devices", wanted, content_type="application/json", HTTP_AUTHORIZATION=bearer)
        assert answer.status_code == 201, answer.content
        return str(answer.json()["id"])

    def me(self, token: str) -> int:
        """Return what a call without a device proof answers."""
        return Browser().get("/api/v1/me", HTTP_AUTHORIZATION=f"Bearer {token}").status_code

    def test_another_family_goes_on(self) -> None:
        laptop, phone = self.device_tokens(), self.device_tokens()
        self.refresh(laptop["refresh_token"])
        self.refresh(laptop["refresh_token"])
        assert self.refresh(phone["refresh_token"], origin_of("contoso"))[0] == 200

    def test_refresh_tokens_expire(self) -> None:
        body = self.device_tokens()
        row = Token.objects.get(hash=tokens.hash_of(body["refresh_token"]))
        assert row.expires_at is not None
        assert (row.expires_at - timezone.now()).days == pytest.approx(89)
        Token.objects.filter(pk=row.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
        assert self.refresh(body["refresh_token"])[0] == 400

    def test_a_device_gets_its_refresh_token_by_enrollment(self) -> None:
        granted = tokens.grant_refresh_token(
            person_id=self.olga.id,
            client_id=clients.CLI,
            authentication=strength.Authentication(Strength.CODE, 1),
        )
        status, body = self.refresh(granted.refresh_token, origin_of("contoso"))
        assert status == 200, body
        token = tokens.verify(body["access_token"])
        assert (token and token.authentication.at) == 1


class ResourceTest(IssuerTest):
    def test_people_read_their_language_and_programs_english(self) -> None:
        browser = self.signed_in()
        wanted = {"client_id": clients.CLI, "response_type": "code", "redirect_uri": "http://127.0.0.1:43210/cb",
                  "scope": "openid", "code_challenge": "x" * 43, "code_challenge_method": "S256",
                  "resource": "https://evil.example"}  # fmt: skip
        page = browser.get("/identity/o/authorize", wanted, HTTP_ACCEPT_LANGUAGE="de")
        assertContains(page, "Das ist kein Ursprung dieser Installation.")
        asked = {"client_id": clients.CLI, "scope": "openid", "resource": "https://evil.example"}
        answer = Browser(HTTP_ACCEPT_LANGUAGE="de").form("/identity/o/api/device/code", asked)
        assert answer.json()["error_description"] == "This is not an origin of this installation."

    def test_only_one_of_our_origins_can_be_named(self) -> None:
        body = self.device_tokens()
        for resource in (
            "https://evil.example", origin_of("nobody"), origin_of("contoso") + "/api/", "contoso",
            origin_of("contoso") + "?a", settings.CHANCERY_BASE_URL + "/",
        ):  # fmt: skip
            with self.subTest(resource):
                status, answer = self.refresh(body["refresh_token"], resource)
                assert (status, answer["error"]) == (400, "invalid_target")
        response = self.program.form(
            "/identity/o/api/token",
            {"grant_type": "refresh_token", "refresh_token": body["refresh_token"], "client_id": clients.CLI,
             "resource": [origin_of("contoso"), origin_of("fabrikam")]},
        )  # fmt: skip
        assert response.json()["error"] == "invalid_target"
        assert response.json()["error_description"] == "A token names exactly one origin."
        assert self.refresh(body["refresh_token"], settings.CHANCERY_BASE_URL)[0] == 200

    def test_the_issuer_has_one_name(self) -> None:
        document = self.program.get("/.well-known/openid-configuration").json()
        assert document["issuer"] == settings.CHANCERY_BASE_URL
        assert len(self.program.get("/.well-known/jwks.json").json()["keys"]) == 1
        assert Browser(host_of("contoso")).get("/.well-known/openid-configuration").status_code == 404


@override_settings(ROOT_URLCONF=__name__, PUBLIC_SCHEMA_URLCONF=__name__)
class BearerTest(IssuerTest):
    def access(self, origin: str | None) -> str:
        """Return an access token made by hand, since the test's own addresses replace the issuer's."""
        value = secrets.token_urlsafe(32)
        Token.objects.create(
            type="at", hash=tokens.hash_of(value), client_id=clients.CLI, user_id=self.olga.id, scopes="openid",
            expires_at=timezone.now() + timedelta(minutes=10), data={"resources": [origin]} if origin else {},
        )  # fmt: skip
        return value

    def me(self, token: str, slug: str = "contoso", path: str = "/api/v1/me"):
        return Browser(host_of(slug)).get(path, HTTP_AUTHORIZATION=f"Bearer {token}")

    def test_a_token_is_good_at_its_origin(self) -> None:
        response = self.me(self.access(origin_of("contoso")))
        assert (response.status_code, response.json()["person"]) == (200, str(self.olga.id))

    def test_a_person_s_token_is_good_where_they_are_no_member(self) -> None:
        assert self.me(self.access(origin_of("fabrikam")), "fabrikam").status_code == 200

    def test_refusals_are_401_and_say_how(self) -> None:
        cases = {
            "unknown": ("nonsense", "contoso"),
            "another origin": (self.access(origin_of("fabrikam")), "contoso"),
            "the base domain's": (self.access(settings.CHANCERY_BASE_URL), "contoso"),
            "no origin": (self.access(None), "contoso"),
            "empty": ("", "contoso"),
        }
        for name, (token, slug) in cases.items():
            with self.subTest(name):
                response = self.me(token, slug)
                assert response.status_code == 401
                assert "Bearer" in response["WWW-Authenticate"]

    def test_without_a_token_and_without_a_statement_nobody_may(self) -> None:
        assert Browser(host_of("contoso")).get("/api/v1/me").status_code == 401
        assert self.me(self.access(origin_of("contoso")), path="/api/v1/closed").status_code == 403

    def test_a_session_does_not_open_the_api(self) -> None:
        browser = Browser(host_of("contoso"))
        browser.force_login(Person.objects.get(id=self.olga.id))
        assert browser.get("/api/v1/me").status_code == 401

    def test_an_expired_token_is_refused_even_when_remembered(self) -> None:
        token = self.access(origin_of("contoso"))
        assert self.me(token).status_code == 200
        tokens.forget()
        Token.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        assert self.me(token).status_code == 401

    def test_a_disabled_person_s_token_is_refused_at_once(self) -> None:
        token = self.access(origin_of("contoso"))
        assert self.me(token).status_code == 200
        Person.objects.filter(id=self.olga.id).update(is_active=False)
        assert self.me(token).status_code == 401


class ApplicationTest(IssuerTest):
    def test_an_application_s_token_is_its_person_at_its_organization_only(self) -> None:
        made = create_application(organization_id=self.contoso.id, name="Indexer", actor=builders.ACTOR)
        fields = {"grant_type": "client_credentials", "client_id": made.client_id, "client_secret": made.secret}
        for slug, fits in (("contoso", True), ("fabrikam", False)):
            status, body = self.post(**fields, resource=origin_of(slug))
            assert status == 200, body
            request = RequestFactory(HTTP_HOST=host_of(slug)).get(
                "/api/v1/x", HTTP_AUTHORIZATION=f"Bearer {body['access_token']}"
            )
            organization = self.contoso if fits else self.fabrikam
            request.origin = origin_of(slug)  # type: ignore[attr-defined]
            request.organization = organization_by_id(organization.id)  # type: ignore[attr-defined]
            if fits:
                token = token_of(request)
                assert (token and token.person_id) == made.person_id
            else:
                with pytest.raises(Exception, match=re.escape("another organization")):
                    token_of(request)

    def test_an_application_that_enrolled_by_code_is_at_home_only_there_too(self) -> None:
        made = create_application(organization_id=self.contoso.id, name="Indexer", actor=builders.ACTOR)
        code = issue_enrollment_code(person_id=made.person_id, actor=builders.ACTOR)
        enrolled = self.program.post("/api/v1/enrollments", {"code": code}, content_type="application/json").json()
        status, home = self.refresh(enrolled["refresh_token"], origin_of("contoso"))
        assert status == 200, home
        _status, away = self.refresh(home["refresh_token"], origin_of("fabrikam"))
        assert self.documents(home, "contoso") == 200
        assert self.documents(away, "fabrikam") == 401
        disable_application(organization_id=self.contoso.id, client_id=made.client_id, actor=builders.ACTOR)
        assert [self.documents(home, "contoso"), self.documents(away, "fabrikam")] == [401, 401]
        assert self.refresh(away["refresh_token"])[0] == 400

    def test_a_disabled_application_s_new_token_is_not_taken_for_a_person_s(self) -> None:
        made = create_application(organization_id=self.contoso.id, name="Indexer", actor=builders.ACTOR)
        disable_application(organization_id=self.contoso.id, client_id=made.client_id, actor=builders.ACTOR)
        granted = tokens.grant_refresh_token(
            person_id=made.person_id, client_id=clients.CLI, authentication=strength.Authentication(Strength.CODE, 1)
        )
        for slug in ("contoso", "fabrikam"):
            _status, body = self.refresh(granted.refresh_token, origin_of(slug))
            assert self.documents(body, slug) == 401
            granted = tokens.Granted(body["refresh_token"], 0)

    def documents(self, body: dict[str, str], slug: str) -> int:
        """Return what the organization's list of documents answers to the token."""
        bearer = f"Bearer {body['access_token']}"
        return Browser(host_of(slug)).get("/api/v1/documents", HTTP_AUTHORIZATION=bearer).status_code

    def test_a_wrong_secret_is_refused(self) -> None:
        made = create_application(organization_id=self.contoso.id, name="Indexer", actor=builders.ACTOR)
        status, _body = self.post(
            grant_type="client_credentials", client_id=made.client_id, client_secret="x", resource=origin_of("contoso")
        )
        assert status == 401

"""What applications sign in with: several secrets, keys of their own, and what others try with them (promise C116)."""

import base64
import hmac
import json
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module  # noqa: TID251  # a module whose name begins with a number
from typing import Any
from unittest.mock import ANY

import jwt
import pytest
from allauth.idp.oidc.models import Client, Token
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.test import override_settings
from django.utils import timezone

from portal.identity import assertions
from portal.identity.assertions import TYPE, token_endpoint
from portal.identity.public_keys import KeyRefused, keys_at, keys_in
from portal.identity.sign_on.errors import ProviderFailed
from portal.usecases.application_credentials import warn_of_ends
from tenants.directory.models import ApplicationCredential
from tenants.directory.selectors.credentials import credentials_of, ways_to_sign_in
from tenants.directory.selectors.domains import application_of_client
from tenants.directory.services.application_credentials import add_keys, add_secret, end_credential
from tenants.directory.services.create_application import Credentials, create_application
from tests.identity_provider.described import described
from tests.portal.identity.browser import Browser, host_of, origin_of
from tests.portal.identity.test_issuer import IssuerTest
from tests.tenants import builders

Key = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ED = ed25519.Ed25519PrivateKey.generate()
P256 = ec.generate_private_key(ec.SECP256R1())


def pem_of(key: Key) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def encoded(value: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


class CredentialTest(IssuerTest):
    made: Credentials

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.made = create_application(organization_id=cls.contoso.id, name="Indexer", actor=builders.ACTOR)

    def by_secret(self, secret: str) -> tuple[int, dict[str, str]]:
        return self.post(
            grant_type="client_credentials",
            client_id=self.made.client_id,
            client_secret=secret,
            resource=origin_of("contoso"),
        )

    def give(self, key: Key | str, days: int = 180) -> uuid.UUID:
        return add_keys(
            organization_id=self.contoso.id,
            client_id=self.made.client_id,
            name="key",
            keys=keys_in(key if isinstance(key, str) else pem_of(key)),
            days=days,
            actor=builders.ACTOR,
        ).id

    def claims(self, **more: object) -> dict[str, Any]:
        now = int(time.time())
        named = {"iss": self.made.client_id, "sub": self.made.client_id, "aud": token_endpoint()}
        return {**named, "iat": now, "exp": now + 120, "jti": str(uuid.uuid4()), **more}

    def by_assertion(self, assertion: str, **more: str) -> tuple[int, dict[str, str]]:
        return self.post(
            grant_type="client_credentials",
            client_assertion_type=TYPE,
            client_assertion=assertion,
            resource=origin_of("contoso"),
            **more,
        )

    def signed(self, key: Key, algorithm: str, **more: object) -> str:
        return jwt.encode(self.claims(**more), key, algorithm=algorithm)

    def documents(self, body: dict[str, str]) -> int:
        bearer = f"Bearer {body['access_token']}"
        return Browser(host_of("contoso")).get("/api/v1/documents", HTTP_AUTHORIZATION=bearer).status_code


class SecretsTest(CredentialTest):
    def test_c116_two_secrets_sign_in_side_by_side_and_ending_one_ends_its_tokens_at_once(self) -> None:
        second = add_secret(
            organization_id=self.contoso.id, client_id=self.made.client_id, name="new", actor=builders.ACTOR
        )
        answers = [self.by_secret(self.made.secret), self.by_secret(second.secret)]
        assert [status for status, _body in answers] == [200, 200]
        (first,) = [one for one in credentials_of(self.contoso.id, self.made.client_id) if one.id != second.id]
        ended: dict[str, Any] = {
            "organization_id": self.contoso.id,
            "client_id": self.made.client_id,
            "credential_id": first.id,
        }
        assert end_credential(**ended, actor=builders.ACTOR)
        assert not end_credential(**ended, actor=builders.ACTOR)
        assert [self.documents(body) for _status, body in answers] == [401, 200]
        assert [self.by_secret(self.made.secret)[0], self.by_secret(second.secret)[0]] == [401, 200]

    def test_no_token_outlives_its_secret_and_none_is_given_after_it(self) -> None:
        soon = timezone.now() + timedelta(seconds=90)
        ApplicationCredential.objects.of_installation().update(expires_at=soon)
        _status, body = self.by_secret(self.made.secret)
        assert Token.objects.get(client_id=self.made.client_id).expires_at == soon
        assert self.documents(body) == 200
        ApplicationCredential.objects.of_installation().update(expires_at=timezone.now())
        assert self.by_secret(self.made.secret)[0] == 401

    def test_a_secret_of_before_signs_in_until_it_is_ended(self) -> None:
        old = make_password("of before")
        Client.objects.filter(id=self.made.client_id).update(secret=old)
        ApplicationCredential.objects.of_installation().update(secret_hash=old)
        assert self.by_secret("of before")[0] == 200
        (one,) = credentials_of(self.contoso.id, self.made.client_id)
        end_credential(
            organization_id=self.contoso.id,
            client_id=self.made.client_id,
            credential_id=one.id,
            actor=builders.ACTOR,
        )
        assert self.by_secret("of before")[0] == 401
        assert not Client.objects.get(id=self.made.client_id).check_secret("of before")

    def test_the_migration_takes_the_secrets_of_before_over(self) -> None:
        migration = import_module("tenants.directory.migrations.0029_application_credentials")
        apps = MigrationLoader(connection).project_state(("directory", "0029_application_credentials")).apps
        ApplicationCredential.objects.of_installation().delete()
        Client.objects.filter(id=self.made.client_id).update(secret=make_password("of before"))
        migration.take_over(apps, None)
        (one,) = credentials_of(self.contoso.id, self.made.client_id)
        assert timedelta(days=729) < one.expires_at - timezone.now() <= timedelta(days=730)
        assert self.by_secret("of before")[0] == 200

    def test_basic_authentication_signs_in_and_its_client_is_the_one_that_counts(self) -> None:
        other = create_application(organization_id=self.fabrikam.id, name="Other", actor=builders.ACTOR)
        basic = base64.b64encode(f"{self.made.client_id}:{self.made.secret}".encode()).decode()
        program = Browser(HTTP_AUTHORIZATION=f"Basic {basic}")
        answer = program.form(
            "/identity/o/api/token",
            {"grant_type": "client_credentials", "client_id": other.client_id, "resource": origin_of("contoso")},
        )
        assert answer.status_code == 200
        assert Token.objects.get().client_id == self.made.client_id

    def test_the_last_use_is_kept_to_the_minute(self) -> None:
        self.by_secret(self.made.secret)
        first = application_of_client(self.made.client_id)
        self.by_secret(self.made.secret)
        second = application_of_client(self.made.client_id)
        assert first is not None
        assert second is not None
        assert first.used_at is not None
        assert first.used_at == second.used_at

    def test_administrators_are_mailed_14_and_3_days_before_the_last_one_in_use_ends(self) -> None:
        builders.person(self.contoso.id, "ada@contoso.example", name="Ada", role="global_administrator")
        rows = ApplicationCredential.objects.of_installation()
        rows.update(expires_at=timezone.now() + timedelta(days=13))
        assert warn_of_ends() == 0
        self.by_secret(self.made.secret)
        assert [warn_of_ends(), warn_of_ends()] == [1, 0]
        rows.update(expires_at=timezone.now() + timedelta(days=2))
        assert [warn_of_ends(), warn_of_ends()] == [1, 0]
        rows.update(warned_days=None)
        self.give(ED, days=300)
        assert warn_of_ends() == 0


class AssertionsTest(CredentialTest):
    def test_c116_an_application_signs_in_by_its_own_key(self) -> None:
        for key, algorithms in ((ED, ["EdDSA"]), (P256, ["ES256"]), (RSA, ["RS256", "PS256"])):
            self.give(key)
            for algorithm in algorithms:
                status, body = self.by_assertion(self.signed(key, algorithm))
                assert status == 200, body
                assert self.documents(body) == 200

    def test_an_assertion_is_good_once(self) -> None:
        self.give(ED)
        assertion = self.signed(ED, "EdDSA")
        assert self.by_assertion(assertion)[0] == 200
        assert self.by_assertion(assertion) == (401, refusal("was used before"))
        # Another process remembers nothing of its own.
        cache.clear()
        assert self.by_assertion(assertion)[0] == 401
        again = self.signed(ED, "EdDSA", jti=jwt.decode(assertion, options={"verify_signature": False})["jti"])
        assert self.by_assertion(again)[0] == 401

    def test_what_an_assertion_has_to_say(self) -> None:
        self.give(ED)
        now = int(time.time())
        wrong: dict[str, dict[str, object]] = {
            "aud must be": {"aud": "https://id.elsewhere.example/identity/o/api/token"},
            "for others as well": {"aud": [token_endpoint(), "https://elsewhere.example"]},
            "has expired": {"iat": now - 500, "exp": now - 200},
            "within 300 seconds": {"exp": now + 4000},
            "names no jti": {"jti": None},
            "jti must have": {"jti": "x" * 300},
            "is not valid": {"iat": now + 1000, "exp": now + 200},
            "must both be": {"sub": "another"},
        }
        for words, claims in wrong.items():
            made = {name: value for name, value in self.claims(**claims).items() if value is not None}
            assert self.by_assertion(jwt.encode(made, ED, algorithm="EdDSA")) == (401, refusal(words)), words
        assert self.by_assertion(self.signed(ED, "EdDSA", aud=str(settings.CHANCERY_BASE_URL)))[0] == 200

    def test_nothing_else_signs_in(self) -> None:
        other = create_application(organization_id=self.fabrikam.id, name="Other", actor=builders.ACTOR)
        self.give(RSA)
        none = f"{encoded({'alg': 'none'})}.{encoded(self.claims())}."
        body = f"{encoded({'alg': 'HS256', 'typ': 'JWT'})}.{encoded(self.claims())}"
        # The library refuses to sign by a public key, so this is done by hand.
        mac = hmac.digest(pem_of(RSA).encode(), body.encode(), "sha256")
        as_secret = f"{body}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
        stranger = self.signed(ED, "EdDSA")
        for assertion in (none, as_secret, stranger, "x", "a.b.c"):
            assert self.by_assertion(assertion)[0] == 401, assertion
        mine = self.signed(RSA, "RS256")
        assert self.by_assertion(mine, client_id=other.client_id) == (401, refusal("another client"))
        of_other = self.signed(RSA, "RS256", iss=other.client_id, sub=other.client_id)
        assert self.by_assertion(of_other) == (401, refusal("not signed by a key of this application"))
        assert self.by_assertion(mine, client_secret=self.made.secret) == (401, refusal("not by both"))
        assert self.post(grant_type="client_credentials", client_assertion=mine, client_assertion_type="x")[0] == 401
        assert self.by_assertion(mine)[0] == 200

    def test_a_key_that_ended_or_expired_signs_nothing_in_and_its_tokens_are_over(self) -> None:
        credential = self.give(ED)
        _status, body = self.by_assertion(self.signed(ED, "EdDSA"))
        end_credential(
            organization_id=self.contoso.id,
            client_id=self.made.client_id,
            credential_id=credential,
            actor=builders.ACTOR,
        )
        assert self.documents(body) == 401
        assert self.by_assertion(self.signed(ED, "EdDSA"))[0] == 401
        self.give(P256)
        ApplicationCredential.objects.of_installation().update(expires_at=timezone.now())
        assert self.by_assertion(self.signed(P256, "ES256"))[0] == 401

    def test_the_metadata_names_assertions(self) -> None:
        found = self.program.get("/.well-known/openid-configuration").json()
        assert "private_key_jwt" in found["token_endpoint_auth_methods_supported"]
        assert "EdDSA" in found["token_endpoint_auth_signing_alg_values_supported"]
        assert found["token_endpoint"] == token_endpoint()

    def test_a_program_revokes_its_token_by_an_assertion(self) -> None:
        self.give(ED)
        _status, body = self.by_assertion(self.signed(ED, "EdDSA"))
        fields = {"client_assertion_type": TYPE, "token": body["access_token"]}
        for assertion, status, after in (("x", 401, 200), (self.signed(ED, "EdDSA"), 200, 401)):
            answer = self.program.form("/identity/o/api/revoke", {**fields, "client_assertion": assertion})
            assert (answer.status_code, self.documents(body)) == (status, after)


class KeysAtAnAddressTest(CredentialTest):
    """Keys that the service reads where the application says."""

    def give_address(self, url: str) -> ApplicationCredential:
        made = add_keys(
            organization_id=self.contoso.id,
            client_id=self.made.client_id,
            name="its address",
            keys=keys_at(url),
            keys_url=url,
            actor=builders.ACTOR,
        )
        return ApplicationCredential.objects.of_installation().get(id=made.id)

    def test_a_key_that_is_new_at_the_address_signs_in_and_one_that_is_gone_does_not(self) -> None:
        with described() as provider, override_settings(CHANCERY_EMBEDDED=True):
            url = f"{provider.issuer}/keys"
            provider.answers["/keys"] = keys_in(pem_of(ED))
            row = self.give_address(url)
            provider.asked.clear()
            assert self.by_assertion(self.signed(ED, "EdDSA"))[0] == 200
            assert provider.asked == []
            provider.answers["/keys"] = keys_in(pem_of(P256))
            assert self.by_assertion(self.signed(P256, "ES256"))[0] == 200
            assert self.by_assertion(self.signed(ED, "EdDSA"))[0] == 401
            # Nobody makes the service ask more than once in a minute.
            for _each in range(3):
                self.by_assertion(self.signed(RSA, "RS256"))
            assert provider.asked == ["/keys"]
            cache.clear()
            provider.answers.pop("/keys")
            assert self.by_assertion(self.signed(P256, "ES256"))[0] == 200
            ApplicationCredential.objects.of_installation().filter(id=row.id).update(
                read_at=timezone.now() - timedelta(hours=2)
            )
            assert self.by_assertion(self.signed(P256, "ES256")) == (401, refusal("cannot be read"))

    def test_an_address_that_fails_keeps_no_other_key_from_signing_in(self) -> None:
        self.give(ED)
        with described() as provider, override_settings(CHANCERY_EMBEDDED=True):
            provider.answers["/keys"] = keys_in(pem_of(P256))
            row = self.give_address(f"{provider.issuer}/keys")
            provider.answers.pop("/keys")
            self.read_before(row, timedelta(hours=2))
            for _each in range(2):
                assert self.by_assertion(self.signed(ED, "EdDSA"))[0] == 200
                assert self.by_assertion(self.signed(P256, "ES256")) == (401, refusal("cannot be read"))

    def test_while_another_process_reads_the_last_reading_counts_a_little_longer(self) -> None:
        with described() as provider, override_settings(CHANCERY_EMBEDDED=True):
            provider.answers["/keys"] = keys_in(pem_of(P256))
            row = self.give_address(f"{provider.issuer}/keys")
            asked: list[int] = []

            def meanwhile(url: str) -> dict[str, Any]:
                """Sign in from another process while this one reads."""
                asked.append(self.by_assertion(self.signed(P256, "ES256"))[0])
                return keys_at(url)

            for since, status in ((timedelta(minutes=69), 200), (timedelta(minutes=71), 401)):
                cache.clear()
                self.read_before(row, since)
                with pytest.MonkeyPatch.context() as patch:
                    patch.setattr(assertions, "keys_at", meanwhile)
                    assert self.by_assertion(self.signed(P256, "ES256"))[0] == 200
                assert asked.pop() == status, since

    def test_a_reading_that_failed_gives_nobody_more_time(self) -> None:
        with described() as provider, override_settings(CHANCERY_EMBEDDED=True):
            provider.answers["/keys"] = keys_in(pem_of(P256))
            row = self.give_address(f"{provider.issuer}/keys")
            provider.answers.pop("/keys")
            self.read_before(row, timedelta(minutes=65))
            for _each in range(2):
                assert self.by_assertion(self.signed(P256, "ES256")) == (401, refusal("cannot be read"))

    def test_who_waited_for_a_reading_uses_no_key_that_was_taken_away_by_it(self) -> None:
        with described() as provider, override_settings(CHANCERY_EMBEDDED=True):
            provider.answers["/keys"] = keys_in(pem_of(P256))
            row = self.give_address(f"{provider.issuer}/keys")
            self.read_before(row, timedelta(minutes=65))
            before = ways_to_sign_in(self.made.client_id)
            provider.answers["/keys"] = keys_in(pem_of(ED))
            assert self.by_assertion(self.signed(ED, "EdDSA"))[0] == 200
            with pytest.raises(assertions.ClientRefused, match="not signed by a key"):
                assertions.way_of(
                    self.signed(P256, "ES256"),
                    client_id=self.made.client_id,
                    person_id=self.made.person_id,
                    ways=before,
                )

    def read_before(self, row: ApplicationCredential, since: timedelta) -> None:
        rows = ApplicationCredential.objects.of_installation().filter(id=row.id)
        rows.update(read_at=timezone.now() - since)

    @override_settings(CHANCERY_EMBEDDED=False, CHANCERY_SIGN_ON_PRIVATE_NETWORKS=False)
    def test_no_address_inside_is_asked(self) -> None:
        for url in (
            "https://127.0.0.1/keys",
            "https://[::ffff:10.0.0.1]/k",
            "http://example.com/k",
            "file:///etc/passwd",
        ):
            with pytest.raises(ProviderFailed, match=r"private network|is no address|not known"):
                keys_at(url)


def refusal(words: str) -> Any:
    """Return what equals an answer whose description has these words."""

    class Contains(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            return words in str(other)

        __hash__ = str.__hash__

    return {"error": "invalid_client", "error_description": Contains()}


@pytest.mark.parametrize(
    "made",
    [
        lambda: ED.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        lambda: jwt.algorithms.OKPAlgorithm.to_jwk(ED),
        lambda: json.dumps({"kty": "oct", "k": "c2VjcmV0"}),
        lambda: pem_of(rsa.generate_private_key(public_exponent=65537, key_size=1024)),
        lambda: pem_of(ec.generate_private_key(ec.SECP384R1())),
        lambda: json.dumps({"keys": []}),
        lambda: json.dumps({"keys": [1]}),
        lambda: "[]",
        lambda: "hello",
        lambda: "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        lambda: "x" * 50_000,
    ],
)
def test_what_is_no_public_key_is_refused(made: Callable[[], str]) -> None:
    with pytest.raises(KeyRefused):
        keys_in(made())


def test_a_key_set_is_taken_without_what_it_says_beside() -> None:
    one = jwt.algorithms.RSAAlgorithm.to_jwk(RSA.public_key(), as_dict=True)
    assert keys_in(json.dumps({"keys": [{**one, "x5u": "https://x.example"}]})) == {"keys": [ANY]}
    assert "x5u" not in keys_in(json.dumps({**one, "x5u": "https://x.example"}))["keys"][0]

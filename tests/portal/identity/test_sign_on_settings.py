"""Connections of single sign-on: what is read of a provider, and who changes them how."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.idp.oidc.models import Token
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.core import mail
from django.core.management import call_command
from django.db.models.expressions import RawSQL
from django.test import override_settings

from portal.identity.sign_on.discovery import read_provider
from portal.identity.sign_on.errors import ProviderFailed
from portal.identity.sign_on.fetching import is_public
from portal.identity.sign_on.secrets import unseal
from tenants.directory.models import Group
from tenants.sign_on.models import SignOnConnection
from tenants.sign_on.selectors import sealed_secret_of, sign_on_in
from tests.cast import Cast
from tests.identity_provider.described import Described, described
from tests.isolation.endpoints import Site
from tests.protection.steps import call, ledger


@pytest.fixture(scope="module")
def running() -> Iterator[Described]:
    with described() as found:
        yield found


@pytest.fixture
def provider(running: Described) -> Iterator[Described]:
    before = dict(running.answers)
    running.asked.clear()
    yield running
    running.answers.clear()
    running.answers.update(before)


@pytest.fixture
def strong(cast: Cast) -> Iterator[None]:
    """Let Ada have signed in with a second factor, just now."""
    assert cast.ada.session
    said = f'{{"strength": "mfa", "at": {int(time.time())}}}'
    Token.objects.filter(user_id=cast.ada.id).update(
        data=RawSQL("data || jsonb_build_object('authentication', %s::jsonb)", [said])
    )
    yield
    SignOnConnection.objects.within(cast.organizations["contoso"].id).delete()


def made(cast: Cast, provider: Described, **more: Any) -> str:
    body = {
        "name": "IdP",
        "client_id": "chancery",
        "domains": ["contoso.example"],
        "metadata_url": provider.issuer,
        "confirm": "IdP",
        **more,
    }
    answer = call(cast.ada, "contoso", "POST", "sign-on", body)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def changed(cast: Cast, connection: str, status: int = 200, **body: Any) -> Any:
    answer = call(cast.ada, "contoso", "PATCH", f"sign-on/{connection}", {"confirm": "IdP", **body})
    assert answer.status_code == status, answer.content
    return answer.json()


class TestReading:
    def test_what_is_read_holds_only_signatures_that_are_believed_and_public_keys(self, provider: Described) -> None:
        provider.answers["/keys"]["keys"].append({"kty": "oct", "k": "c2VjcmV0", "kid": "b"})
        read = read_provider(url=provider.issuer + "/")
        assert read.members["algorithms"] == ["RS256"]
        assert [one["kty"] for one in read.keys["keys"]] == ["RSA"]

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            ({"issuer": "https://other.example"}, "speaks for another issuer"),
            ({"token_endpoint": None}, "does not say: token_endpoint"),
            ({"authorization_endpoint": "javascript:alert(1)"}, "is no address"),
            ({"jwks_uri": "file:///etc/passwd"}, "is no address"),
            ({"id_token_signing_alg_values_supported": ["none", "HS256"]}, "is not believed"),
        ],
    )
    def test_a_configuration_that_is_wrong_is_refused_with_the_reason(
        self, provider: Described, change: dict[str, Any], why: str
    ) -> None:
        path = "/.well-known/openid-configuration"
        provider.answers[path] = {**provider.answers[path], **change}
        with pytest.raises(ProviderFailed, match=why):
            read_provider(url=provider.issuer)

    def test_a_provider_is_asked_within_bounds_and_sends_nobody_elsewhere(self, provider: Described) -> None:
        path = "/.well-known/openid-configuration"
        for answer, why in ((b"x" * 600_000, "too much"), (b"<html>", "no JSON"), (f"{provider.issuer}/keys", "JSON")):
            provider.answers[path] = answer
            provider.asked.clear()
            with pytest.raises(ProviderFailed, match=why):
                read_provider(url=provider.issuer)
            assert provider.asked == [path]

    def test_an_address_that_leads_to_a_public_one_is_public(self) -> None:
        for address in ("8.8.8.8", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1", "2606:4700::1111"):
            assert is_public(address), address
        for address in ("127.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::1", "fe80::1%eth0"):
            assert not is_public(address), address

    @pytest.mark.parametrize(
        "url",
        [
            "http://idp.example",
            "https://127.0.0.1",
            "https://[::1]",
            "https://[::ffff:10.0.0.1]",
            "https://[64:ff9b::a00:1]",
            "https://[64:ff9b:1::808:808]",
            "https://[2002:a00:1::1]",
            "https://[2001:0:808:808::f5ff:fffe]",
            "https://[::10.0.0.1]",
            "https://10.1.2.3",
            "https://169.254.169.254",
            "https://localhost",
            "https://0.0.0.0",
            "https://224.0.0.1",
            "https://user@idp.example",
            "file:///etc/passwd",
        ],
    )
    def test_in_production_no_provider_is_asked_inside_the_network(self, url: str) -> None:
        with (
            override_settings(CHANCERY_EMBEDDED=False),
            pytest.raises(ProviderFailed, match=r"private network|is no address|not known"),
        ):
            read_provider(url=url)


@pytest.mark.usefixtures("strong")
class TestChanging:
    def test_connecting_says_what_was_read_asks_first_and_mails_administrators(
        self, cast: Cast, provider: Described
    ) -> None:
        asked = call(
            cast.ada,
            "contoso",
            "POST",
            "sign-on",
            {"name": "IdP", "client_id": "c", "domains": ["contoso.example"], "metadata_url": provider.issuer},
        )
        assert asked.status_code == 409
        assert f"{provider.issuer}/auth" in asked.content.decode()
        assert sign_on_in(cast.organizations["contoso"].id) == ()
        mail.outbox.clear()
        connection = made(cast, provider)
        (found,) = sign_on_in(cast.organizations["contoso"].id)
        assert (found.state, found.issuer) == ("off", provider.issuer)
        shown = changed(cast, connection, client_secret="the secret")
        assert "the secret" not in str(shown)
        kept = sealed_secret_of(found.id)
        assert kept is not None
        assert b"the secret" not in kept
        assert unseal(found.id, kept) == "the secret"
        shown = call(cast.ada, "contoso", "GET", f"sign-on/{connection}").json()
        assert shown["has_secret"] is True
        assert "the secret" not in str(shown)
        assert [one.kind for one in ledger(cast, "contoso") if one.kind.startswith("sign_on.")][:2] == [
            "sign_on.changed",
            "sign_on.connected",
        ]

    def test_what_is_impossible_is_refused_with_the_remedy(self, cast: Cast, provider: Described) -> None:
        connection = made(cast, provider)
        assert "has not proven" in str(changed(cast, connection, 400, domains=["fabrikam.example"]))
        assert "break-glass" in str(changed(cast, connection, 400, state="enforced"))
        assert "no administrator" in str(changed(cast, connection, 400, break_glass=["max@contoso.example"]))
        assert "no group" in str(changed(cast, connection, 404, groups=[{"value": "a", "group": "no@contoso.example"}]))
        changed(cast, connection, state="on")
        other = made(cast, provider, name="Two", confirm="Two")
        taken = changed(cast, other, 400, state="on", confirm="Two")
        assert "another sign-on connection" in str(taken)

    def test_a_group_has_one_connection_that_sets_it(self, cast: Cast, provider: Described) -> None:
        contoso = cast.organizations["contoso"].id
        Group.objects.create(organization_id=contoso, address="sso@contoso.example", name="SSO")
        wanted = [{"value": "a", "group": "sso@contoso.example"}]
        changed(cast, made(cast, provider), groups=wanted, groups_claim="groups")
        other = made(cast, provider, name="Two", confirm="Two")
        assert "another connection" in str(changed(cast, other, 400, groups=wanted, confirm="Two"))

    def test_a_domain_that_is_released_is_spoken_for_no_more(self, cast: Cast, provider: Described) -> None:
        contoso = cast.organizations["contoso"].id
        SignOnConnection.objects.within(contoso).filter(id=made(cast, provider)).update(
            domains=["contoso.example", "gone.example"], state="on"
        )
        (found,) = sign_on_in(contoso)
        assert (found.speaks_for, found.lost_domains) == (("contoso.example",), ("gone.example",))

    def test_an_operator_lifts_what_is_enforced(self, cast: Cast, provider: Described, capsys: Any) -> None:
        contoso = cast.organizations["contoso"].id
        SignOnConnection.objects.within(contoso).filter(id=made(cast, provider)).update(state="enforced")
        call_command("sign_on", "lift", "contoso")
        assert "no longer enforced" in capsys.readouterr().out
        assert sign_on_in(contoso)[0].state == "on"

    def test_another_provider_binds_everybody_anew(self, cast: Cast, provider: Described) -> None:
        connection = made(cast, provider)
        (found,) = sign_on_in(cast.organizations["contoso"].id)
        SocialAccount.objects.create(provider=found.provider, uid="s", user_id=cast.max.id)
        changed(cast, connection, metadata_url=provider.issuer)
        assert SocialAccount.objects.filter(provider=found.provider).exists()
        with described() as other:
            changed(cast, connection, metadata_url=other.issuer)
        assert not SocialAccount.objects.filter(provider=found.provider).exists()


def test_without_a_second_factor_of_the_last_ten_minutes_nothing_changes(cast: Cast, provider: Described) -> None:
    body = {
        "name": "IdP",
        "client_id": "c",
        "domains": ["contoso.example"],
        "metadata_url": provider.issuer,
        "confirm": "IdP",
    }
    assert cast.ada.session
    for strength, at, status in (("password", time.time(), 403), ("mfa", time.time() - 700, 403)):
        said = f'{{"strength": "{strength}", "at": {int(at)}}}'
        Token.objects.filter(user_id=cast.ada.id).update(
            data=RawSQL("data || jsonb_build_object('authentication', %s::jsonb)", [said])
        )
        answer = call(cast.ada, "contoso", "POST", "sign-on", body)
        assert answer.status_code == status, answer.content
    assert sign_on_in(cast.organizations["contoso"].id) == ()


def test_the_page_says_before_the_form_is_filled_that_a_second_factor_is_needed(cast: Cast) -> None:
    browser = Site(cast, {}).browser("contoso.localhost:8000", cast.ada)
    shown = browser.get("/people/sign-on/new/").content.decode()
    assert "Sign in with a second factor first." in shown
    assert f"{settings.CHANCERY_BASE_URL}/accounts/2fa/" in shown

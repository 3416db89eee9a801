"""Connections that speak SAML: what is read of a provider, what it reads of us, keys, and certificates that end."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from allauth.idp.oidc.models import Token
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.db.models.expressions import RawSQL
from django.utils import timezone

from portal.identity.sign_on.errors import ProviderFailed
from portal.identity.sign_on.saml.keys import decrypting_keys, signing_key
from portal.identity.sign_on.saml.mapping import usual_mapping
from portal.identity.sign_on.saml.metadata import read_saml_provider
from portal.usecases.sign_on.certificates import warn_of_certificates
from tenants.sign_on.models import SignOnConnection, SignOnKey
from tenants.sign_on.selectors import sign_on_connection, sign_on_in
from tests.cast import Cast
from tests.identity_provider.described import described
from tests.identity_provider.saml import Signer, metadata_of, signer
from tests.isolation.endpoints import Site
from tests.portal.identity.browser import Browser
from tests.protection.steps import call

MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"
DS = "{http://www.w3.org/2000/09/xmldsig#}"


@pytest.fixture(scope="module")
def known() -> Signer:
    return signer(days=400)


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


def made(cast: Cast, known: Signer, status: int = 201, **more: Any) -> Any:
    body = {
        "name": "AD FS",
        "protocol": "saml",
        "domains": ["contoso.example"],
        "metadata": metadata_of(known),
        "confirm": "AD FS",
        **more,
    }
    answer = call(cast.ada, "contoso", "POST", "sign-on", body)
    assert answer.status_code == status, answer.content
    return answer.json()


def changed(cast: Cast, connection: str, status: int = 200, **body: Any) -> Any:
    answer = call(cast.ada, "contoso", "PATCH", f"sign-on/{connection}", {"confirm": "AD FS", **body})
    assert answer.status_code == status, answer.content
    return answer.json()


def certificates_in(connection: str, use: str) -> list[str]:
    """Return what our metadata names for this use."""
    shown = Browser().get(f"/signin/by/{connection}/metadata/")
    assert shown["Content-Type"] == "application/samlmetadata+xml"
    root = ET.fromstring(shown.content)
    return [
        str(one.findtext(f".//{DS}X509Certificate")) for one in root.iter(f"{MD}KeyDescriptor") if one.get("use") == use
    ]


class TestReading:
    def test_several_certificates_are_read_and_weak_ones_are_not(self, known: Signer) -> None:
        other = signer()
        read = read_saml_provider(text=metadata_of(known, other, Signer("", f"-\n{'A' * 40}\n-")))
        assert read.issuer == "https://idp.example/saml"
        assert len(read.keys["certificates"]) == 2
        assert read.members["sso"] == "https://idp.example/sso"
        assert read.members["slo"] == ""

    @pytest.mark.django_db
    @pytest.mark.parametrize(
        ("change", "why"),
        [
            (("HTTP-Redirect", "HTTP-POST"), "takes no requests by redirect"),
            (("https://idp.example/sso", "javascript:alert(1)"), "is no address"),
            (("SAML:2.0:protocol", "SAML:1.1:protocol"), "is no metadata of a SAML"),
            (("IDPSSODescriptor", "SPSSODescriptor"), "is no metadata of a SAML"),
            (("entityID=", 'validUntil="2020-01-01T00:00:00Z" entityID='), "not valid any more"),
            (('use="signing"', 'use="encryption"'), "names no certificate"),
            (('entityID="https://idp.example/saml"', 'entityID=""'), "is no metadata of a SAML"),
            (("<md:EntityDescriptor", '<!DOCTYPE x [<!ENTITY a "b">]><md:EntityDescriptor'), "is no metadata"),
            (("</md:EntityDescriptor>", ""), "is no metadata"),
        ],
    )
    def test_metadata_that_is_wrong_is_refused_with_the_reason(
        self, known: Signer, change: tuple[str, str], why: str
    ) -> None:
        read_saml_provider(text=metadata_of(known))
        with pytest.raises(ProviderFailed, match=why):
            read_saml_provider(text=metadata_of(known).replace(*change))

    def test_metadata_of_two_providers_is_nobody_s(self, known: Signer) -> None:
        one = metadata_of(known)
        both = (
            f'<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">{one}{one}</md:EntitiesDescriptor>'
        )
        with pytest.raises(ProviderFailed, match="describes 2 identity providers"):
            read_saml_provider(text=both)

    def test_metadata_is_fetched_as_it_is_and_within_bounds(self, known: Signer) -> None:
        with described() as site:
            site.answers["/metadata"] = metadata_of(known).encode()
            read = read_saml_provider(url=f"{site.issuer}/metadata")
            assert read.members["read_from"] == f"{site.issuer}/metadata"
            site.answers["/metadata"] = b"x" * 600_000
            with pytest.raises(ProviderFailed, match="too much"):
                read_saml_provider(url=f"{site.issuer}/metadata")
            with pytest.raises(ProviderFailed, match="status 404"):
                read_saml_provider(url=f"{site.issuer}/else")

    def test_what_usual_providers_send_is_known(self) -> None:
        entra = usual_mapping("https://sts.windows.net/7c9e6679-7425-40de-944b-e07fc1f90ae7/")
        assert entra["subject_claim"].endswith("/objectidentifier")
        assert usual_mapping("https://fs.contoso.example/adfs/services/trust")["groups_claim"].endswith("/Group")
        assert usual_mapping("https://id.contoso.example/realms/staff")["address_claim"].startswith("urn:oid:")
        assert usual_mapping("http://www.okta.com/exk1")["groups_claim"] == "groups"
        assert usual_mapping("https://else.example")["subject_claim"] == "NameID"


@pytest.mark.usefixtures("strong")
class TestChanging:
    def test_a_connection_says_what_the_provider_needs_and_what_it_lacks(self, cast: Cast, known: Signer) -> None:
        asked = call(
            cast.ada,
            "contoso",
            "POST",
            "sign-on",
            {"name": "A", "protocol": "saml", "domains": ["contoso.example"], "metadata": metadata_of(known)},
        )
        assert asked.status_code == 409
        assert "https://idp.example/sso" in asked.content.decode()
        shown = made(cast, known)
        base = f"{settings.CHANCERY_BASE_URL}/signin/by/{shown['id']}"
        assert shown["metadata_address"] == f"{base}/metadata/"
        assert shown["redirect_address"] == f"{base}/acs/"
        assert (shown["protocol"], shown["client_id"], shown["state"]) == ("saml", "", "off")
        assert [one["use"] for one in shown["keys"]] == ["current"]
        assert "PRIVATE" not in str(shown)
        document = Browser().get(f"/signin/by/{shown['id']}/metadata/").content.decode()
        assert f'entityID="{base}/metadata/"' in document
        assert 'WantAssertionsSigned="true"' in document
        assert document.count(f'Location="{base}/logout/"') == 2

    def test_what_a_protocol_does_not_have_is_refused(self, cast: Cast, known: Signer) -> None:
        assert "no client id" in str(made(cast, known, 400, client_id="c"))
        shown = made(cast, known)
        assert "no client secret" in str(changed(cast, shown["id"], 400, client_secret="s"))
        assert "no client id" in str(changed(cast, shown["id"], 400, client_id="c"))
        assert "no next key" in str(changed(cast, shown["id"], 400, key="use"))
        with described() as provider:
            body = {"name": "O", "domains": [], "metadata_url": provider.issuer, "confirm": "O"}
            assert call(cast.ada, "contoso", "POST", "sign-on", body).status_code == 400
            made_by = call(cast.ada, "contoso", "POST", "sign-on", {**body, "client_id": "c"}).json()
        for change, why in (({"key": "new"}, "speaks SAML"), ({"subject_claim": "mail"}, "always the claim sub")):
            assert why in str(changed(cast, made_by["id"], 400, confirm="O", **change))

    def test_a_key_is_replaced_with_an_overlap(self, cast: Cast, known: Signer) -> None:
        found = sign_on_connection(cast.organizations["contoso"].id, made(cast, known)["id"])
        connection = str(found.id)
        (first,) = certificates_in(connection, "signing")
        before = signing_key(found.id).private_numbers()
        changed(cast, connection, key="new")
        assert certificates_in(connection, "signing")[0] == first
        assert len(certificates_in(connection, "signing")) == 2
        assert certificates_in(connection, "encryption") == [first]
        assert signing_key(found.id).private_numbers() == before, "the provider has not read it yet"
        changed(cast, connection, key="use")
        assert first not in certificates_in(connection, "signing")
        assert signing_key(found.id).private_numbers() != before
        assert before in [one.private_numbers() for one in decrypting_keys(found.id)], "what is on its way still opens"
        kept = SignOnKey.objects.filter(connection_id=found.id).values_list("sealed_key", flat=True)
        assert all(b"PRIVATE" not in bytes(one) for one in kept)

    def test_another_subject_binds_everybody_anew(self, cast: Cast, known: Signer) -> None:
        connection = made(cast, known)["id"]
        (found,) = sign_on_in(cast.organizations["contoso"].id)
        SocialAccount.objects.create(provider=found.provider, uid="s", user_id=cast.max.id)
        changed(cast, connection, address_claim="mail")
        assert SocialAccount.objects.filter(provider=found.provider).exists()
        changed(cast, connection, subject_claim="uid")
        assert not SocialAccount.objects.filter(provider=found.provider).exists()

    def test_the_end_of_the_last_certificate_is_said_on_the_page_and_by_mail(self, cast: Cast, known: Signer) -> None:
        connection = made(cast, known, metadata=metadata_of(known, signer(days=20)))["id"]
        browser = Site(cast, {}).browser("contoso.localhost:8000", cast.ada)
        page = f"/people/sign-on/{connection}/"
        rows = SignOnConnection.objects.within(cast.organizations["contoso"].id)
        rows.filter(id=connection).update(state="on")
        cache.clear()
        mail.outbox.clear()
        assert warn_of_certificates() == 0, "another one lasts longer"
        assert "The certificate of the provider ends." not in browser.get(page).content.decode()
        rows.filter(id=connection).update(keys=dict(read_saml_provider(text=metadata_of(signer(days=20))).keys))
        assert "The certificate of the provider ends." in browser.get(page).content.decode()
        assert warn_of_certificates() == 1
        assert "The certificate of “AD FS” ends" in [one.subject for one in mail.outbox]
        assert warn_of_certificates() == 0, "not each time"
        (found,) = sign_on_in(cast.organizations["contoso"].id)
        assert found.certificates[0].ends < timezone.now() + timedelta(days=21)

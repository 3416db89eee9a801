"""The SAML provider of the tests as tests speak to it."""

import base64
import html
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, build_opener

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.identity_provider.running import NoRedirects, started

PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"


@dataclass(frozen=True)
class Signer:
    """A key with its certificate, both as PEM."""

    key: str
    certificate: str

    @property
    def bare(self) -> str:
        """Return the certificate as metadata holds it."""
        return "".join(self.certificate.splitlines()[1:-1])


def signer(days: float = 30) -> Signer:
    """Return a new key whose certificate ends in so many days."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "IdP")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=100))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    return Signer(pem, made.public_bytes(Encoding.PEM).decode())


def metadata_of(*signers: Signer, entity: str = "https://idp.example/saml", more: str = "") -> str:
    """Return what a provider says of itself that nobody runs."""
    keys = "".join(
        f'<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{one.bare}</ds:X509Certificate>'
        "</ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        for one in signers
    )
    return (
        f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#"'
        f' entityID="{entity}"><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"'
        f'{more}>{keys}<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"'
        ' Location="https://idp.example/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>'
    )


@dataclass
class SamlProvider:
    """One running provider."""

    issuer: str
    signer: Signer

    @property
    def entity(self) -> str:
        """Return the name of the provider."""
        return f"{self.issuer}/idp"

    @property
    def metadata(self) -> str:
        """Return what it says of itself."""
        return self.ask("/metadata")[2]

    def forget(self) -> None:
        """Answer without errors again."""
        self.set(person={}, changes=[], encrypt="", signs_answer=False, signs_assertion=True, captured=[])

    def set(self, **values: Any) -> dict[str, Any]:
        """Say who signs in, and what the provider does; return what is set."""
        found: dict[str, Any] = json.loads(self.ask("/set", json.dumps(values))[2])
        return found

    def person(self, name_id: str, *, attributes: dict[str, Any], **more: Any) -> None:
        """Let the next one who comes be this person."""
        self.set(person={"name_id": name_id, "attributes": attributes, **more})

    def know(self, metadata: str) -> None:
        """Let the provider read our metadata."""
        self.ask("/know", metadata)

    def answer(self, url: str) -> tuple[str, dict[str, str]]:
        """Go where a browser is sent and sign in; return to where which form is posted."""
        status, _where, body = self.ask(url)
        assert status == 200, body
        action = re.search(r'action="([^"]+)"', body)
        assert action is not None
        fields = re.findall(r'name="(\w+)" value="([^"]*)"', body)
        return action.group(1), {name: html.unescape(value) for name, value in fields}

    def ends(self, binding: str, name_id: str, index: str | None = None) -> dict[str, Any]:
        """Return a request of the provider that signs somebody out."""
        user = {"logoutNameID": name_id, **({"sessionIndex": index} if index else {})}
        status, _where, body = self.ask("/end", json.dumps({"binding": binding, **user}))
        assert status == 200, body
        found: dict[str, Any] = json.loads(body)
        return found

    def signed(self, xml: str, reference: str, after: str, **more: Any) -> str:
        """Return XML with a signature over what ``reference`` finds, behind what ``after`` finds."""
        wanted = {"method": RSA_SHA256, "digest": SHA256, **more}
        status, _where, body = self.ask(
            "/sign", json.dumps({"xml": xml, "reference": reference, "after": after, **wanted})
        )
        assert status == 200, body
        return body

    def ask(self, url: str, body: str | None = None) -> tuple[int, str, str]:
        """Return status, where it leads and the body."""
        full = url if url.startswith("http") else f"{self.issuer}{url}"
        request = Request(full, data=None if body is None else body.encode())
        try:
            answer = build_opener(NoRedirects).open(request, timeout=20)
        except HTTPError as error:
            answer = error
        with answer:
            return answer.status, answer.headers.get("Location", ""), answer.read().decode()


def xml_of(fields: dict[str, str]) -> str:
    """Return the answer in a form as text."""
    return base64.b64decode(fields["SAMLResponse"]).decode()


def as_fields(xml: str) -> dict[str, str]:
    """Return the form of an answer."""
    return {"SAMLResponse": base64.b64encode(xml.encode()).decode()}


@contextmanager
def saml_provider() -> Iterator[SamlProvider]:
    """Run a provider; the test is left out, and says why, where it could not be installed."""
    made = signer()
    with started("samlify", "saml.mjs", made.key, made.certificate) as issuer:
        yield SamlProvider(issuer, made)

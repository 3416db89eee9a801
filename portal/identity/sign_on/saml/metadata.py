"""What a provider says of itself in SAML 2.0 metadata, and what a connection says of itself to the provider."""

import base64
from collections.abc import Mapping
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree

from chancery.texts import message
from portal import clock
from portal.identity.sign_on.discovery import ProviderMetadata
from portal.identity.sign_on.errors import AnswerRefused, ProviderFailed
from portal.identity.sign_on.fetching import checked_url, fetched_bytes
from portal.identity.sign_on.pending import logout_address, metadata_address, redirect_address
from portal.identity.sign_on.saml.xml import (
    PERSISTENT,
    POST,
    PROTOCOL,
    REDIRECT,
    Element,
    bytes_of,
    children,
    document,
    made,
    moment,
    name,
    text_of,
)
from tenants.sign_on.selectors import SignOnFacts

_MOST_CERTIFICATES: Final = 10
_MOST_TEXT: Final = 500


def read_saml_provider(*, url: str = "", text: str = "") -> ProviderMetadata:
    """Read what a provider says of itself, at an address or in a text.  Raises ProviderFailed.

    The administrator's address vouches for it: it is asked over https.  Its own signature would need a key that came
    from elsewhere.
    """
    if text.strip():
        raw = text.encode()
    else:
        status, raw = fetched_bytes(url.strip(), headers={"Accept": "application/samlmetadata+xml, application/xml"})
        if status != 200:
            raise ProviderFailed(
                message("{url} answers with status {status}.", url=url.strip(), status=status),
                remedy=message("Give the address of the provider's metadata."),
            )
    try:
        role = _provider(document(raw, strict=False))
        said = _members(role)
    except AnswerRefused as error:
        raise _unusable(message("This is no metadata of a SAML identity provider.")) from error
    issuer = str(role.getparent().get("entityID", ""))
    if not 0 < len(issuer) <= _MOST_TEXT or not issuer.isprintable():
        raise _unusable(message("This is no metadata of a SAML identity provider."))
    read_from = "" if text.strip() else url.strip()
    return ProviderMetadata(issuer, {**said, "read_from": read_from}, {"certificates": _certificates(role)})


def own_metadata(connection: SignOnFacts) -> bytes:
    """Return the document that the provider reads of a connection."""
    descriptor = made("md", "SPSSODescriptor", AuthnRequestsSigned="true", WantAssertionsSigned="true")
    descriptor.set("protocolSupportEnumeration", PROTOCOL)
    for key in connection.own_keys:
        if key.use != "previous":
            descriptor.append(_key("signing", key.certificate))
    descriptor.extend(_key("encryption", key.certificate) for key in connection.own_keys if key.use == "current")
    leaves = logout_address(connection)
    for binding in (REDIRECT, POST):
        descriptor.append(made("md", "SingleLogoutService", Binding=binding, Location=leaves))
    descriptor.append(made("md", "NameIDFormat", PERSISTENT))
    consumer = {"Binding": POST, "Location": redirect_address(connection), "index": "0", "isDefault": "true"}
    descriptor.append(made("md", "AssertionConsumerService", **consumer))
    root = made("md", "EntityDescriptor", descriptor, entityID=metadata_address(connection))
    etree.cleanup_namespaces(root)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + bytes_of(root)


def _provider(root: Element) -> Element:
    """Return the one description of an identity provider in a document.  Raises ProviderFailed."""
    found = [
        one
        for one in root.iter(name("md", "IDPSSODescriptor"))
        if PROTOCOL in str(one.get("protocolSupportEnumeration", "")).split()
    ]
    if len(found) != 1:
        raise _unusable(
            message("The metadata describes {count} identity providers.", count=len(found))
            if found
            else message("This is no metadata of a SAML identity provider.")
        )
    for one in (found[0], found[0].getparent()):
        ends = moment(one.get("validUntil"))
        if ends is not None and ends < clock.now():
            raise _unusable(message("The metadata is not valid any more."))
    return found[0]


def _members(role: Element) -> dict[str, Any]:
    """Return where the provider is asked; by redirect alone, since that is what a signed request fits into."""
    begins = _by_redirect(role, "SingleSignOnService")
    if begins is None:
        raise _unusable(message("The provider takes no requests by redirect."))
    leaves = _by_redirect(role, "SingleLogoutService")
    return {
        "sso": checked_url(str(begins.get("Location"))),
        "slo": "" if leaves is None else checked_url(str(leaves.get("Location"))),
        "slo_answers": ""
        if leaves is None
        else checked_url(str(leaves.get("ResponseLocation") or leaves.get("Location"))),
    }


def _by_redirect(role: Element, service: str) -> Element | None:
    return next((one for one in children(role, "md", service) if one.get("Binding") == REDIRECT), None)


def _certificates(role: Element) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for described in children(role, "md", "KeyDescriptor"):
        if described.get("use", "signing") != "signing":
            continue
        for one in described.iter(name("ds", "X509Certificate")):
            kept = _certificate("".join(text_of(one).split()))
            if kept is not None and kept not in found:
                found.append(kept)
    if not found:
        raise _unusable(message("The provider names no certificate by which it signs."))
    return found[:_MOST_CERTIFICATES]


def _certificate(text: str) -> Mapping[str, Any] | None:
    """Return a certificate as it is kept; None for one whose key is too weak or of another kind."""
    try:
        der = base64.b64decode(text, validate=True)
        read = x509.load_der_x509_certificate(der)
        key = read.public_key()
    except ValueError:
        return None
    if not (isinstance(key, ec.EllipticCurvePublicKey) or (isinstance(key, rsa.RSAPublicKey) and key.key_size >= 2048)):
        return None
    return {
        "der": base64.b64encode(der).decode(),
        "fingerprint": read.fingerprint(hashes.SHA256()).hex(),
        "ends": int(read.not_valid_after_utc.timestamp()),
    }


def _key(use: str, certificate: str) -> Element:
    held = made("ds", "X509Data", made("ds", "X509Certificate", certificate))
    return made("md", "KeyDescriptor", made("ds", "KeyInfo", held), use=use)


def _unusable(why: str) -> ProviderFailed:
    return ProviderFailed(why, remedy=message("Give the SAML 2.0 metadata of one identity provider."))

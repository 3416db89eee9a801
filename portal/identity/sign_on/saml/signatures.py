"""Signatures of a provider: checked by signxml, by the keys that its metadata names, in nothing but current ways.

What is returned is what was signed, read anew from the very bytes that the signature covers, and never the message
around it: whatever was wrapped, moved or copied into the message is not looked at.
"""

import base64
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import unquote_plus

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from chancery.texts import message
from portal import clock
from portal.identity.sign_on.errors import AnswerRefused
from portal.identity.sign_on.saml.xml import Element, bytes_of, children, document, name

_METHODS: Final = frozenset(
    {
        *(SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA384, SignatureMethod.RSA_SHA512),
        *(SignatureMethod.ECDSA_SHA256, SignatureMethod.ECDSA_SHA384, SignatureMethod.ECDSA_SHA512),
        *(SignatureMethod.SHA256_RSA_MGF1, SignatureMethod.SHA384_RSA_MGF1, SignatureMethod.SHA512_RSA_MGF1),
    }
)
_DIGESTS: Final = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})
_EXPECTED: Final = SignatureConfiguration(location="./", signature_methods=_METHODS, digest_algorithms=_DIGESTS)
_HASHES: Final[Mapping[str, hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


# What a signature holds beside itself is written by whoever sends it, and the library stumbles over some of it.
_NOT_VERIFIED: Final = (
    *(SignXMLException, etree.LxmlError, UnsupportedAlgorithm, ValueError, TypeError, LookupError, AttributeError),
    *(AssertionError, NotImplementedError),
)


class NotSigned(AnswerRefused):
    """No key of the provider has signed this; its keys may have changed."""


def certificates_of(keys: Mapping[str, Any]) -> list[x509.Certificate]:
    """Return the certificates that a provider's metadata named."""
    return [x509.load_der_x509_certificate(base64.b64decode(one["der"])) for one in keys.get("certificates", [])]


def signed(element: Element, certificates: Iterable[x509.Certificate]) -> Element:
    """Return the element as it was signed, by its own signature over itself.  Raises NotSigned and AnswerRefused.

    It is taken out of its message first, so that nothing but itself can be what the signature refers to.
    """
    if len(children(element, "ds", "Signature")) != 1:
        raise AnswerRefused(
            message("The provider has not signed the assertion."),
            remedy=message("Ask your administrator to let it sign assertions, not only the answer around them."),
        )
    raw = bytes_of(element)
    for certificate in certificates:
        try:
            found = XMLVerifier().verify(raw, x509_cert=certificate, expect_config=_EXPECTED)
        except _NOT_VERIFIED:
            continue
        said = found if not isinstance(found, list) else found[0]
        inside = document(said.signed_data)
        if inside.tag != element.tag or inside.get("ID") != element.get("ID") or not inside.get("ID"):
            raise AnswerRefused(message("The provider's signature is about something else."))
        return inside
    raise _not_signed()


def require_plain_signatures(root: Element) -> None:
    """Let pass a message whose signatures stand where they belong: on it, and on what it holds, once each.

    Raises AnswerRefused.
    """
    for one in root.iter(name("ds", "Signature")):
        around = one.getparent()
        is_assertion = around.getparent() is root and around.tag == name("saml", "Assertion")
        if not (around is root or is_assertion) or len(children(around, "ds", "Signature")) != 1:
            raise AnswerRefused(message("The provider's message holds a signature where none belongs."))


def signed_in_query(query: str, what: str, certificates: Iterable[x509.Certificate]) -> str:
    """Return what the provider signed in a query (SAML 2.0 Bindings, 3.4.4.1).  Raises NotSigned and AnswerRefused.

    It is signed as it was sent, so the text of the query counts, and not what it reads as: a name may be written in two
    ways, and then one of them would be checked and the other one read.
    """
    raw = {key: value for key, _sign, value in (part.partition("=") for part in query.split("&"))}
    if not {what, "SigAlg", "Signature"} <= raw.keys():
        raise AnswerRefused(message("The provider's message is not signed."))
    octets = "&".join(f"{key}={raw[key]}" for key in (what, "RelayState", "SigAlg") if key in raw).encode()
    method = unquote_plus(raw["SigAlg"])
    family, _sign, digest = method.removeprefix("http://www.w3.org/2001/04/xmldsig-more#").partition("-")
    if family not in {"rsa", "ecdsa"} or digest not in _HASHES:
        raise AnswerRefused(message("The provider's message is signed in a way that is not believed."))
    try:
        signature = base64.b64decode(unquote_plus(raw["Signature"]), validate=True)
    except ValueError as error:
        raise _not_signed() from error
    if not any(
        _verifies(one.public_key(), signature, octets, _HASHES[digest]) for one in certificates if _is_valid(one)
    ):
        raise _not_signed()
    return unquote_plus(raw[what])


def _verifies(key: object, signature: bytes, octets: bytes, digest: hashes.HashAlgorithm) -> bool:
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, octets, padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, octets, ec.ECDSA(digest))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _is_valid(certificate: x509.Certificate) -> bool:
    now = datetime.fromtimestamp(clock.now(), UTC)
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def _not_signed() -> NotSigned:
    return NotSigned(
        message("The provider's message is not signed by a key of it that is known and valid."),
        remedy=message("Ask your administrator to read the provider anew; it may have a new certificate."),
    )

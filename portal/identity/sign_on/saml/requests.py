"""Messages that we send to a provider, by redirect and signed in the query (SAML 2.0 Bindings, 3.4)."""

import base64
import secrets
import zlib
from typing import Final
from urllib.parse import urlencode

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from chancery.texts import message
from portal import clock
from portal.identity.sign_on.errors import AnswerRefused
from portal.identity.sign_on.pending import Pending, metadata_address, redirect_address
from portal.identity.sign_on.saml.assertions import NAME_ID, Named
from portal.identity.sign_on.saml.keys import signing_key
from portal.identity.sign_on.saml.xml import MOST_BYTES, PERSISTENT, POST, Element, bytes_of, decoded, made, written
from tenants.sign_on.selectors import SignOnFacts

_RSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_SUCCESS: Final = "urn:oasis:names:tc:SAML:2.0:status:Success"


def sign_in_request(connection: SignOnFacts, pending: Pending) -> str:
    """Return the address at the provider to which a browser goes to sign in.

    ``RelayState`` is left out: where the sign-in leads to is kept here, and is nothing that anybody on the way decides.
    """
    request = _message(connection, "AuthnRequest", connection.metadata["sso"], pending.state)
    request.set("AssertionConsumerServiceURL", redirect_address(connection))
    request.set("ProtocolBinding", POST)
    if connection.subject_claim == NAME_ID:
        request.append(made("samlp", "NameIDPolicy", Format=PERSISTENT, AllowCreate="true"))
    if pending.fresh:
        request.set("ForceAuthn", "true")
    if pending.fresh and connection.asks_for:
        asked = made("samlp", "RequestedAuthnContext", Comparison="exact")
        asked.extend(made("saml", "AuthnContextClassRef", one) for one in connection.asks_for.split())
        request.append(asked)
    return _signed(connection, connection.metadata["sso"], "SAMLRequest", request)


def sign_out_request(connection: SignOnFacts, named: Named) -> str:
    """Return the address at which the provider ends its session, "" where it has none."""
    where = connection.metadata.get("slo", "")
    if not where or not named.name_id:
        return ""
    request = _message(connection, "LogoutRequest", where, f"s{secrets.token_urlsafe(32)}")
    attributes = {
        "Format": named.format,
        "NameQualifier": named.qualifier,
        "SPNameQualifier": named.sp_qualifier,
    }
    request.append(made("saml", "NameID", named.name_id, **{key: value for key, value in attributes.items() if value}))
    if named.index:
        request.append(made("samlp", "SessionIndex", named.index))
    return _signed(connection, where, "SAMLRequest", request)


def sign_out_answer(connection: SignOnFacts, request: str, relay_state: str) -> str:
    """Return the address at which the provider learns that its session is over here, "" where it has none."""
    where = connection.metadata.get("slo_answers", "")
    if not where:
        return ""
    answer = _message(connection, "LogoutResponse", where, f"s{secrets.token_urlsafe(32)}")
    answer.set("InResponseTo", request)
    answer.append(made("samlp", "Status", made("samlp", "StatusCode", Value=_SUCCESS)))
    return _signed(connection, where, "SAMLResponse", answer, relay_state)


def inflated(text: str) -> bytes:
    """Return a message that came by redirect.  Raises AnswerRefused for what is none, or too long."""
    reader = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        raw = reader.decompress(decoded(text), MOST_BYTES)
    except zlib.error as error:
        raise AnswerRefused(message("The provider's message is missing, damaged or too long.")) from error
    if not reader.eof:
        raise AnswerRefused(message("The provider's message is missing, damaged or too long."))
    return raw


def _message(connection: SignOnFacts, kind: str, where: str, known_as: str) -> Element:
    issuer = made("saml", "Issuer", metadata_address(connection))
    now = written(clock.now())
    return made("samlp", kind, issuer, ID=known_as, Version="2.0", IssueInstant=now, Destination=where)


def _signed(connection: SignOnFacts, where: str, what: str, element: Element, relay_state: str = "") -> str:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = base64.b64encode(packer.compress(bytes_of(element)) + packer.flush()).decode()
    query = urlencode({what: packed, **({"RelayState": relay_state} if relay_state else {}), "SigAlg": _RSA_SHA256})
    signature = signing_key(connection.id).sign(query.encode(), padding.PKCS1v15(), hashes.SHA256())
    signed = f"{query}&{urlencode({'Signature': base64.b64encode(signature).decode()})}"
    return f"{where}{'&' if '?' in where else '?'}{signed}"

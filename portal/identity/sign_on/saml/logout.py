"""A provider says that a session of its own is over (SAML 2.0 Profiles, 4.4): by redirect or by a posted form."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.core.cache import cache

from chancery.texts import message
from portal import clock
from portal.identity.sign_on.errors import AnswerRefused
from portal.identity.sign_on.pending import MOST_AGE, SKEW, logout_address
from portal.identity.sign_on.saml.answers import with_new_keys
from portal.identity.sign_on.saml.requests import inflated
from portal.identity.sign_on.saml.signatures import require_plain_signatures, signed, signed_in_query
from portal.identity.sign_on.saml.xml import Element, children, decoded, document, moment, name, only, text_of
from tenants.sign_on.selectors import SignOnFacts


@dataclass(frozen=True, slots=True)
class SignedOut:
    """Whose sessions end: all of a name, or those that are listed; ``request`` is what is answered."""

    request: str
    name_id: str
    indexes: tuple[str, ...]


def signed_out(connection: SignOnFacts, *, query: str, fields: Mapping[str, str], posted: bool) -> SignedOut:
    """Return what a request ends, if the provider signed it for us, now; it is good once.  Raises AnswerRefused."""
    if posted:
        root = document(decoded(fields.get("SAMLRequest", "")))
        require_plain_signatures(root)
        believed = with_new_keys(connection, lambda certificates: signed(root, certificates))
    else:
        sent = with_new_keys(connection, lambda certificates: signed_in_query(query, "SAMLRequest", certificates))
        believed = document(inflated(sent))
    return _read(connection, believed)


def _read(connection: SignOnFacts, root: Element) -> SignedOut:
    wrong = AnswerRefused(message("This is no request that signs somebody out."))
    if root.tag != name("samlp", "LogoutRequest") or root.get("Version") != "2.0" or not root.get("ID"):
        raise wrong
    if text_of(only(root, "saml", "Issuer")) != connection.issuer:
        raise AnswerRefused(message("Another provider has answered."))
    if root.get("Destination") != logout_address(connection):
        raise AnswerRefused(message("The provider's answer is meant for another address."))
    now, at, ends = clock.now(), moment(root.get("IssueInstant")) or 0, moment(root.get("NotOnOrAfter"))
    if now - at > MOST_AGE or at - now > SKEW or (ends is not None and ends + SKEW <= now):
        raise AnswerRefused(message("The provider's answer is too old, or from the future."))
    named = text_of(only(root, "saml", "NameID"))[:256]
    indexes = [text_of(one) for one in children(root, "samlp", "SessionIndex")]
    if not named or not all(indexes):
        raise wrong
    if not cache.add(f"sign-on-logout:{connection.id}:{root.get('ID')}"[:240], 1, timeout=MOST_AGE + 2 * SKEW):
        raise AnswerRefused(message("This request was used before."))
    return SignedOut(str(root.get("ID")), named, tuple(indexes))

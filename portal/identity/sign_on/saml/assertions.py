"""What a provider's answer must hold to be believed (SAML 2.0 Profiles, 4.1.4), and the claims that are read from it.

Nothing is read but the one assertion that the provider signed.  What stands around it is compared where it is there,
and never believed.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.cache import cache

from chancery.texts import message
from portal import clock
from portal.identity.sign_on.errors import AnswerRefused
from portal.identity.sign_on.pending import AGAIN, MOST_AGE, SKEW, metadata_address, redirect_address
from portal.identity.sign_on.saml.encryption import decrypted
from portal.identity.sign_on.saml.signatures import require_plain_signatures, signed
from portal.identity.sign_on.saml.xml import PERSISTENT, Element, children, moment, name, only, text_of
from tenants.sign_on.selectors import SignOnFacts

NAME_ID: Final = "NameID"
"""What a mapping names to mean the provider's own name of the person, and not an attribute."""
METHODS: Final = "http://schemas.microsoft.com/claims/authnmethodsreferences"
"""The attribute in which Entra ID and AD FS tell which factors were used."""
_BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_SUCCESS: Final = "urn:oasis:names:tc:SAML:2.0:status:Success"
_KNOWN_CONDITIONS: Final = {"AudienceRestriction", "OneTimeUse", "ProxyRestriction"}
_MOST_LIFE: Final = 24 * 3600
"""Seconds for which the ids of assertions are remembered at most; what is valid for longer is refused."""


@dataclass(frozen=True, slots=True)
class Named:
    """What a provider calls somebody in one session, by which it and we end it."""

    name_id: str
    format: str = ""
    qualifier: str = ""
    sp_qualifier: str = ""
    index: str = ""

    def as_json(self) -> dict[str, str]:
        """Return what is kept, sealed."""
        return asdict(self)


def read_answer(
    connection: SignOnFacts,
    root: Element,
    *,
    request: str,
    certificates: list[x509.Certificate],
    keys: list[rsa.RSAPrivateKey],
) -> tuple[dict[str, Any], Named]:
    """Return the claims of the person who signed in, and what the provider calls them.  Raises AnswerRefused."""
    _require_answer(connection, root, request)
    require_plain_signatures(root)
    whole_is_signed = bool(children(root, "ds", "Signature"))
    if whole_is_signed:
        root = signed(root, certificates)
    plain, hidden = (list(root.iter(name("saml", one))) for one in ("Assertion", "EncryptedAssertion"))
    if len(plain) + len(hidden) != 1 or (plain + hidden)[0].getparent() is not root:
        raise AnswerRefused(message("The provider's answer must hold exactly one assertion."))
    assertion = plain[0] if plain else decrypted(hidden[0], keys, whole_is_signed=whole_is_signed)
    if assertion.tag != name("saml", "Assertion"):
        raise AnswerRefused(message("The provider's answer must hold exactly one assertion."))
    believed = signed(assertion, certificates)
    said = _subject(connection, believed, request)
    until = _require_conditions(connection, believed)
    claims = _claims(connection, believed, said)
    if not cache.add(f"sign-on-assertion:{connection.id}:{believed.get('ID')}", 1, timeout=until + 2 * SKEW):
        raise AnswerRefused(message("This assertion was used before."), remedy=AGAIN)
    return claims, Named(**{**said.as_json(), "index": claims.get("sid", "")})


def _require_answer(connection: SignOnFacts, root: Element, request: str) -> None:
    """Let pass an answer that says that it succeeded, is for us and now.  Raises AnswerRefused."""
    _require(root.get("Version") == "2.0", message("The provider's answer is not one of SAML 2.0."))
    _require(root.get("InResponseTo") == request, message("The provider answers another question."))
    _require(
        root.get("Destination", redirect_address(connection)) == redirect_address(connection),
        message("The provider's answer is meant for another address."),
    )
    for issuer in children(root, "saml", "Issuer"):
        _require(text_of(issuer) == connection.issuer, message("Another provider has answered."))
    at = moment(root.get("IssueInstant")) or 0
    _require(abs(clock.now() - at) <= MOST_AGE, message("The provider's answer is too old, or from the future."))
    code = only(only(root, "samlp", "Status"), "samlp", "StatusCode")
    if code.get("Value") != _SUCCESS:
        inner = children(code, "samlp", "StatusCode")
        said = str((inner[0] if inner else code).get("Value", "?")).rpartition(":")[2][:100]
        raise AnswerRefused(
            message("{name} did not sign you in: {error}.", name=connection.name, error=said), remedy=AGAIN
        )


def _subject(connection: SignOnFacts, assertion: Element, request: str) -> Named:
    """Return whom an assertion is about, if it may be brought to us, now, as the answer to this question."""
    issuer = text_of(only(assertion, "saml", "Issuer"))
    _require(issuer == connection.issuer, message("Another provider has answered."))
    subject = only(assertion, "saml", "Subject")
    if children(subject, "saml", "EncryptedID"):
        raise AnswerRefused(
            message("The provider encrypts the name of the person by itself."),
            remedy=message("Ask your administrator to let it encrypt the assertion instead."),
        )
    proofs = [one for one in children(subject, "saml", "SubjectConfirmation") if one.get("Method") == _BEARER]
    if not any(_is_for_us(connection, one, request) for one in proofs):
        raise AnswerRefused(message("The provider's assertion is not for this sign-in, or not for now."), remedy=AGAIN)
    named = children(subject, "saml", "NameID")
    _require(len(named) <= 1, message("The provider's message needs exactly one {name}.", name=NAME_ID))
    if not named:
        return Named("")
    _require(len(named[0]) == 0, message("The provider's message needs exactly one {name}.", name=NAME_ID))
    one = named[0]
    return Named(
        text_of(one)[:256], one.get("Format", ""), one.get("NameQualifier", ""), one.get("SPNameQualifier", "")
    )


def _is_for_us(connection: SignOnFacts, proof: Element, request: str) -> bool:
    data = children(proof, "saml", "SubjectConfirmationData")
    if len(data) != 1:
        return False
    ends, begins = moment(data[0].get("NotOnOrAfter")), moment(data[0].get("NotBefore"))
    return (
        data[0].get("Recipient") == redirect_address(connection)
        and data[0].get("InResponseTo") == request
        and ends is not None
        and clock.now() < ends + SKEW
        and (begins is None or begins - SKEW <= clock.now())
    )


def _require_conditions(connection: SignOnFacts, assertion: Element) -> int:
    """Let pass an assertion for us alone, now; return for how many seconds it stays one.  Raises AnswerRefused."""
    conditions = only(assertion, "saml", "Conditions")
    now = clock.now()
    begins, ends = moment(conditions.get("NotBefore")), moment(conditions.get("NotOnOrAfter"))
    _require(
        (begins is None or begins - SKEW <= now) and ends is not None and now < ends + SKEW,
        message("The provider's assertion is not valid now."),
    )
    until = max(0, (ends or now) - now)
    _require(until <= _MOST_LIFE, message("The provider's assertion is valid for too long."))
    unknown = [one for one in conditions if one.tag not in {name("saml", known) for known in _KNOWN_CONDITIONS}]
    _require(not unknown, message("The provider's assertion has a condition that is not known here."))
    audiences = [
        {text_of(one) for one in children(limit, "saml", "Audience")}
        for limit in children(conditions, "saml", "AudienceRestriction")
    ]
    ours = metadata_address(connection)
    _require(
        bool(audiences) and all(ours in one for one in audiences),
        message("The provider's assertion is meant for somebody else."),
    )
    return until


def _claims(connection: SignOnFacts, assertion: Element, said: Named) -> dict[str, Any]:
    """Return attributes by their names, and beside them what the protocol itself says, in the words of OpenID."""
    found: dict[str, list[str]] = {}
    for statement in children(assertion, "saml", "AttributeStatement"):
        for attribute in children(statement, "saml", "Attribute"):
            values = [text_of(one) for one in children(attribute, "saml", "AttributeValue")]
            found.setdefault(str(attribute.get("Name", "")), []).extend(one for one in values if one)
    claims: dict[str, Any] = {key: values[0] if len(values) == 1 else values for key, values in found.items() if values}
    methods = found.get(METHODS, [])
    for reserved in ("sub", "acr", "amr", "sid", "auth_time", NAME_ID):
        claims.pop(reserved, None)
    return {
        **claims,
        **({NAME_ID: said.name_id, "NameID format": said.format} if said.name_id else {}),
        **({"amr": methods} if methods else {}),
        **_sign_in(assertion),
        **_sub(connection, claims, said),
    }


def _sign_in(assertion: Element) -> dict[str, Any]:
    """Return when, how and in which session the person signed in at the provider.  Raises AnswerRefused."""
    statements = children(assertion, "saml", "AuthnStatement")
    _require(bool(statements), message("The provider does not say that somebody has signed in."))
    statement = statements[0]
    ends = moment(statement.get("SessionNotOnOrAfter"))
    _require(ends is None or clock.now() < ends + SKEW, message("The provider's session is over."))
    context = [
        text_of(one)
        for around in children(statement, "saml", "AuthnContext")
        for one in children(around, "saml", "AuthnContextClassRef")
    ]
    return {
        "auth_time": moment(statement.get("AuthnInstant")) or 0,
        **({"acr": context[0]} if context else {}),
        **({"sid": statement.get("SessionIndex")} if statement.get("SessionIndex") else {}),
    }


def _sub(connection: SignOnFacts, claims: Mapping[str, Any], said: Named) -> dict[str, str]:
    """Return the subject: the attribute that the connection names, or a NameID that stays with one person for good."""
    if connection.subject_claim != NAME_ID:
        found = claims.get(connection.subject_claim)
        return {"sub": found} if isinstance(found, str) else {}
    return {"sub": said.name_id} if said.name_id and said.format == PERSISTENT else {}


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AnswerRefused(otherwise, remedy=AGAIN)

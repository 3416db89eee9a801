"""Which attributes providers send by themselves, so that a new connection needs no typing for the usual ones."""

import re
from typing import Any, Final

from portal.identity.sign_on.saml.assertions import NAME_ID

_CLAIMS: Final = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"
_MICROSOFT: Final = "http://schemas.microsoft.com"
_PLAIN: Final = {"subject_claim": NAME_ID, "address_claim": "email", "name_claim": "name", "groups_claim": ""}
_ENTRA: Final = {
    "subject_claim": f"{_MICROSOFT}/identity/claims/objectidentifier",
    "address_claim": f"{_CLAIMS}/emailaddress",
    "name_claim": f"{_MICROSOFT}/identity/claims/displayname",
    "groups_claim": f"{_MICROSOFT}/ws/2008/06/identity/claims/groups",
}
_ADFS: Final = {
    "subject_claim": NAME_ID,
    "address_claim": f"{_CLAIMS}/emailaddress",
    "name_claim": f"{_CLAIMS}/name",
    "groups_claim": "http://schemas.xmlsoap.org/claims/Group",
}
_KEYCLOAK: Final = {**_PLAIN, "address_claim": "urn:oid:1.2.840.113549.1.9.1", "groups_claim": "member"}
_USUAL: Final = (
    (r"https://sts\.windows\.net/|https://login\.microsoftonline\.(com|us)/", _ENTRA),
    (r"https?://[^/]+/adfs/services/trust$", _ADFS),
    (r"https?://[^/]+(/auth)?/realms/[^/]+$", _KEYCLOAK),
    (r"https?://www\.okta\.com/", {**_PLAIN, "groups_claim": "groups"}),
)
SECOND_FACTORS: Final = (
    "https://refeds.org/profile/mfa",
    "http://schemas.microsoft.com/claims/multipleauthn",
    "urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorContract",
)
"""Values that say of a sign-in that it had a second factor, in AuthnContext and in what Entra ID and AD FS add."""


def usual_mapping(issuer: str) -> dict[str, Any]:
    """Return the attributes that a provider of this name sends as it is delivered, by members of a connection."""
    found = next((mapping for pattern, mapping in _USUAL if re.match(pattern, issuer)), _PLAIN)
    return {**found, "second_factors": list(SECOND_FACTORS)}

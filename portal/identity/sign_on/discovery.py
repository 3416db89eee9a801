"""What a provider says of itself (OpenID Connect Discovery 1.0), read from its address or from a pasted text."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt

from chancery.texts import message
from portal.identity.sign_on.errors import ProviderFailed
from portal.identity.sign_on.fetching import checked_url, fetched

WELL_KNOWN: Final = "/.well-known/openid-configuration"
ALGORITHMS: Final = (*("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"),)
"""Signatures that are believed where the provider says that it makes them: none without a key, none by a secret."""
_ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_OPTIONAL: Final = ("userinfo_endpoint", "end_session_endpoint")
_MOST_KEYS: Final = 50


@dataclass(frozen=True, slots=True)
class ProviderMetadata:
    """What was read: the members that sign-in uses, and the public keys."""

    issuer: str
    members: Mapping[str, Any]
    keys: Mapping[str, Any]
    scopes: frozenset[str] = frozenset()
    """What may be asked for, of what it says so itself."""


def read_provider(*, url: str = "", text: str = "") -> ProviderMetadata:
    """Read what a provider says of itself, at its address or in a text.  Raises ProviderFailed.

    An address may be the issuer or that of the document.  Whoever answers for an issuer must be found under that
    issuer's own address, else one provider could speak in the name of another.
    """
    if text.strip():
        found = _parsed(text)
    else:
        plain = url.strip().rstrip("/")
        address = plain if plain.endswith(WELL_KNOWN) else plain + WELL_KNOWN
        status, found = fetched(address)
        if status != 200:
            raise ProviderFailed(
                message("{url} answers with status {status}.", url=address, status=status),
                remedy=message("Give the issuer, or the address of its configuration."),
            )
        if found.get("issuer") not in {address.removesuffix(WELL_KNOWN), address.removesuffix(WELL_KNOWN) + "/"}:
            raise ProviderFailed(
                message("{url} speaks for another issuer: {issuer}.", url=address, issuer=str(found.get("issuer"))),
                remedy=message("Give the address of the issuer itself."),
            )
    members = _members(found)
    scopes = frozenset(_strings(found.get("scopes_supported")))
    return ProviderMetadata(str(found["issuer"]), members, read_keys(members["jwks_uri"]), scopes)


def read_keys(url: str) -> dict[str, Any]:
    """Read the public keys of a provider that can sign; secret ones are left out.  Raises ProviderFailed."""
    status, found = fetched(url)
    rows = found.get("keys") if status == 200 else None
    kept = [
        {name: value for name, value in one.items() if name not in {"d", "p", "q", "dp", "dq", "qi", "oth", "x5c"}}
        for one in (rows if isinstance(rows, list) else [])[:_MOST_KEYS]
        if isinstance(one, dict) and one.get("kty") in {"RSA", "EC", "OKP"} and one.get("use", "sig") == "sig"
    ]
    usable = [one for one in kept if _is_key(one)]
    if not usable:
        raise ProviderFailed(
            message("{url} names no key that signs.", url=url), remedy=message("Check the provider's configuration.")
        )
    return {"keys": usable}


def _is_key(one: Mapping[str, Any]) -> bool:
    try:
        jwt.PyJWK(dict(one))
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return False
    return True


def _parsed(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ProviderFailed(
            message("The text is not the provider's configuration."),
            remedy=message("Paste the JSON that its address {address} answers.", address=WELL_KNOWN),
        )
    return found


def _members(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members that are used, checked.  Raises ProviderFailed."""
    missing = [name for name in ("issuer", *_ENDPOINTS) if not isinstance(found.get(name), str)]
    if missing:
        raise ProviderFailed(
            message("The provider does not say: {names}.", names=", ".join(missing)),
            remedy=message("Check that it speaks OpenID Connect."),
        )
    named = [name for name in _OPTIONAL if isinstance(found.get(name), str)]
    members: dict[str, Any] = {name: checked_url(str(found[name])) for name in ("issuer", *_ENDPOINTS, *named)}
    offered = _strings(found.get("id_token_signing_alg_values_supported"))
    algorithms = [one for one in ALGORITHMS if one in (offered or ["RS256"])]
    if not algorithms:
        raise ProviderFailed(
            message("The provider signs by {offered} alone, which is not believed.", offered=", ".join(offered)),
            remedy=message("Let it sign by one of: {known}.", known=", ".join(ALGORITHMS)),
        )
    methods = _strings(found.get("token_endpoint_auth_methods_supported"))
    return members | {
        "algorithms": algorithms,
        "posts_secret": bool(methods) and "client_secret_basic" not in methods,
        "names_itself": found.get("authorization_response_iss_parameter_supported") is True,
        "tells_sign_out": found.get("backchannel_logout_supported") is True,
    }


def _strings(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []

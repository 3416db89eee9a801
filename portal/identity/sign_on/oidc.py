"""One sign-in by OpenID Connect: the question, the exchange of the code, and what a token must hold to be believed."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from django.core.cache import cache

from chancery.texts import message
from portal import clock
from portal.identity.sign_on.discovery import read_keys
from portal.identity.sign_on.errors import AnswerRefused, ProviderFailed
from portal.identity.sign_on.fetching import fetched
from portal.identity.sign_on.pending import AGAIN, MOST_AGE, SKEW, Pending, address, not_begun, redirect_address
from portal.identity.sign_on.secrets import unseal
from portal.identity.sign_on.verifying import verified
from portal.throttle import retry_after
from tenants.sign_on.selectors import SignOnFacts, sealed_secret_of
from tenants.sign_on.services.connections import keep_keys

_LOGOUT: Final = "http://schemas.openid.net/event/backchannel-logout"


def question(connection: SignOnFacts, pending: Pending, *, hint: str = "") -> str:
    """Return the address at the provider to which the browser goes."""
    challenge = hashlib.sha256(pending.verifier.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": connection.client_id,
        "redirect_uri": redirect_address(connection),
        "scope": "openid profile email",
        "state": pending.state,
        "nonce": pending.nonce,
        "code_challenge": base64.urlsafe_b64encode(challenge).decode().rstrip("="),
        "code_challenge_method": "S256",
        **({"login_hint": hint} if hint else {}),
        **({"max_age": "0", "prompt": "login"} if pending.fresh else {}),
        **({"acr_values": connection.asks_for} if pending.fresh and connection.asks_for else {}),
    }
    base = connection.metadata["authorization_endpoint"]
    return f"{base}{'&' if '?' in base else '?'}{urlencode(query)}"


def answered(connection: SignOnFacts, pending: Pending, query: Mapping[str, str]) -> tuple[dict[str, Any], str]:
    """Return the claims of the person who signed in at the provider, and its token.

    Raises AnswerRefused and ProviderFailed.
    """
    state = query.get("state", "").encode()
    if not hmac.compare_digest(state, pending.state.encode()) or str(connection.id) != pending.connection:
        raise not_begun()
    named = query.get("iss")
    if named != connection.issuer and (named is not None or connection.metadata.get("names_itself")):
        raise AnswerRefused(message("Another provider has answered."), remedy=AGAIN)
    if "error" in query or not query.get("code"):
        raise AnswerRefused(
            message("{name} did not sign you in: {error}.", name=connection.name, error=query.get("error", "?")[:100]),
            remedy=AGAIN,
        )
    token, access = _exchanged(connection, pending, query["code"])
    claims = _verified(connection, token)
    if claims.get("nonce") != pending.nonce:
        raise AnswerRefused(message("The provider answers another question."), remedy=AGAIN)
    if clock.now() - int(claims["iat"]) > MOST_AGE:
        raise AnswerRefused(message("The provider's token is too old."), remedy=AGAIN)
    return _completed(connection, claims, access), token


def signed_out(connection: SignOnFacts, token: str) -> tuple[str | None, str | None]:
    """Return which subject and session a logout token ends (OpenID Connect Back-Channel Logout 1.0, 2.6).

    Raises AnswerRefused; a token is good once.
    """
    claims = _verified(connection, token, required=("iat", "jti"))
    subject, sid, events = claims.get("sub"), claims.get("sid"), claims.get("events")
    named = [one for one in (subject, sid) if one is not None]
    meant = isinstance(events, dict) and isinstance(events.get(_LOGOUT), dict)
    if not meant or "nonce" in claims or not named or not all(isinstance(one, str) and one for one in named):
        raise AnswerRefused(message("This is no token that signs somebody out."))
    age = clock.now() - int(claims["iat"])
    if age > MOST_AGE or age < -SKEW:
        raise AnswerRefused(message("The provider's token is too old."))
    seen = hashlib.sha256(f"{connection.id}\0{claims['jti']}".encode()).hexdigest()
    if not cache.add(f"sign-on-logout:{seen}", 1, timeout=MOST_AGE + 2 * SKEW):
        raise AnswerRefused(message("This token was used before."))
    return subject, sid


def sign_out_page(connection: SignOnFacts, hint: str, session: str, /) -> str:
    """Return the address at which the provider signs out, "" where it has none."""
    base = connection.metadata.get("end_session_endpoint", "")
    query = {
        "id_token_hint": hint,
        "client_id": connection.client_id,
        "post_logout_redirect_uri": address(connection, "signed-out"),
        "state": session,
    }
    return f"{base}{'&' if '?' in base else '?'}{urlencode(query)}" if base else ""


def name_in(hint: str) -> str:
    """Return "": a provider names sessions and subjects, and no third thing."""
    return ""


def _exchanged(connection: SignOnFacts, pending: Pending, code: str) -> tuple[str, str]:
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_address(connection),
        "code_verifier": pending.verifier,
    }
    kept = sealed_secret_of(connection.id)
    secret = None if kept is None else unseal(connection.id, kept)
    headers = {}
    if secret is None or connection.metadata.get("posts_secret"):
        fields |= {"client_id": connection.client_id, **({} if secret is None else {"client_secret": secret})}
    else:
        pair = f"{quote(connection.client_id, safe='')}:{quote(secret, safe='')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    status, found = fetched(connection.metadata["token_endpoint"], fields=fields, headers=headers)
    token = found.get("id_token")
    if status != 200 or not isinstance(token, str):
        raise ProviderFailed(
            message("{name} refuses the sign-in: {error}.", name=connection.name, error=str(found.get("error"))[:100]),
            remedy=message("Begin again. If it stays so, your administrator checks the client id and its secret."),
        )
    access = found.get("access_token")
    return token, access if isinstance(access, str) else ""


def _verified(connection: SignOnFacts, token: str, required: tuple[str, ...] = ("exp", "iat", "sub")) -> dict[str, Any]:
    """Return a token's claims.  Raises AnswerRefused."""
    return verified(
        token,
        issuer=connection.issuer,
        audience=connection.client_id,
        algorithms=connection.metadata["algorithms"],
        keys=connection.keys,
        reread=lambda: _reread(connection),
        required=required,
    )


def _reread(connection: SignOnFacts) -> Mapping[str, Any]:
    """Read the provider's keys anew, once a minute."""
    if retry_after(f"sign-on keys {connection.id}", rate=1 / 60, burst=2):
        return {}
    keys = read_keys(connection.metadata["jwks_uri"])
    keep_keys(connection_id=connection.id, keys=keys)
    return keys


def _completed(connection: SignOnFacts, claims: dict[str, Any], access: str) -> dict[str, Any]:
    """Add what the provider tells only at its endpoint for that; what the signed token says counts first."""
    wanted = {connection.address_claim, connection.name_claim, connection.groups_claim} - {""}
    url = connection.metadata.get("userinfo_endpoint")
    if not access or not url or wanted <= claims.keys():
        return claims
    status, found = fetched(url, headers={"Authorization": f"Bearer {access}"})
    if status != 200:
        return claims
    if found.get("sub") != claims["sub"]:
        raise AnswerRefused(message("The provider answers about two different people."), remedy=AGAIN)
    return {**found, **claims}

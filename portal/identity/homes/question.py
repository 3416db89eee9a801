"""Signing in at home: the question to the home, and what its answer must hold to be believed (docs/protocol.md P32)."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final
from urllib.parse import urlencode

from chancery.names import NameRefused, address, one_line
from chancery.policy.policy import Strength
from chancery.texts import message
from portal import clock
from portal.identity.homes.names import SCOPE, callback, client_id
from portal.identity.sign_on.discovery import read_keys
from portal.identity.sign_on.errors import AnswerRefused, ProviderFailed
from portal.identity.sign_on.fetching import fetched
from portal.identity.sign_on.pending import AGAIN, MOST_AGE, SKEW, not_begun
from portal.identity.sign_on.verifying import verified
from portal.identity.strength import Authentication
from portal.throttle import retry_after
from tenants.homes.selectors import MOST_GROUPS, HomeFacts
from tenants.homes.services.accounts import MOST_ADDRESSES, Said
from tenants.homes.services.homes import keep_home_keys

_MOST_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """A sign-in at home under way in one browser."""

    home: str
    state: str
    nonce: str
    verifier: str
    goes_to: str
    began: int
    fresh: bool

    def as_json(self) -> dict[str, Any]:
        """Return what the browser's session keeps."""
        return asdict(self)


def asked(home: HomeFacts, *, goes_to: str, fresh: bool) -> Asked:
    """Return a new sign-in with values that nobody can guess."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    return Asked(str(home.id), state, nonce, verifier, goes_to, clock.now(), fresh)


def question(home: HomeFacts, asking: Asked, *, hint: str = "") -> str:
    """Return the address at the home to which the browser goes."""
    challenge = hashlib.sha256(asking.verifier.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": client_id(),
        "redirect_uri": callback(),
        "scope": f"openid {SCOPE}",
        "state": asking.state,
        "nonce": asking.nonce,
        "code_challenge": base64.urlsafe_b64encode(challenge).decode().rstrip("="),
        "code_challenge_method": "S256",
        **({"login_hint": hint} if hint else {}),
        **({"max_age": "0", "prompt": "login"} if asking.fresh else {}),
    }
    return f"{home.metadata['authorization_endpoint']}?{urlencode(query)}"


def answered(home: HomeFacts, asking: Asked, query: Mapping[str, str]) -> tuple[Said, Authentication]:
    """Return what the home says of the person, and how they signed in there.  Raises AnswerRefused, ProviderFailed."""
    if not hmac.compare_digest(query.get("state", "").encode(), asking.state.encode()):
        raise not_begun()
    if query.get("iss") != home.issuer:
        raise AnswerRefused(message("Another installation has answered."), remedy=AGAIN)
    if "error" in query or not query.get("code"):
        raise AnswerRefused(
            message("{name} did not sign you in: {error}.", name=home.domain, error=query.get("error", "?")[:100]),
            remedy=AGAIN,
        )
    claims = verified(
        _exchanged(home, asking, query["code"]),
        issuer=home.issuer,
        audience=client_id(),
        algorithms=home.metadata["algorithms"],
        keys=home.keys,
        reread=lambda: _reread(home),
    )
    if claims.get("nonce") != asking.nonce:
        raise AnswerRefused(message("The home answers another question."), remedy=AGAIN)
    if clock.now() - int(claims["iat"]) > MOST_AGE:
        raise AnswerRefused(message("The home's token is too old."), remedy=AGAIN)
    return said_of(home, claims), _authentication(home, asking, claims)


def said_of(home: HomeFacts, claims: Mapping[str, Any]) -> Said:
    """Return what counts of a home's word: what is of its own mail domain."""
    main = _of_domain(home, [claims.get("email")])
    addresses = _of_domain(home, claims.get("addresses"))[:MOST_ADDRESSES]
    first = main[0] if main else addresses[0] if addresses else ""
    name = claims.get("name")
    return Said(
        subject=str(claims["sub"]),
        address=first,
        addresses=tuple(dict.fromkeys((*main, *addresses))),
        groups=tuple(_of_domain(home, claims.get("groups"))[:MOST_GROUPS]),
        name=one_line(name)[:_MOST_NAME] if isinstance(name, str) else "",
    )


def _authentication(home: HomeFacts, asking: Asked, claims: Mapping[str, Any]) -> Authentication:
    """Return how strong and how old the sign-in at home is.  Raises AnswerRefused for one that should be new."""
    at = claims.get("auth_time")
    at = min(at, clock.now()) if isinstance(at, int) and not isinstance(at, bool) and at > 0 else 0
    if asking.fresh and at < asking.began - SKEW:
        raise AnswerRefused(message("{name} did not ask you to sign in anew.", name=home.domain), remedy=AGAIN)
    stated = claims.get("acr")
    strength = Strength(stated) if stated in list(Strength) else Strength.CODE
    return Authentication(strength, at, home=home.domain)


def _exchanged(home: HomeFacts, asking: Asked, code: str) -> str:
    fields = {
        "grant_type": "authorization_code",
        "client_id": client_id(),
        "redirect_uri": callback(),
        "code": code,
        "code_verifier": asking.verifier,
    }
    status, found = fetched(home.metadata["token_endpoint"], fields=fields)
    token = found.get("id_token")
    if status != 200 or not isinstance(token, str):
        raise ProviderFailed(
            message("{name} refuses the sign-in: {error}.", name=home.domain, error=str(found.get("error"))[:100]),
            remedy=AGAIN,
        )
    return token


def _reread(home: HomeFacts) -> Mapping[str, Any]:
    """Read the home's keys anew, once a minute."""
    if retry_after(f"home keys {home.id}", rate=1 / 60, burst=2):
        return {}
    keys = read_keys(home.metadata["jwks_uri"])
    keep_home_keys(home, keys)
    return keys


def _of_domain(home: HomeFacts, named: object) -> list[str]:
    """Return the addresses among these that are of the home's domain, each once, in their normal form."""
    found: dict[str, None] = {}
    for one in named if isinstance(named, list) else []:
        try:
            normal = address(one) if isinstance(one, str) else ""
        except NameRefused:
            continue
        if normal.rpartition("@")[2] == home.domain:
            found[normal] = None
    return list(found)

"""Signing in: by the browser on any device (device flow, RFC 8628), or with a one-time enrollment code."""

import platform
import socket
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from chancery.crypto.keys import EncryptionPrivateKey
from chancery.crypto.signatures import SigningKey, VerifyKey
from chancery.crypto.suites import ED25519, MLKEM768_X25519, kem_named, signature_named
from chancery.errors import ChanceryError
from chancery.objects.jws import b64, unb64
from chancery.sdk.account import Account, Service, Tokens, account_name, of_record, save
from chancery.sdk.client_key import ClientKey
from chancery.sdk.errors import Misused, NotSignedIn, ServiceError, Unreachable
from chancery.sdk.home import Home
from chancery.sdk.http import Http, json_body
from chancery.sdk.organization import Organization
from chancery.sdk.routes import base_of
from chancery.texts import Text, message

DEVICE_GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"
SCOPE: Final = "api"
"""Tokens for the service; with ``openid`` each answer would bring a signed statement that nobody here reads."""

ShowCode = Callable[[str, str], None]
"""Shows the person the address to open and the code to compare."""


@dataclass(frozen=True, slots=True)
class Installation:
    """What an installation says of itself; its key is pinned from the first sign-in on."""

    iss: str
    key: VerifyKey
    client_id: str
    token_endpoint: str
    device_endpoint: str
    enrollment: str


def discover(http: Http, host: str) -> Installation:
    """Ask an installation about itself.

    ``host`` is its base address; without a scheme https is meant, and http on this machine itself.
    """
    base = base_of(host)
    about = http.send("GET", f"{base}/api/v1/discovery")
    http.check_clock()
    configuration = http.send("GET", about["oidc"])
    return Installation(
        iss=about["iss"],
        key=VerifyKey.named(about["installation_key"]["alg"], unb64(about["installation_key"]["public"])),
        client_id=about["client_id"],
        token_endpoint=configuration["token_endpoint"],
        device_endpoint=configuration["device_authorization_endpoint"],
        enrollment=about["enrollment"],
    )


def host_of_address(http: Http, address: str) -> str:
    """Return the installation that the mail domain of an address names at its well-known place.

    The caller shows it to the person and goes on only when they confirm (docs/protocol.md P30).
    """
    domain = address.rpartition("@")[2]
    if not domain:
        raise Misused(message("{address!r} is not an e-mail address.", address=address))
    about = http.send("GET", f"https://{domain}/.well-known/chancery")
    return str(about["iss"])


def sign_in_by_browser(http: Http, installation: Installation, show: ShowCode) -> dict[str, Any]:
    """Run the device flow: show the code, wait until the person has confirmed it in a browser; return the tokens.

    No origin is named while the flow runs: the issuer would bind the refresh token to it for good, and the device
    could speak to no organization.
    """
    form = {"client_id": installation.client_id, "scope": SCOPE}
    started = _form(http, installation.device_endpoint, form)
    show(started.get("verification_uri_complete") or started["verification_uri"], started["user_code"])
    interval = int(started.get("interval", 5))
    until = time.monotonic() + int(started["expires_in"])
    while time.monotonic() < until:
        time.sleep(interval)
        try:
            granted = _form(
                http,
                installation.token_endpoint,
                {
                    "grant_type": DEVICE_GRANT,
                    "device_code": started["device_code"],
                    "client_id": installation.client_id,
                },
            )
        except ServiceError as error:
            if error.problem == "slow_down":
                interval += 5
            elif error.problem != "authorization_pending":
                raise NotSignedIn(message("The sign-in was refused in the browser.")) from error
        else:
            return _for_installation(http, installation, granted["refresh_token"])
    raise NotSignedIn(message("The code was not confirmed in time."), remedy=message("Run chancery login again."))


def sign_in_by_code(http: Http, installation: Installation, code: str) -> dict[str, Any]:
    """Exchange a one-time enrollment code for tokens.  Raises NotSignedIn for one that is wrong, used or too old."""
    try:
        granted = http.send("POST", installation.enrollment, body=json_body({"code": code.strip()}), headers=_JSON)
    except ServiceError as error:
        raise NotSignedIn(
            error.message, remedy=message("A code works once and not for long: make a new one on your own page.")
        ) from error
    return _for_installation(http, installation, granted["refresh_token"])


def sign_in_as_application(http: Http, installation: Installation, key: ClientKey) -> dict[str, Any]:
    """Exchange an application's client id, which the installation names, and its secret or key for tokens.

    Raises NotSignedIn for a wrong one, and Misused for what is no private key.
    """
    form = {
        "grant_type": "client_credentials",
        "client_id": installation.client_id,
        "resource": installation.iss,
        **key.form(installation.client_id, installation.token_endpoint),
    }
    try:
        granted = _form(http, installation.token_endpoint, form)
    except (NotSignedIn, ServiceError) as error:
        raise NotSignedIn(
            message("The service does not know this application, or not by this secret or key."),
            remedy=message("An administrator gives applications secrets and keys, under Applications."),
        ) from error
    return {**granted, "refresh_token": "", **key.as_record()}


def _for_installation(http: Http, installation: Installation, refresh_token: str) -> dict[str, Any]:
    """Exchange a refresh token for the next one and an access token for the installation itself."""
    return _form(
        http,
        installation.token_endpoint,
        {
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
            "client_id": installation.client_id,
            "resource": installation.iss,
        },
    )


def enroll(home: Home, http: Http, installation: Installation, tokens: dict[str, Any]) -> Account:
    """Make this device's keys, enroll it at the installation and store the sign-in.

    Keys and tokens are stored before they are used, so that a run that is killed, or finds the disk full, is finished
    by the next one: by then the sign-in of before may be half replaced.
    """
    signing, encryption = SigningKey.generate(ED25519), EncryptionPrivateKey.generate(MLKEM768_X25519)
    begun = {
        "iss": installation.iss,
        "installation_key": {"alg": installation.key.algorithm.name, "public": b64(installation.key.raw)},
        "client_id": installation.client_id,
        "token_endpoint": installation.token_endpoint,
        "signing": {"alg": ED25519.name, "private": b64(signing.private_bytes())},
        "encryption": {"kem": MLKEM768_X25519.name, "private": b64(encryption.private_bytes())},
        "access": tokens["access_token"],
        "refresh": tokens["refresh_token"],
        **ClientKey.of_record(tokens).as_record(),
    }
    name = f"enrolling/{uuid.uuid4()}"
    with home.only_here(name.replace("/", "-")):
        home.write(name, begun)
        try:
            account = _enrolled(home, http, begun)
        except OSError:
            raise
        except BaseException:
            home.remove(name)
            raise
        home.remove(name)
    _retire_replaced(home, http)
    return account


def _enrolled(home: Home, http: Http, begun: dict[str, Any]) -> Account:
    bearer, iss = {"Authorization": f"Bearer {begun['access']}"}, begun["iss"]
    me = http.send("GET", f"{iss}/api/v1/me", headers=bearer)
    signing = SigningKey(signature_named(begun["signing"]["alg"]), unb64(begun["signing"]["private"]))
    encryption = EncryptionPrivateKey(kem_named(begun["encryption"]["kem"]), unb64(begun["encryption"]["private"]))
    wanted = {
        "name": socket.gethostname()[:100] or "computer",
        "platform": platform.system().lower() or "unknown",
        "signing": {"alg": begun["signing"]["alg"], "public": b64(signing.verify_key.raw)},
        "encryption": {"kem": begun["encryption"]["kem"], "public": b64(encryption.public.raw)},
    }
    device = http.send("POST", f"{iss}/api/v1/devices", body=json_body(wanted), headers=bearer | _JSON)
    account = of_record(
        begun
        | {
            "person": me["id"],
            "address": me["email"],
            "device": device["id"],
            "certificate": device["account_certificate"],
        }
    )
    account.certificate(int(time.time()))
    tokens = Tokens(home, http, iss)
    _set_aside(home, tokens, account)
    tokens.start(refresh_token=begun["refresh"], key=ClientKey.of_record(begun))
    save(home, account)
    return account


def _set_aside(home: Home, tokens: Tokens, account: Account) -> None:
    """Keep the sign-in that is about to be replaced until its device is revoked: nobody else could do that."""
    former = home.read(account_name(account.iss))
    if former is None or former["device"] == str(account.device):
        return
    mark = of_record(former).scope
    if home.read(f"replaced/{mark}") is None:
        tokens.set_aside(mark)
        home.write(f"replaced/{mark}", former)


def recover(home: Home, http: Http, *, online: bool) -> list[Text]:
    """Finish sign-ins that were killed before they were stored, or give them up; return what was done."""
    said: list[Text] = []
    for name in home.names("enrolling") if online else ():
        with home.only_here(name.replace("/", "-")) as alone:
            begun = home.read(name) if alone else None
            if begun is None:
                continue
            try:
                account = _enrolled(home, http, begun)
            except (Unreachable, OSError):
                # It can be finished at another time.
                continue
            except ChanceryError:
                said.append(message("A sign-in was interrupted and could not be finished. Run: chancery login"))
            else:
                said.append(
                    message("A sign-in was interrupted; you are signed in as {address} now.", address=account.address)
                )
            home.remove(name)
    if online:
        _retire_replaced(home, http)
    return said


def _retire_replaced(home: Home, http: Http) -> None:
    """Send what replaced sign-ins had waiting, revoke their devices and remove what was kept for them."""
    for name in home.names("replaced"):
        record = home.read(name)
        if record is not None:
            former = of_record(record)
            tokens = Tokens(home, http, former.iss, replaced=former.scope)
            try:
                retire(home, http, former, tokens)
            except (Unreachable, OSError):
                continue
        home.remove(name)


def retire(home: Home, http: Http, former: Account, tokens: Tokens) -> str:
    """End a device: send what waits, revoke it, end its tokens and remove everything kept for it.

    Returns why the service did not revoke it, "" when it did.  Raises Unreachable, and then everything is as it was.
    """
    service, why = Service(former, http, tokens), ""
    try:
        for group in home.groups():
            if group.startswith("waiting-"):
                _send_waiting(Organization(home, service, uuid.UUID(group.removeprefix("waiting-"))))
        service.call("DELETE", former.iss, f"/api/v1/devices/{former.device}")
    except Unreachable:
        raise
    except ChanceryError as error:
        why = error.message
    refresh = tokens.forget()
    if refresh:
        _revoke(http, former, refresh)
    for group in ("licenses", "organizations", "me", "clock"):
        for name in home.names(group):
            if name.startswith(f"{group}/{former.scope}"):
                home.remove(name)
    return why


def _send_waiting(place: Organization) -> None:
    """Send what waits for one organization; one that takes nothing now keeps no device from being revoked."""
    try:
        place.send_waiting()
    except Unreachable:
        raise
    except ChanceryError:
        # It stays here, and the person's next sign-in sends it.
        return


def _revoke(http: Http, former: Account, refresh: str) -> None:
    endpoint = former.token_endpoint.rsplit("/", 1)[0] + "/revoke"
    # When the device is revoked already, its tokens have ended with it.
    with suppress(ChanceryError):
        _form(http, endpoint, {"token": refresh, "client_id": former.client_id})


_JSON: Final = {"Content-Type": "application/json"}


def _form(http: Http, url: str, form: dict[str, str]) -> dict[str, Any]:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return dict(http.send("POST", url, body=urlencode(form).encode(), headers=headers) or {})

"""A sign-in at one installation: who the person is, this device's keys, and tokens for one origin each.

See docs/protocol.md P13.
"""

import hashlib
import os
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from chancery.crypto.keys import EncryptionPrivateKey
from chancery.crypto.signatures import SigningKey, VerifyKey
from chancery.crypto.store import SoftwareKeyStore
from chancery.crypto.suites import kem_named, signature_named
from chancery.errors import ChanceryError, Expired
from chancery.objects.account import AccountCertificate
from chancery.objects.jws import b64, unb64
from chancery.objects.proof import Request, sign_proof
from chancery.sdk.client_key import NO_KEY, ClientKey
from chancery.sdk.errors import NotSignedIn, ServiceError, Unreachable
from chancery.sdk.home import Home
from chancery.sdk.http import Answer, Http, json_body
from chancery.sdk.routes import base_of
from chancery.texts import message

RENEW_BEFORE: Final = 7 * 86_400
"""Seconds before the end of a certificate at which the client asks for the next one."""
_TOKEN_MARGIN: Final = 30
_ROOM: Final = 64 * 1024
_LOST: Final = "device_lost"
"""Bytes that the record of all tokens may need."""


@dataclass(frozen=True, slots=True)
class Account:
    """One person signed in at one installation on this device."""

    iss: str
    person: uuid.UUID
    address: str
    device: uuid.UUID
    signing: SigningKey
    encryption: EncryptionPrivateKey
    installation_key: VerifyKey
    certificate_token: str
    client_id: str
    token_endpoint: str

    @property
    def installation(self) -> str:
        """The mark of what is kept about the installation, no matter who is signed in there."""
        return hashlib.sha256(self.iss.encode()).hexdigest()[:16]

    @property
    def scope(self) -> str:
        """The mark of everything that is kept for this device: nothing of another device or installation carries it."""
        return hashlib.sha256(f"{self.iss}\n{self.device}".encode()).hexdigest()[:16]

    def certificate(self, now: int) -> AccountCertificate:
        """Return this device's account certificate, verified under the key pinned at sign-in."""
        return AccountCertificate.verify(self.certificate_token, pinned=self.installation_key, dev=self.device, now=now)

    def key_store(self) -> SoftwareKeyStore:
        """Return the store that opens what is sealed to this device."""
        return SoftwareKeyStore([self.encryption])


def account_name(iss: str) -> str:
    """Return the name of the record of the sign-in at an installation."""
    return f"accounts/{hashlib.sha256(iss.encode()).hexdigest()[:24]}"


def host_name(base: str) -> str:
    """Return the name of the record that tells which installation an organization's own host belongs to."""
    return f"hosts/{hashlib.sha256(base.encode()).hexdigest()[:24]}"


def save(home: Home, account: Account) -> None:
    """Store a sign-in; the newest is the one used when none is named."""
    home.write(account_name(account.iss), as_record(account))
    home.write("default", {"iss": account.iss})


def as_record(account: Account) -> dict[str, Any]:
    """Return what is stored of a sign-in."""
    return {
        "iss": account.iss,
        "person": str(account.person),
        "address": account.address,
        "device": str(account.device),
        "signing": {"alg": account.signing.verify_key.algorithm.name, "private": b64(account.signing.private_bytes())},
        "encryption": {"kem": account.encryption.kem.name, "private": b64(account.encryption.private_bytes())},
        "installation_key": {
            "alg": account.installation_key.algorithm.name,
            "public": b64(account.installation_key.raw),
        },
        "certificate": account.certificate_token,
        "client_id": account.client_id,
        "token_endpoint": account.token_endpoint,
    }


def load(home: Home, iss: str | None = None) -> Account:
    """Return the sign-in at an installation, or the default one.  Raises NotSignedIn."""
    if iss is None:
        iss = os.environ.get("CHANCERY_HOST") or str((home.read("default") or {}).get("iss", ""))
    base = base_of(iss) if iss else ""
    record = home.read(account_name(str((home.read(host_name(base)) or {}).get("iss", base))))
    if record is None:
        raise NotSignedIn(
            message("You are not signed in on this device.")
            if not iss
            else message("You are not signed in at {iss}.", iss=iss)
        )
    return of_record(record)


def of_record(record: Mapping[str, Any]) -> Account:
    """Return the sign-in that is stored."""
    return Account(
        iss=record["iss"],
        person=uuid.UUID(record["person"]),
        address=record["address"],
        device=uuid.UUID(record["device"]),
        signing=SigningKey(signature_named(record["signing"]["alg"]), unb64(record["signing"]["private"])),
        encryption=EncryptionPrivateKey(kem_named(record["encryption"]["kem"]), unb64(record["encryption"]["private"])),
        installation_key=VerifyKey.named(
            record["installation_key"]["alg"], unb64(record["installation_key"]["public"])
        ),
        certificate_token=record["certificate"],
        client_id=record["client_id"],
        token_endpoint=record["token_endpoint"],
    )


class Tokens:
    """Access tokens by origin; each names exactly one origin and lives ten minutes.

    Refresh tokens rotate, so taking one, using it and storing its successor happens under a lock between processes.
    """

    def __init__(self, home: Home, http: Http, iss: str, *, replaced: str = "") -> None:
        """Keep tokens of one installation, or of a sign-in there with this mark that another one has replaced."""
        self._home = home
        self._http = http
        self._name = f"replaced-tokens/{replaced}" if replaced else account_name(iss).replace("accounts/", "tokens/")

    def set_aside(self, mark: str) -> None:
        """Keep the tokens under the mark of their sign-in, which is about to be replaced."""
        self._home.write(f"replaced-tokens/{mark}", self._home.read(self._name) or {"refresh": "", "access": {}})

    def start(self, *, refresh_token: str, key: ClientKey = NO_KEY) -> None:
        """Store the refresh token of a fresh sign-in, or an application's secret or key; forget all older tokens."""
        self._home.write(self._name, {"refresh": refresh_token, **key.as_record(), "access": {}})

    def forget(self) -> str:
        """Remove all tokens and return the refresh token, for revoking it."""
        record = self._home.read(self._name) or {}
        self._home.remove(self._name)
        return str(record.get("refresh", ""))

    def have_ended(self) -> bool:
        """Tell whether the service has refused to go on with this sign-in."""
        return "ended" in (self._home.read(self._name) or {})

    def for_origin(self, account: Account, origin: str, *, fresh: bool = False) -> str:
        """Return an access token for one origin.  Raises NotSignedIn when the sign-in has ended."""
        if not fresh:
            kept = self._kept(origin)
            if kept:
                return kept
        with self._home.locked(self._name.replace("/", "-")):
            kept = "" if fresh else self._kept(origin)
            return kept or self._refreshed(account, origin)

    def _kept(self, origin: str) -> str:
        record = (self._home.read(self._name) or {}).get("access", {}).get(origin)
        if record is None or record["until"] < time.time() + _TOKEN_MARGIN:
            return ""
        return str(record["token"])

    def _refreshed(self, account: Account, origin: str) -> str:
        record = self._home.read(self._name)
        if record is None:
            raise NotSignedIn(message("You are signed out on this device."))
        named = {"client_id": account.client_id, "resource": origin}
        key = ClientKey.of_record(record)
        form = (
            {**named, "grant_type": "client_credentials", **key.form(account.client_id, account.token_endpoint)}
            if key
            else {**named, "grant_type": "refresh_token", "refresh_token": record["refresh"]}
        )
        with self._home.reserved(self._name, _ROOM):
            try:
                answer = self._exchanged(account, form)
            except NotSignedIn:
                self._home.write(self._name, {**record, "ended": True})
                raise
            access = {name: kept for name, kept in record["access"].items() if kept["until"] > time.time()}
            access[origin] = {"token": answer["access_token"], "until": time.time() + int(answer["expires_in"])}
            refresh = answer.get("refresh_token", record["refresh"])
            self._home.write(self._name, {"refresh": refresh, **key.as_record(), "access": access})
        return str(answer["access_token"])

    def _exchanged(self, account: Account, form: dict[str, str]) -> dict[str, Any]:
        """Exchange the refresh token, with the device's proof: by it the service knows a device that lost an answer.

        An application signs in anew each time, so no answer can be lost.
        """
        body, url = urlencode(form).encode(), account.token_endpoint
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if "refresh_token" in form:
            request = Request(method="POST", url=url, token=form["refresh_token"], body=body)
            headers["Chancery-Proof"] = sign_proof(
                request, signer=account.signing, jti=uuid.uuid4(), iat=int(time.time())
            )
        try:
            answer = self._http.send("POST", url, body=body, headers=headers)
        except Unreachable:
            raise
        except Exception as error:
            if isinstance(error, ServiceError) and error.members.get("error_description") == _LOST:
                raise NotSignedIn(
                    message("This device was reported lost, so its sign-in has ended and it opens nothing any more."),
                    remedy=message(
                        "If you have it back, run: chancery login. If you did not report it, tell your administrators."
                    ),
                ) from error
            raise NotSignedIn(message("Your sign-in on this device has ended.")) from error
        return dict(answer)


class Service:
    """Signed requests of one account; a request goes to an origin of the installation's statements and nowhere else."""

    def __init__(self, account: Account, http: Http, tokens: Tokens) -> None:
        """Speak for this account."""
        self.account = account
        self.feeds_asked: dict[uuid.UUID, float] = {}
        """When each organization's feed was last asked for, by the monotonic clock of this process."""
        self._http = http
        self._tokens = tokens

    def renew_certificate(self, home: Home) -> Account:
        """Ask for the next account certificate when this one ends within a week; stay with it when that fails."""
        now = int(time.time())
        try:
            ends = self.account.certificate(now).exp
        except Expired:
            ends = now
        if ends - RENEW_BEFORE <= now:
            with suppress(Unreachable):
                path = f"/api/v1/devices/{self.account.device}/certificate"
                answer = self.call("POST", self.account.iss, path, {})
                self.account = replace(self.account, certificate_token=answer["account_certificate"])
                save(home, self.account)
        return self.account

    def sign_in_has_ended(self) -> bool:
        """Tell whether the service has refused to go on with this sign-in."""
        return self._tokens.have_ended()

    def check_clock(self) -> None:
        """Raise ClockWrong when this device's clock differs too much from the one of the last answer."""
        self._http.check_clock()

    def call(
        self,
        method: str,
        origin: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Send one request and return the members of its answer (``ask``)."""
        return self.ask(method, origin, path, body, headers=headers).members

    def ask(
        self,
        method: str,
        origin: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request with a token for the origin, and with the device's proof unless it only reads.

        A token that was withdrawn meanwhile is replaced once.
        """
        data = b"" if body is None else json_body(body)
        more = dict(headers or {})
        try:
            token = self._tokens.for_origin(self.account, origin)
            return self._send(method, origin, path, data, token, more)
        except NotSignedIn:
            token = self._tokens.for_origin(self.account, origin, fresh=True)
            return self._send(method, origin, path, data, token, more)

    def _send(self, method: str, origin: str, path: str, data: bytes, token: str, more: dict[str, str]) -> Answer:
        headers, proof = {**more, "Authorization": f"Bearer {token}"}, method != "GET"
        if data:
            headers["Content-Type"] = "application/json"
        if proof:
            request = Request(method=method, url=(origin + path).partition("?")[0], token=token, body=data)
            headers["Chancery-Proof"] = sign_proof(
                request, signer=self.account.signing, jti=uuid.uuid4(), iat=int(time.time())
            )
        try:
            return self._http.ask(method, origin + path, body=data or None, headers=headers)
        except ChanceryError:
            # A service that finds the clock of a proof wrong says so in its own words; how far it is off is known here.
            if proof:
                self._http.check_clock()
            raise

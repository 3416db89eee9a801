"""A person without an account, as the page's script acts for them: a browser, a tab, and mail that is read."""

import json
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from django.http import HttpResponse
from django.test import Client

from chancery.crypto.keys import EncryptionPrivateKey
from chancery.crypto.signatures import SigningKey
from chancery.crypto.suites import ED25519, MLKEM768_X25519
from chancery.objects import jws
from chancery.objects.proof import Request, sign_proof
from chancery.objects.publishing import PublishingLicense
from chancery.sealing.read import open_sealed
from portal.models import Notification
from portal.notifications.backend import unsealed
from tenants.context import in_public
from tests.cast import BASE, Cast
from tests.contract import check_exchange
from tests.protection.steps import objects, protect


def license_of(sealed: Path) -> PublishingLicense:
    with open_sealed(sealed) as file:
        return file.publishing_license


def mails(address: str) -> list[Any]:
    """Return what was mailed to an address, newest first."""
    with in_public():
        rows = Notification.objects.order_by("-created_at")
        found = [unsealed(bytes(row.sealed)) for row in rows if row.sealed]
    return [one for one in found if one.to == [address]]


def code_in(mail: Any) -> str:
    found = re.search(r"^([A-Z0-9]{4}-[A-Z0-9]{4})$", mail.body, re.MULTILINE)
    assert found is not None, mail.body
    return found.group(1)


@dataclass
class Outsider:
    """One browser with one tab."""

    address: str
    ip: str = "192.0.2.7"
    browser: Client = field(default_factory=Client)
    entered: dict[str, Any] = field(default_factory=dict)
    signing: SigningKey = field(default_factory=lambda: SigningKey.generate(ED25519))
    device: str = ""
    certificate: str = ""

    def page(self, path: str, body: object, host: str = BASE) -> HttpResponse:
        """Send a request to one of the pages' addresses."""
        answer: HttpResponse = self.browser.post(  # type: ignore[assignment]
            path,
            json.dumps(body),
            content_type="application/json",
            headers={"Host": urlsplit(host).netloc},
            REMOTE_ADDR=self.ip,
        )
        return answer

    def ask(self, sealed: Path, address: str | None = None) -> HttpResponse:
        license_ = license_of(sealed)
        return self.page(
            "/open/code/",
            {
                "organization": str(license_.org),
                "document": str(license_.cid),
                "digest": jws.b64(license_.digest),
                "address": self.address if address is None else address,
            },
        )

    def enter(self, code: str) -> HttpResponse:
        answer = self.page("/open/code/enter/", {"code": code})
        if answer.status_code == 200:
            self.entered = json.loads(answer.content)
        return answer

    def token(self, origin: str, secret: str | None = None) -> HttpResponse:
        asked = {"origin": origin, "secret": self.entered.get("secret", "") if secret is None else secret}
        return self.page("/open/code/token/", asked)

    def call(self, method: str, origin: str, path: str, body: object = None) -> HttpResponse:
        """Send one API request, proven by the tab's device where it has one."""
        token = json.loads(self.token(origin).content)["access_token"]
        data = b"" if body is None else json.dumps(body).encode()
        headers = {"Host": urlsplit(origin).netloc, "Authorization": f"Bearer {token}"}
        if self.device:
            stated = Request(method=method, url=origin + path.partition("?")[0], token=token, body=data)
            headers["Chancery-Proof"] = sign_proof(stated, signer=self.signing, jti=uuid4(), iat=int(time.time()))
        answer: HttpResponse = Client().generic(  # type: ignore[assignment]
            method, path, data=data, content_type="application/json", headers=headers, REMOTE_ADDR=self.ip
        )
        check_exchange(method, path, data, answer)
        return answer

    def enroll(self) -> None:
        """Make this tab a device."""
        encryption = EncryptionPrivateKey.generate(MLKEM768_X25519).public
        keys = {
            "signing": {"alg": ED25519.name, "public": jws.b64(self.signing.verify_key.raw)},
            "encryption": {"kem": encryption.kem.name, "public": jws.b64(encryption.raw)},
        }
        answer = self.call("POST", BASE, "/api/v1/devices", {"name": "a tab", "platform": "browser", **keys})
        assert answer.status_code == 201, answer.content
        members = json.loads(answer.content)
        self.device, self.certificate = members["id"], members["account_certificate"]

    def come_in(self, sealed: Path) -> None:
        """Ask, read the mail, enter the code, and make keys."""
        answer = self.ask(sealed)
        assert answer.status_code == 202, answer.content
        answer = self.enter(code_in(mails(self.address)[0]))
        assert answer.status_code == 200, answer.content
        self.enroll()

    def license(self, sealed: Path, origin: str) -> HttpResponse:
        """Ask for the license of a file."""
        return self.call("POST", origin, "/api/v1/licenses", objects(sealed))

    @property
    def person(self) -> UUID:
        return UUID(self.entered["person"])


def claims_of(answer: HttpResponse) -> dict[str, Any]:
    """Return what the license of an answer says."""
    assert answer.status_code == 200, answer.content
    token = json.loads(answer.content)["use_license"]
    claims: dict[str, Any] = json.loads(jws.unb64(token.split(".")[1]))
    return claims


def outsider(name: str, domain: str = "outside.example") -> Outsider:
    return Outsider(f"{name}@{domain}")


def sealed_for(cast: Cast, plan: Path, who: Outsider, rights: str = "VIEW") -> Path:
    """Let Olga protect the plan for somebody without an account."""
    return protect(cast.players["olga"], plan, f"{who.address}:{rights}").path

"""The providers of the tests, installed by their lock into the virtual environment, run for the tests of one file."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, OpenerDirector, Request, build_opener

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.running import free_port

HERE: Final = Path(__file__).parent
PACKAGES: Final = Path(sys.prefix) / "identity_provider"
KID: Final = "a-key"


class NoRedirects(HTTPRedirectHandler):
    """Gives redirects back instead of following them."""

    def redirect_request(self, *_args: Any, **_more: Any) -> None:
        """Follow none."""


@dataclass
class Provider:
    """One running provider; ``key`` signs its tokens, so that tests can make wrong ones."""

    issuer: str
    key: rsa.RSAPrivateKey
    opener: OpenerDirector = field(init=False)

    def __post_init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin as a browser that has never been there."""
        self.opener = build_opener(NoRedirects, HTTPCookieProcessor(CookieJar()))

    def set(self, **values: Any) -> dict[str, Any]:
        """Say who signs in, as what, and what is forged; return what is set."""
        found: dict[str, Any] = json.loads(self._ask("/set", json.dumps(values).encode())[2])
        return found

    def person(self, sub: str, **claims: Any) -> None:
        """Let the next one who comes be this person."""
        self.forget()
        self.set(people={sub: claims}, person=sub)

    def register(self, **client: Any) -> dict[str, Any]:
        """Register a client dynamically."""
        status, _where, body = self._ask("/reg", json.dumps(client).encode(), "application/json")
        assert status == 201, body
        found: dict[str, Any] = json.loads(body)
        return found

    def answer(self, url: str) -> str:
        """Go where the service sends a browser, sign in there, and return where the provider sends it back."""
        for _step in range(8):
            status, where, body = self._ask(url)
            assert status in {302, 303}, (url, status, body[:500])
            url = urljoin(url, where)
            if not url.startswith(self.issuer):
                return url
        raise AssertionError(url)

    def post(self, path: str, **fields: str) -> tuple[int, str, str]:
        """Send a form."""
        return self._ask(path, urlencode(fields).encode(), "application/x-www-form-urlencoded")

    def signed(self, claims: Mapping[str, Any], algorithm: str = "RS256", key: Any = None, **header: Any) -> str:
        """Return a token of the provider's own key, unless another one is given."""
        named = {"kid": KID, **header}
        return jwt.encode(dict(claims), self.key if key is None else key, algorithm=algorithm, headers=named)

    def _ask(self, url: str, body: bytes | None = None, kind: str = "") -> tuple[int, str, str]:
        request = Request(urljoin(self.issuer, url), data=body, headers={"Content-Type": kind} if kind else {})
        try:
            answer = self.opener.open(request, timeout=20)
        except HTTPError as error:
            answer = error  # type: ignore[assignment]  # an answer like every other one
        with answer:
            return answer.status, answer.headers.get("Location", ""), answer.read().decode()


@contextmanager
def identity_provider() -> Iterator[Provider]:
    """Run a provider; the test is left out, and says why, where it could not be installed."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    secret = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key)) | {"kid": KID, "use": "sig", "alg": "RS256"}
    secret.pop("key_ops", None)
    with started("oidc-provider", "provider.mjs", json.dumps({"keys": [secret]})) as issuer:
        yield Provider(issuer, key)


@contextmanager
def started(package: str, program: str, *arguments: str) -> Iterator[str]:
    """Run a program of Node.js that answers as a provider, and return where; left out where it is not installed."""
    node = shutil.which("node") or shutil.which("nodejs")
    if node is None or not (PACKAGES / "node_modules" / package).is_dir():
        pytest.skip(f"single sign-on needs Node.js and {package} from the npm registry: python3 manage.py test")
    port = free_port()
    command = [node, str(HERE / program), str(PACKAGES), str(port), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            assert process.stdout is not None
            said = []
            for line in process.stdout:
                said.append(line)
                if line.strip() == "ready":
                    break
            else:
                raise AssertionError("".join(said))
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()

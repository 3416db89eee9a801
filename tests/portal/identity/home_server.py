"""An installation that is the home of a mail domain, over HTTP, and says whatever a test lets it say.

It is written apart from the product's own issuer, so that it can lie in every way that a hostile home could.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa


@dataclass
class HomeServer:
    """One home: its key, what it says of the next person, and what it was asked."""

    port: int = 0
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    claims: dict[str, Any] = field(default_factory=dict)
    configuration: dict[str, Any] = field(default_factory=dict)
    signed_by: rsa.RSAPrivateKey | None = None
    asked: list[dict[str, str]] = field(default_factory=list)
    question: dict[str, str] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        """Its origin."""
        return f"http://localhost:{self.port}"

    def about(self) -> dict[str, Any]:
        """Return its configuration, as a test has changed it."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "scopes_supported": ["openid", "home"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "authorization_response_iss_parameter_supported": True,
        } | self.configuration

    def keys(self) -> dict[str, Any]:
        """Return its public key."""
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": "1", "use": "sig", "alg": "RS256"}]}

    def token(self) -> str:
        """Return a signed token that answers the last question, with the claims of the test."""
        now = int(time.time())
        usual = {
            "iss": self.issuer,
            "aud": self.question["client_id"],
            "nonce": self.question["nonce"],
            "iat": now,
            "exp": now + 300,
            "auth_time": now,
            "acr": "password",
        }
        return jwt.encode(usual | self.claims, self.signed_by or self.key, algorithm="RS256", headers={"kid": "1"})

    def answer(self, asked: str) -> str:
        """Take the question to which a browser was sent and return path and query of the way back."""
        parts = urlsplit(asked)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{self.issuer}/authorize"
        self.question = {name: values[0] for name, values in parse_qs(parts.query).items()}
        return f"?code=c0de&state={self.question['state']}&iss={self.issuer}"


@contextmanager
def home_server() -> Iterator[HomeServer]:
    """Serve a home until the block ends."""
    home = HomeServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = {"/.well-known/openid-configuration": home.about, "/keys": home.keys}.get(self.path)
            self.reply({} if found is None else found(), 404 if found is None else 200)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            home.asked.append({name: values[0] for name, values in parse_qs(body).items()})
            self.reply({"id_token": home.token(), "access_token": "x", "token_type": "Bearer"})

        def reply(self, members: dict[str, Any], status: int = 200) -> None:
            body = json.dumps(members).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        home.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield home
        finally:
            server.shutdown()

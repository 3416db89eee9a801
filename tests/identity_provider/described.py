"""A provider that only says what it is: enough to connect it, not to sign in by it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa


@dataclass
class Described:
    """What is answered at each path; a test may change it. ``asked`` are the paths that were asked for."""

    issuer: str
    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @property
    def configuration(self) -> dict[str, Any]:
        """Return the document that describes the provider."""
        found: dict[str, Any] = self.answers["/.well-known/openid-configuration"]
        return found


@contextmanager
def described() -> Iterator[Described]:
    """Answer as a provider does."""
    found = Described("")

    class Answers(BaseHTTPRequestHandler):
        """Answers what the test has set."""

        def do_GET(self) -> None:
            """Answer with JSON, with bytes as they are, or with a redirect."""
            found.asked.append(self.path)
            said = found.answers.get(self.path)
            self.send_response(404 if said is None else 302 if isinstance(said, str) else 200)
            if isinstance(said, str):
                self.send_header("Location", said)
            self.end_headers()
            self.wfile.write(said if isinstance(said, bytes) else json.dumps(said).encode())

        def log_message(self, *_said: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        found.issuer = issuer = f"http://127.0.0.1:{server.server_port}"
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
        found.answers["/keys"] = {"keys": [public | {"kid": "a", "use": "sig"}]}
        found.answers["/.well-known/openid-configuration"] = {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/auth",
            "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/keys",
            "id_token_signing_alg_values_supported": ["none", "HS256", "RS256"],
        }
        try:
            yield found
        finally:
            server.shutdown()

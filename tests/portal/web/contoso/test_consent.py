"""Another program signs somebody in: code and PKCE, the consent page, and the way back to the program."""

import base64
import hashlib
import http.server
import secrets
import subprocess
import threading
from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from chancery.sdk.http import Http
from tests.portal.web.inspection import faults
from tests.portal.web.visitor import Installation, Visitor
from tests.running import ask

CLIENT = """
from allauth.idp.oidc.models import Client
Client.objects.create(
    id="archive", name="Archive Viewer", type="public", scopes="openid\\nemail", default_scopes="openid",
    grant_types="authorization_code\\nrefresh_token", redirect_uris="http://127.0.0.1/cb",
)
"""


class Program(http.server.BaseHTTPRequestHandler):
    """The program's own small server, which the browser is sent back to."""

    came_back: list[dict[str, str]]

    def do_GET(self) -> None:
        """Keep what the browser brings."""
        query = parse_qs(urlsplit(self.path).query)
        type(self).came_back.append({name: values[0] for name, values in query.items()})
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>Back</title><link rel='icon' href='data:,'>Back at the program")

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def program(installation: Installation) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Register a program of somebody else and return where it waits and what comes back to it."""
    done: subprocess.CompletedProcess[str] = ask(
        "shell", "--no-imports", "-c", CLIENT, CHANCERY_DATA=str(installation.folder / "var")
    )
    assert done.returncode == 0, done.stderr
    came_back: list[dict[str, str]] = []
    handler = type("Listening", (Program,), {"came_back": came_back})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/cb", came_back
        finally:
            server.shutdown()
            thread.join()


def asked(redirect: str, verifier: str, state: str) -> str:
    """Return the path a program sends the browser to."""
    digest = hashlib.sha256(verifier.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": "archive",
        "redirect_uri": redirect,
        "scope": "openid email",
        "state": state,
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    return f"/identity/o/authorize?{urlencode(query)}"


def test_a_program_is_let_in_and_another_time_refused(
    installation: Installation, program: tuple[str, list[dict[str, str]]]
) -> None:
    redirect, came_back = program
    assert installation.ada
    ada: Visitor = installation.visitor()
    ada.arrive("ada@contoso.example")
    verifier = secrets.token_urlsafe(48)
    path = asked(redirect, verifier, "first")
    assert faults(ada, path) == []
    assert ada.heading == "Let Archive Viewer in?"
    policy = ada.go(path).headers["content-security-policy"]
    assert "form-action 'self' http://127.0.0.1:*" in policy, "this page's form alone may lead to the program"
    ada.click("Let it in")
    ada.page.wait_for_url(f"{redirect}?*")
    assert came_back[0]["state"] == "first"
    form = {
        "grant_type": "authorization_code",
        "client_id": "archive",
        "redirect_uri": redirect,
        "code": came_back[0]["code"],
        "code_verifier": verifier,
    }
    granted = Http("archive").send(
        "POST",
        f"{installation.base}/identity/o/api/token",
        body=urlencode(form).encode(),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert granted["token_type"] == "Bearer"
    ada.go(asked(redirect, verifier, "second"))
    ada.click("Refuse")
    ada.page.wait_for_url(f"{redirect}?*")
    assert came_back[-1] == {"error": "access_denied", "state": "second"} | came_back[-1]
    assert "code" not in came_back[-1]
    assert ada.complaints == []

"""How requests leave, which hosts can be named, and that the client runs where there is no Unix."""

import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chancery.sdk.errors import ClockWrong, Misused, Unreachable
from chancery.sdk.http import Http
from chancery.sdk.routes import base_of, proxy_for

PROXY = "http://proxy.example:3128"
NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def _no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("environment", "url", "proxy"),
    [
        ({}, "https://id.example.com/", ""),
        ({"HTTPS_PROXY": PROXY}, "https://id.example.com/", PROXY),
        ({"HTTPS_PROXY": PROXY}, "http://id.example.com/", ""),
        ({"https_proxy": PROXY, "no_proxy": ".example.com"}, "https://id.example.com/", ""),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "*"}, "https://id.example.com/", ""),
        ({"ALL_PROXY": PROXY}, "https://id.example.com/", PROXY),
        ({"HTTPS_PROXY": PROXY, "HTTP_PROXY": PROXY}, "http://contoso.localhost:8000/", ""),
        ({"HTTP_PROXY": PROXY}, "http://127.0.0.1:8000/", ""),
        ({"HTTP_PROXY": PROXY}, "http://[::1]:8000/", ""),
    ],
)
def test_the_environment_names_the_proxy_and_this_machine_needs_none(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], url: str, proxy: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(url) == proxy


class Proxy(http.server.BaseHTTPRequestHandler):
    """Answers whatever it is asked to fetch."""

    seen: list[tuple[str, str]]

    def do_GET(self) -> None:
        type(self).seen.append((self.path, self.headers.get("Proxy-Authorization", "")))
        self.send_response(200)
        self.send_header("Date", self.date())
        self.end_headers()
        self.wfile.write(b'{"by": "proxy"}')

    def date(self) -> str:
        return self.date_time_string()

    def send_response(self, code: int, message: str | None = None) -> None:
        self.send_response_only(code, message)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def proxy() -> Iterator[str]:
    Proxy.seen = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.enable_socket
def test_requests_go_through_the_proxy_with_its_password(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://ada:s%40crt@{proxy}")
    assert Http("tests").send("GET", "http://id.example.com/api/v1/discovery") == {"by": "proxy"}
    ((path, authorization),) = Proxy.seen
    assert path == "http://id.example.com/api/v1/discovery"
    assert authorization == "Basic YWRhOnNAY3J0"


@pytest.mark.enable_socket
def test_a_proxy_that_is_away_is_named_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with pytest.raises(Unreachable) as away:
        Http("tests").send("GET", "http://id.example.com/")
    assert "proxy" in away.value.message
    monkeypatch.setenv("HTTP_PROXY", "socks5://secret:word@127.0.0.1:9")
    with pytest.raises(Misused) as unusable:
        Http("tests").send("GET", "http://id.example.com/")
    assert "word" not in unusable.value.message


@pytest.mark.parametrize(
    ("host", "base"),
    [
        ("id.example.com", "https://id.example.com"),
        ("https://ID.example.com/", "https://id.example.com"),
        ("contoso.localhost:8000", "http://contoso.localhost:8000"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
    ],
)
def test_what_a_host_means(host: str, base: str) -> None:
    assert base_of(host) == base


@pytest.mark.parametrize("host", ["", "http://[", "ftp://id.example.com", "https://", "a.example:port", "a.example/x"])
def test_what_is_no_host(host: str) -> None:
    with pytest.raises(Misused):
        base_of(host)


@pytest.mark.parametrize(("seconds", "says"), [(0, ""), (299, ""), (-299, ""), (420, "7 minutes behind"),
                                               (-7200, "2 hours ahead")])  # fmt: skip
def test_a_wrong_clock_is_reported_with_its_offset(seconds: int, says: str) -> None:
    asked = Http("tests")
    asked.ahead = float(seconds)
    if not says:
        asked.check_clock()
        return
    with pytest.raises(ClockWrong) as wrong:
        asked.check_clock()
    assert says in wrong.value.message


WITHOUT_UNIX = """
import sys, importlib, pkgutil
for name in ("fcntl", "pwd", "grp", "termios", "resource", "tty", "pty", "posix_spawn"):
    sys.modules[name] = None
import os
for name in ("O_TMPFILE", "O_DIRECTORY", "posix_fadvise", "fork", "fchmod"):
    if hasattr(os, name):
        delattr(os, name)
import chancery.sdk
for found in pkgutil.walk_packages(chancery.sdk.__path__, "chancery.sdk."):
    importlib.import_module(found.name)
from pathlib import Path
from chancery.sdk.home import Home
home = Home(Path(sys.argv[1]) / "home", use_key_ring=False)
home.write("one", {"it": "works"})
with home.only_here("x") as alone:
    assert alone
with home.reserved("one", 4096):
    home.write("one", {"it": "still works"})
assert Home(Path(sys.argv[1]) / "home", use_key_ring=False).read("one") == {"it": "still works"}
print(sorted(path.name for path in (Path(sys.argv[1]) / "home").iterdir() if not path.name.startswith(".")))
"""


def test_the_client_imports_and_keeps_its_home_without_what_only_unix_has(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_UNIX, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "['local.key', 'one']"), done.stderr


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["protect", "--help"], ["--json", "whoami"], ["rights"]])
@pytest.mark.parametrize("broken", ["full", "closed", "gone"])
def test_output_that_cannot_be_written_has_a_code_of_its_own(tmp_path: Path, words: list[str], broken: str) -> None:
    program = f"{sys.executable} -c 'from chancery.cli.main import main; main()' {' '.join(words)}"
    way = {
        "full": f"{program} >/dev/full",
        "closed": f"{program} >&-",
        "gone": f"set -o pipefail; (sleep 0.2; {program}) | exec true",
    }[broken]
    done = subprocess.run(
        ["bash", "-c", way],
        capture_output=True, text=True, check=False, env={"CHANCERY_HOME": f"{tmp_path}/home", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert done.returncode == 6, (done.returncode, done.stderr)

"""The command line speaks the language of the shell."""

import gettext
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from chancery.cli import language
from chancery.cli.main import main
from chancery.sdk.device_sealer import NOTICE
from chancery.sdk.http import Http
from tests.chancery.cli.test_commands import verbs

GERMAN = {"LC_ALL": "de_DE.UTF-8"}
GROUPS = sorted({words[0] for words in verbs() if len(words) > 1})
VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


def run(*words: str, **shell: str) -> Result:
    """Run a command in a shell with these variables and none of the others that name a language."""
    environment = {**dict.fromkeys(VARIABLES), **shell}
    return CliRunner().invoke(main, words, env=environment, terminal_width=80)


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file that no device of ours protected."""
    monkeypatch.setenv("CHANCERY_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CHANCERY_HOST", raising=False)
    path = tmp_path / "plan.txt"
    path.write_text(NOTICE, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "shell",
    [
        {"LC_ALL": "de_DE.UTF-8"},
        {"LC_ALL": "de_AT"},
        {"LC_MESSAGES": "de"},
        {"LANG": "de_DE.UTF-8"},
        {"LANG": "C.UTF-8", "LC_MESSAGES": "de_CH.UTF-8"},
        {"LANGUAGE": "fr:de", "LANG": "en_US.UTF-8"},
    ],
    ids=str,
)
def test_german_where_the_shell_says_so(shell: dict[str, str], nowhere: Path) -> None:
    shown = run("--help", **shell).output
    assert shown.startswith("Aufruf: ")
    assert "Anmeldung:" in shown
    assert re.search(r"^  protect +FILES schützen: Was mit ihnen erlaubt ist, reist mit ihnen\.$", shown, re.MULTILINE)
    assert "Ergebnisse und Fehler als JSON ausgeben." in shown
    refused = run("open", str(nowhere), **shell)
    assert refused.exit_code == 5
    assert refused.stderr == "Sie sind auf diesem Gerät nicht angemeldet.\nGeben Sie ein: chancery login\n"


@pytest.mark.parametrize(
    "shell",
    [{}, {"LC_ALL": "C"}, {"LANG": "fr_FR.UTF-8"}, {"LC_ALL": "en_US.UTF-8", "LANG": "de_DE.UTF-8"}],
    ids=str,
)
def test_english_everywhere_else(shell: dict[str, str], nowhere: Path) -> None:
    shown = run("--help", **shell).output
    assert shown.startswith("Usage: ")
    assert "Sign-in:" in shown
    refused = run("open", str(nowhere), **shell)
    assert refused.stderr == "You are not signed in on this device.\nRun: chancery login\n"


@pytest.mark.parametrize("words", verbs(), ids=" ".join)
def test_the_help_of_every_command_is_german_as_a_whole(words: tuple[str, ...]) -> None:
    german, english = (run(*words, "--help", **shell).output for shell in (GERMAN, {}))
    assert german.startswith("Aufruf: ")
    sentences = {line.strip() for line in english.splitlines() if line.strip().endswith(".")}
    assert sentences
    assert sentences.isdisjoint(line.strip() for line in german.splitlines())


@pytest.mark.parametrize("words", [(), *((name,) for name in GROUPS)], ids=str)
def test_german_lists_of_commands_cut_no_sentence(words: tuple[str, ...]) -> None:
    _, _, listed = run(*words, "--help", **GERMAN).output.partition("Befehle:" if words else "Anmeldung:")
    assert listed
    assert "..." not in listed


def test_what_click_says_is_german_too(nowhere: Path) -> None:
    assert "Fehler: Es gibt keinen Befehl 'bogus'." in run("bogus", **GERMAN).stderr
    assert "Fehler: Es fehlt das Argument 'FILES...'." in run("protect", **GERMAN).stderr
    assert "'no such file' ist nicht vorhanden." in run("protect", "no such file", **GERMAN).stderr


def test_programs_find_the_same_members_in_every_language(nowhere: Path) -> None:
    german, english = (json.loads(run("--json", "open", str(nowhere), **shell).stdout) for shell in (GERMAN, {}))
    assert german == {
        **english,
        "message": "Sie sind auf diesem Gerät nicht angemeldet.",
        "next_step": "Geben Sie ein: chancery login",
    }
    assert run("--json", "rights", **GERMAN).stdout == run("--json", "rights").stdout


def test_tables_are_german(nowhere: Path) -> None:
    shown = run("rights", **GERMAN).output
    assert shown.splitlines()[0].split() == ["Recht", "Name", "erlaubt", "Stufen", "hier"]
    assert "nicht erzwungen" in shown


class Listener(BaseHTTPRequestHandler):
    """Answers with the language it was asked for."""

    def do_GET(self) -> None:
        """Answer."""
        body = json.dumps(self.headers["Accept-Language"]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def listener() -> Iterator[str]:
    """Return the address of a service that records in which language it is asked to answer."""
    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_the_service_is_asked_in_the_language_of_the_shell(listener: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Http("test").send("GET", listener) == "en"
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert language.spoken() == "en"
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    assert Http("test", language=language.spoken()).send("GET", listener) == "de"


def test_a_command_is_translated_without_being_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    command = click.Command("logout", help="Sign out: revoke this device, forget its keys and licenses.")
    monkeypatch.setenv("LANGUAGE", "de")
    language.begin()
    assert gettext.gettext("Usage:") == "Aufruf:"
    assert language.explained(command).help == "Abmelden: dieses Gerät widerrufen, Schlüssel und Lizenzen vergessen."
    assert command.help == "Sign out: revoke this device, forget its keys and licenses."

"""The search engine in ``examples/search``, run as the programs that its README shows, against the running service."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from portal.runtime.bootstrap.environment import ROOT
from portal.runtime.supervisor.embedded import open_folders
from portal.runtime.supervisor.postgresql import ADMINISTRATOR
from tests.journeys.people import SECONDS, Person, Stack

SEARCH = ROOT / "examples" / "search" / "search.py"
SECOND = """
from tenants.actor import OPERATOR
from tenants.directory.services.create_person import create_person
from tenants.organizations.selectors import organization_by_slug

place = organization_by_slug("contoso")
create_person(organization_id=place.id, address="ben@contoso.example", role="global_administrator", actor=OPERATOR)
"""
YES = ("--yes", "--reason", "Full-text search for all members")


def told(person: Person, *words: str) -> dict[str, Any]:
    """Return the object that a command prints, which says more beside it."""
    found: dict[str, Any] = json.loads(person.run("--json", *words).splitlines()[0])
    return found


class Engine:
    """The application with its permissions and its database."""

    def __init__(self, stack: Stack, ben: Person, database: str, home: Path) -> None:
        made = told(stack.ada, "application", "create", "--name", "Search")
        self.ada, self.ben = stack.ada, ben
        self.client = made["client_id"]
        self.variables = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "CHANCERY_HOME": str(home),
            "CHANCERY_HOST": stack.host,
            "CHANCERY_CLIENT_ID": self.client,
            "CHANCERY_CLIENT_SECRET": made["secret"],
            "SEARCH_DATABASE": database,
            "SEARCH_READ_ALL": self.permitted("all"),
            "SEARCH_READ_FOR_USER": self.permitted("for_user"),
        }

    def permitted(self, kind: str) -> str:
        asked = told(self.ada, "read-permission", "ask", self.client, "--kind", kind, *YES)
        self.ben.run("read-permission", "approve", str(asked["number"]), "--yes")
        return str(asked["number"])

    def run(self, *words: str | Path, code: int = 0) -> tuple[str, str]:
        done = subprocess.run(
            [sys.executable, str(SEARCH), *map(str, words)],
            env=self.variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout, done.stderr

    def found(self, words: str, person: str) -> set[str]:
        """Return the names of the files that a person is shown."""
        out, _ = self.run("search", words, "--as", person)
        number, _, listed = out.partition(" found")
        names = {line.partition("  (")[0] for line in listed.splitlines() if line and not line.startswith(" ")}
        assert int(number) == len(names)
        return names


@pytest.fixture(scope="module")
def engine(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    stack.command("shell", "--no-imports", "-c", SECOND)
    ben = stack.join("ben@contoso.example")
    server = f"postgresql://{ADMINISTRATOR}@/{{}}?host={open_folders(stack.running.data).sockets()}"
    with psycopg.connect(server.format("postgres"), autocommit=True) as database:
        database.execute("create database search")
    place = server.format("search")
    return Engine(stack, ben, place, tmp_path_factory.mktemp("search") / "home")


def protected(owner: Person, folder: Path, name: str, text: str, *grants: str) -> Path:
    plain = folder / name
    plain.write_text(text, encoding="utf-8")
    words = [word for grant in grants for word in ("--grant", grant)]
    owner.run("protect", plain, *words)
    plain.unlink()
    return folder / f"{name}.sealed"


def test_a_person_is_shown_what_they_may_read_now(stack: Stack, engine: Engine, tmp_path: Path):
    """A revocation, a lost membership and a file that is gone change the results; a withdrawn permission ends them."""
    ada, olga, folder = stack.ada, stack.olga, tmp_path / "files"
    folder.mkdir()
    team, max_ = "team@contoso.example", "max@contoso.example"
    ada.run("group", "create", team, "--name", "Team", "--member", max_)
    for_max = protected(olga, folder, "plan.txt", "the annual plan of the quarry", f"{max_}:VIEW")
    protected(olga, folder, "team.txt", "the quarry belongs to the team", f"{team}:VIEW")
    own = protected(olga, folder, "own.txt", "what nobody else knows of the quarry")
    out, _ = engine.run("index", folder)
    assert "new or changed: 3" in out
    assert engine.found("quarry", "olga@contoso.example") == {"plan.txt", "team.txt", "own.txt"}
    assert engine.found("quarry", max_) == {"plan.txt", "team.txt"}
    assert engine.found("annual plan", max_) == {"plan.txt"}
    assert engine.found("quarry", "ada@contoso.example") == set(), "an administrator reads nothing by their role"
    # Now is now: nothing was indexed again.
    ada.run("group", "change", team, "--remove", max_, "--yes")
    olga.run("revoke", str(for_max), "--yes")
    assert engine.found("quarry", max_) == set()
    assert engine.found("quarry", "olga@contoso.example") == {"plan.txt", "team.txt", "own.txt"}
    # What was taken back and what is gone leave the index; the rest is not read again.
    own.unlink()
    out, refused = engine.run("index", folder)
    assert "new or changed: 0, as before: 1, not readable: 1, gone: 1" in out
    assert "plan.txt.sealed" in refused
    assert engine.found("quarry", "olga@contoso.example") == {"team.txt"}
    # A person whom the permission does not include, and permissions that are withdrawn.
    _, why = engine.run("search", "quarry", "--as", "rita@fabrikam.example", code=1)
    assert "does not cover this document or this person" in why
    for number in ("SEARCH_READ_ALL", "SEARCH_READ_FOR_USER"):
        engine.ben.run("read-permission", "withdraw", engine.variables[number], "--yes")
    for words in (("index", folder), ("search", "quarry", "--as", max_)):
        _, why = engine.run(*words, code=1)
        assert "The read permission you named is not valid now." in why
        assert "Ask an administrator for a new read permission" in why

"""People at the command line: each has a home folder of their own and runs the real program."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.journeys import program
from tests.journeys.terminal import on_terminal
from tests.running import Running, ask

PROGRAM = [sys.executable, "-c", "from chancery.cli.main import main; main()"]
SECONDS = program.SECONDS


FOUNDING = """
from portal.usecases.organizations import create_organization
from tenants.actor import OPERATOR
from tenants.directory.selectors.people import person_with_login
from tenants.directory.services.create_person import create_person
from tenants.directory.services.issue_enrollment_code import issue_enrollment_code

people = {"contoso": ["ada", "olga", "max"], "fabrikam": ["rita"]}
for slug, names in people.items():
    addresses = [f"{name}@{slug}.example" for name in names]
    place = create_organization(
        name=slug.capitalize(),
        slug=slug,
        administrator=addresses[0],
        mail_domain=f"{slug}.example",
        actor=OPERATOR,
    ).organization
    for address in addresses[1:]:
        create_person(organization_id=place.id, address=address, actor=OPERATOR)
    for address in addresses:
        print(address, issue_enrollment_code(person_id=person_with_login(address), actor=OPERATOR))
"""


@dataclass
class Person:
    """Somebody with a device."""

    home: Path
    host: str
    address: str
    language: str = "C.UTF-8"

    def start(self, *arguments: str | Path, cwd: Path | None = None) -> "subprocess.Popen[str]":
        """Start the program and return at once."""
        return self._started([*PROGRAM, *(str(argument) for argument in arguments)], cwd)

    def start_own(self, program: str, *arguments: str | Path) -> "subprocess.Popen[str]":
        """Start a program that the person has written with the SDK, and return at once."""
        return self._started([sys.executable, "-c", program, *(str(argument) for argument in arguments)])

    def _started(self, words: list[str], cwd: Path | None = None) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            words,
            cwd=cwd,
            env=self._variables(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str | Path, code: int = 0, cwd: Path | None = None) -> str:
        """Run the program, expect its exit code, and return what it says on both outputs."""
        ended, out, err = program.run([str(argument) for argument in arguments], self._variables(), cwd)
        assert ended == code, (arguments, ended, out, err)
        return out + err

    def shown(self, *arguments: str | Path, code: int = 0) -> str:
        """Run the program on a terminal, expect its exit code, and return what is shown there."""
        ended, text = on_terminal([*PROGRAM, *(str(argument) for argument in arguments)], self._variables())
        assert ended == code, (arguments, ended, text)
        return text

    def _variables(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "LANG": self.language,
            "CHANCERY_HOME": str(self.home),
            "CHANCERY_HOST": self.host,
        }

    def json(self, *arguments: str | Path, code: int = 0) -> Any:
        """Run the program with ``--json`` and return the one object it prints."""
        return json.loads(self.run("--json", *arguments, code=code))


@dataclass
class Stack:
    """The installation and everybody in it."""

    running: Running
    homes: Path
    people: dict[str, Person] = field(default_factory=dict)

    @property
    def host(self) -> str:
        return f"http://localhost:{self.running.port}"

    def command(self, *arguments: str) -> str:
        """Run a management command as the operator does in another terminal."""
        done = ask(*arguments, CHANCERY_DATA=str(self.running.data))
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def settle(self) -> None:
        """Found both organizations and sign everybody in; one process makes them all, since starting one costs most."""
        codes = [line.split() for line in self.command("shell", "--no-imports", "-c", FOUNDING).splitlines()]
        made = [Person(self.homes / address.partition("@")[0], self.host, address) for address, _ in codes]
        logins = [person.start("login", "--code", code) for person, (_, code) in zip(made, codes, strict=True)]
        for login in logins:
            with login as process:
                assert process.wait(SECONDS) == 0
        self.people |= {person.home.name: person for person in made}

    def join(self, address: str) -> Person:
        """Sign somebody in on a new device with a one-time code."""
        name = address.partition("@")[0]
        person = Person(self.homes / name, self.host, address)
        person.run("login", "--code", self.command("enrollment_code", address).split()[-1])
        self.people[name] = person
        return person

    def __getattr__(self, name: str) -> Person:
        try:
            return self.__dict__["people"][name]
        except KeyError:
            raise AttributeError(name) from None

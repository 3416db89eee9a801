"""The cast: two organizations that know nothing of each other, their people, a stranger and an enemy.

Everything is made by the same services as in life.  The people's clients are the real SDK; only their HTTP goes
straight into the application instead of through a socket, so that a test can look at both sides.
"""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.test import Client

from chancery.sdk import signin
from chancery.sdk.errors import Unreachable
from chancery.sdk.home import Home
from chancery.sdk.http import Answer, Http, decoded
from chancery.sdk.session import Session
from portal import throttle
from portal.identity import clients
from portal.usecases.organizations import create_organization
from tenants.actor import Actor
from tenants.context import in_public
from tenants.directory.services.create_person import create_person
from tenants.directory.services.issue_enrollment_code import issue_enrollment_code
from tenants.organizations.selectors import OrganizationFacts
from tests.contract import check_exchange

BASE = "http://localhost:8000"
ACTOR = Actor(person_id=None, name="a test", source="test")


class InProcess(Http):
    """The client's HTTP, answered by the application in this process."""

    def __init__(self) -> None:
        """Count what is sent."""
        super().__init__("chancery-tests")
        self.sent: list[tuple[str, str]] = []
        self.cut: set[str] = set()
        """Paths that the network loses."""
        self._client = Client()

    def ask(self, method: str, url: str, *, body: bytes | None = None, headers: Any = None) -> Answer:
        """Send one request into the application."""
        parts = urlsplit(url)
        if parts.path in self.cut:
            raise Unreachable(f"{parts.netloc} does not answer.")
        self.sent.append((method, parts.path))
        given = {name: value for name, value in (headers or {}).items() if name != "Content-Type"}
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        answer = self._client.generic(
            method,
            path,
            data=body or b"",
            content_type=(headers or {}).get("Content-Type", "application/json"),
            headers={"Host": parts.netloc, "Accept": "application/json", **given},
        )
        check_exchange(method, path, body or b"", answer)
        members = decoded(answer.status_code, answer.content, parts.netloc)
        return Answer(members, answer.status_code, answer.headers.get("ETag", ""))


@dataclass
class Player:
    """One person with a device, which is signed in when the person first uses it."""

    id: UUID
    address: str
    home: Home
    http: InProcess = field(default_factory=InProcess)

    @cached_property
    def session(self) -> Session:
        """Sign the device in with an enrollment code."""
        with in_public():
            clients.ensure()
            throttle.forget()  # More people enroll in a minute of tests than one address may.
            installation = signin.discover(self.http, BASE)
            code = issue_enrollment_code(person_id=self.id, actor=ACTOR)
            tokens = signin.sign_in_by_code(self.http, installation, code)
            return Session(self.home, signin.enroll(self.home, self.http, installation, tokens), self.http)

    def offline(self) -> Session:
        """Return the same device without a network."""
        return Session(self.session.home, self.session.account, self.http, online=False)


@dataclass
class Cast:
    """Contoso with Ada, Olga and Max; Fabrikam with Rita; Eve with no organization; Mallory in a hostile one."""

    folder: Path
    organizations: dict[str, OrganizationFacts] = field(default_factory=dict)
    players: dict[str, Player] = field(default_factory=dict)

    def found(self, slug: str, administrator: str) -> OrganizationFacts:
        """Found an organization that has proven ``<slug>.example``."""
        founded = create_organization(
            name=slug.capitalize(),
            slug=slug,
            administrator=f"{administrator}@{slug}.example",
            administrator_name=administrator.capitalize(),
            mail_domain=f"{slug}.example",
            actor=ACTOR,
        )
        self.organizations[slug] = founded.organization
        self.know(administrator, founded.administrator.id, founded.administrator.email)
        return founded.organization

    def join(self, name: str, slug: str, *, role: str = "user") -> Player:
        """Add a person to an organization."""
        facts = create_person(
            organization_id=self.organizations[slug].id,
            address=f"{name}@{slug}.example",
            name=name.capitalize(),
            role=role,
            actor=ACTOR,
        )
        return self.know(name, facts.id, facts.email)

    def enroll(self, name: str, person: UUID, address: str) -> Player:
        """Sign a person in on a device of their own, now."""
        player = self.know(name, person, address)
        assert player.session
        return player

    def know(self, name: str, person: UUID, address: str) -> Player:
        """Add a person who is there already."""
        player = self.players[name] = Player(person, address, Home(self.folder / name, use_key_ring=False))
        return player

    def __getattr__(self, name: str) -> Player:
        """Return a person of the cast by name."""
        try:
            return self.players[name]
        except KeyError:
            raise AttributeError(name) from None

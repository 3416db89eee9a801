"""A directory server connected to an organization of the cast, and runs of it without a worker."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from chancery.crypto import labels
from portal.identity.sign_on.secrets import seal
from portal.ldap.connection import Target
from portal.usecases.directory_servers.carry_on import carry_on_directory_servers
from portal.usecases.directory_servers.mapping import PRESETS
from tenants.context import in_schema
from tenants.directory_servers.selectors import FoundFacts, RunFacts, ServerFacts, found_in, run_in, server_in
from tenants.directory_servers.services.runs import ask_run
from tenants.directory_servers.services.servers import change_server, create_server
from tests.cast import ACTOR, Cast
from tests.directory_server.running import BASE, PASSWORD, READER


@dataclass
class Connected:
    """One connected server."""

    cast: Cast
    organization: UUID
    id: UUID

    @property
    def facts(self) -> ServerFacts:
        """Return what it is now."""
        return server_in(self.organization, self.id)

    def change(self, **values: Any) -> None:
        """Change settings."""
        change_server(organization_id=self.organization, server_id=self.id, values=values, actor=ACTOR)

    def give_password(self) -> None:
        """Give the password of the account that reads."""
        self.change(sealed_password=seal(self.id, PASSWORD, purpose=labels.DIRECTORY_SERVER))

    def run(self, mode: str = "complete") -> RunFacts:
        """Carry out a run to its end."""
        asked = ask_run(server=self.facts, mode=mode, actor=ACTOR)
        self.carry_on()
        return run_in(self.organization, asked.id)

    def carry_on(self) -> None:
        """Do what the worker does."""
        schema = next(one.schema_name for one in self.cast.organizations.values() if one.id == self.organization)
        with in_schema(schema):
            carry_on_directory_servers(self.organization)

    def found(self, run: RunFacts, outcome: str = "") -> dict[str, FoundFacts]:
        """Return what a run came to, by label."""
        return {one.label: one for one in found_in(run.id, organization_id=self.organization, outcome=outcome)}


def connect(cast: Cast, target: Target, *may: str, slug: str = "contoso", **values: Any) -> Connected:
    """Connect a server as OpenLDAP."""
    organization = cast.organizations[slug].id
    preset = PRESETS["openldap"]
    made = create_server(
        organization_id=organization,
        name=f"Directory {uuid4().hex[:6]}",
        may=list(may or ("people", "groups")),
        group_domain="",
        values={
            "kind": "openldap",
            "host": target.host,
            "port": target.port,
            "security": target.security,
            "authority": target.authority,
            "bind_name": READER,
            "people_base": f"ou=people,{BASE}",
            "groups_base": f"ou=groups,{BASE}",
            **preset,
            **values,
        },
        actor=ACTOR,
    )
    found = Connected(cast, organization, made.id)
    found.give_password()
    return found

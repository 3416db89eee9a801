"""Runs commands against the service, holds what they say against one form, and remembers what they send."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import click
import pytest
from click.testing import CliRunner

from chancery.cli import lost_devices
from chancery.cli.main import main
from chancery.sdk.session import Session
from portal.tasks import answer_previews
from tenants.context import in_organization
from tests.cast import InProcess, Player
from tests.contract import description


def operations() -> dict[str, set[str]]:
    """Return every operation that changes something, with the members of its body."""
    found = {}
    for path, methods in description()["paths"].items():
        for method, operation in methods.items():
            if method != "get":
                found[f"{method.upper()} {path.removeprefix('/api/v1/')}"] = _members(operation)
    return found


def _members(operation: Mapping[str, Any]) -> set[str]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return _properties(body)


def _properties(schema: Mapping[str, Any]) -> set[str]:
    if "$ref" in schema:
        return _properties(description()["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    parts = [*schema.get("allOf", ()), *schema.get("oneOf", ())]
    return set(schema.get("properties", ())).union(*(_properties(part) for part in parts))


CHANGE: Final = {"changed", "message", "warnings"}
LIST: Final = {"results", "complete"}
FILE: Final = {"file"}
SAVED: Final = {"sealed", "cid", "changed"}
BULK: Final = LIST | {"run", "done", "failed"}
LISTED: Final = (
    "address",
    "device",
    "session",
    "template",
    "label",
    "key",
    "person",
    "group",
    "domain",
    "application",
    "pending",
)
READ: Final[Mapping[str, set[str]]] = {
    "acting show": {"person", "address", "reason", "until"},
    **dict.fromkeys(("protect", "view", "open", "unprotect", "info", "verify"), FILE),
    **dict.fromkeys(
        ("templates", "labels", "documents", "track", "rights", "requests", "audit", "suggest", "shared"), LIST
    ),
    **{
        f"{one} list": LIST
        for one in [
            "address",
            "contact",
            "device",
            "session",
            "template",
            "label",
            "key",
            "person",
            "group",
            "domain",
            "application",
            "pending",
        ]
    },
    **dict.fromkeys(("template deleted", "template history"), LIST),
    **dict.fromkeys(("save", "edit"), SAVED),
    **dict.fromkeys(
        (f"bulk {one}" for one in ("protect", "unprotect", "reprotect", "relabel", "resume", "undo")), BULK
    ),
    **dict.fromkeys(("bulk report", "bulk runs"), LIST),
    "bulk forget": {"run"},
    "domain show": {"domain", "challenge", "check"},
    "prelicense": FILE | {"licenses", "cid", "recipients"},
    "whoami": {"id", "email", "organizations"},
    "policy": {"policy"},
    "why": {"reasons"},
    "request": {"id", "state"},
    "application code": {"code"},
    "application credentials": LIST,
    "template export": {"file"},
    "template import": CHANGE | {"results"},
    "super-user settings": {"on", "people", "group"},
    "configuration show": {"results"},
    "configuration export": {"command"},
    "super-user report": {"grant", "opened", "intact"},
    "super-user show": LIST | {"grant"},
    "read-permission report": {"permission", "read", "intact"},
    "read-permission show": LIST | {"permission"},
    **dict.fromkeys(("read-permission list", "read-permission readable"), LIST),
    **dict.fromkeys(
        ("hand-over list", "person departed", "super-user list", "scheduled list", "everywhere list", "names list"),
        LIST,
    ),
    **dict.fromkeys(
        ("decoy list", "alarm list", "block list", "budget list", "pause list", "approvals"),
        LIST,
    ),
    **dict.fromkeys(("provisioning list", "provisioning tried", "provisioning removed"), LIST),
    "provisioning show": {"name", "may", "tokens"},
    **dict.fromkeys(("ldap list", "ldap runs", "ldap found", "ldap test"), LIST),
    "ldap show": {"name", "host", "has_password"},
    "sign-on list": LIST,
    "device list-by-code": LIST,
    **dict.fromkeys(("installation list", "installation records"), LIST),
    "sign-on show": {"name", "state", "redirect_address"},
    "organization record": {"domain", "challenge"},
    "pause show": {"pause", "confirms"},
    "person offboarding": {"documents", "disabled", "hand_overs"},
    "everywhere show": {"state", "skipped"},
    **dict.fromkeys(("role list", "role explain"), LIST),
    **dict.fromkeys(("review list", "review show"), LIST),
    "review export": FILE,
    "role rights": LIST | {"roles"},
    "preview show": {"state", "result"},
    "preview save": CHANGE | {"kind", "target"},
    "verify-audit": {"intact"},
}
"""What ``--json`` says, beside ``command``, of commands that change nothing by one call of the service."""
SIGN_IN: Final = {"login", "logout"}
"""What makes and ends the sign-in itself, which the journeys do with a browser and a network."""


def leaves(group: click.Group = main, above: str = "") -> Iterator[str]:
    """Yield every command as it is typed."""
    for name in group.list_commands(click.Context(group)):
        found = group.get_command(click.Context(group), name)
        if isinstance(found, click.Group):
            yield from leaves(found, f"{above}{name} ")
        else:
            yield f"{above}{name}"


TYPED: Final = "a secret\n"
"""What is typed to the commands that ask for a secret."""


@dataclass
class Commands:
    """Runs commands as a person, holds what they say against the one form, and remembers what they sent."""

    monkeypatch: pytest.MonkeyPatch
    sent: dict[str, set[str]] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)

    def run(self, player: Player, *words: object, code: int = 0) -> Any:
        """Run one command and return what it says for programs."""
        self.monkeypatch.setattr(Session, "open", lambda **_: nullcontext(player.session))
        self.monkeypatch.setattr(InProcess, "ask", _listening(self.sent))
        # What is called without a sign-in makes its own HTTP.
        self.monkeypatch.setattr(lost_devices, "Http", lambda *_, **_more: InProcess())
        done = CliRunner().invoke(main, ["--json", *(str(word) for word in words)], input=TYPED)
        assert done.exit_code == code, (words, done.output, done.stderr, done.exception)
        said = json.loads(done.stdout)
        (name,) = {name for name in leaves() if [*map(str, words)][: len(name.split())] == name.split()}
        assert said["command"] == name
        form = {"state", "result"} if "--preview" in words else READ.get(name, CHANGE)
        shows = words in {("preferences",), ("settings",), ("notices",)}
        assert shows or form <= said.keys(), (words, said)
        self.done.add(name)
        return said


ASK: Final = InProcess.ask


def _listening(sent: dict[str, set[str]]) -> Any:
    """Return the client's HTTP that notes operations which succeeded, with the members they sent."""
    patterns = [
        (name, re.compile(name.partition(" ")[0] + " /api/v1/" + re.sub(r"\{\w+\}", "[^/]+", name.partition(" ")[2])))
        for name in sorted(operations(), key=lambda name: "{" in name)
    ]

    def ask(self: InProcess, method: str, url: str, *, body: bytes | None = None, headers: Any = None) -> Any:
        answer = ASK(self, method, url, body=body, headers=headers)
        place = f"{method} /{url.partition('://')[2].partition('/')[2].partition('?')[0]}"
        name = next((name for name, pattern in patterns if pattern.fullmatch(place)), None)
        if name is not None and answer.status < 400:
            members = json.loads(body) if body else {}
            sent.setdefault(name, set()).update(members)
        return answer

    return ask


def answered(organization: str) -> None:
    """Let the worker answer what waits."""
    with in_organization(UUID(organization)):
        answer_previews(organization)

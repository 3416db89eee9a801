"""Whatever the API can change, a command and a page can, under the same names; or the table says why not.

Each command is run against the service, and what it sends is held against the API's description: the operation itself,
and every member of its body that somebody may want to set.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final
from uuid import UUID, uuid4

import click
import pytest
from allauth.idp.oidc.models import Token
from click.testing import CliRunner
from django.db.models.expressions import RawSQL

from chancery.cli import previews
from chancery.cli.main import main
from chancery.sdk.named_access import OWN
from chancery.sdk.options import ProtectOptions
from chancery.sdk.session import Session
from portal.runtime.bootstrap.environment import ROOT
from portal.tasks import answer_previews
from portal.web import urls, urls_base
from protection.selectors.labels import labels
from protection.selectors.templates import templates
from protection.services.alarms import raise_next
from tenants.connections.services.change_connection import stop_connection
from tenants.context import in_organization
from tenants.directory.services.create_application import create_application
from tenants.directory.services.revoke_device import revoke_device
from tests.cast import ACTOR, Cast, InProcess, Player
from tests.contract import description
from tests.identity_provider.described import described
from tests.protection.steps import MAX, RITA, number_events, opening, protect, refusal
from tests.protection.test_own_addresses import mailed_code

PAGES: Final[Mapping[str, str]] = {
    "POST access-requests/chosen": "requests_chosen",
    "POST access-requests/{request_id}/decline": "request",
    "POST access-requests/{request_id}/grant": "request",
    "POST applications": "application_new",
    "POST applications/{client_id}/code": "application",
    "POST applications/{client_id}/disable": "application",
    "POST devices/chosen": "devices_chosen",
    "DELETE devices/{device_id}": "device_revoke",
    "POST documents/chosen": "documents_chosen",
    "POST documents/{cid}/accept": "document_pending",
    "POST documents/{cid}/access-requests": "document_access",
    "POST documents/{cid}/block": "document_pending",
    "POST documents/{cid}/label": "document_label",
    "PUT documents/{cid}/policy": "document_change",
    "POST documents/{cid}/prelicenses": "document_prelicenses",
    "POST documents/{cid}/restore": "document_restore",
    "POST documents/{cid}/revoke": "document_revoke",
    "PUT documents/{cid}/successor": "document_successor",
    "DELETE scheduled-revocations/{scheduled_id}": "scheduled_cancel",
    "POST domains": "domain_new",
    "POST domains/{domain}/prove": "domain_prove",
    "POST domains/{domain}/release": "domain_release",
    "POST everywhere-changes": "everywhere_new",
    "POST everywhere-changes/{change_id}/undo": "everywhere_undo",
    "POST groups": "group_new",
    "PATCH groups/{group_id}": "group_edit",
    "DELETE groups/{group_id}": "group_edit",
    "POST hand-overs": "hand_over_new",
    "POST hand-overs/{hand_over_id}/approve": "hand_over_answer",
    "POST hand-overs/{hand_over_id}/decline": "hand_over_answer",
    "POST keys": "key_rotate",
    "POST keys/rotate": "key_rotate",
    "POST keys/{key_id}/activate": "key_change",
    "POST keys/{key_id}/compromise": "key_change",
    "POST labels": "label_new",
    "PATCH labels/{label_id}": "label",
    "POST labels/{label_id}/archive": "label_status",
    "POST labels/{label_id}/publish": "label_status",
    "POST leave": "leave",
    "PATCH me": "preferences",
    "POST me/addresses": "account_email",
    "POST me/addresses/confirm": "account_email",
    "POST me/addresses/main": "account_email",
    "POST me/addresses/remove": "account_email",
    "POST provisioning": "provisioning_new",
    "PATCH provisioning/{connection_id}": "provisioning_connection",
    "POST provisioning/{connection_id}/end": "provisioning_connection",
    "POST provisioning/{connection_id}/resume": "provisioning_connection",
    "POST provisioning/{connection_id}/tokens": "provisioning_connection",
    "POST provisioning/{connection_id}/tokens/{token_id}/revoke": "provisioning_connection",
    "POST blocks": "block_new",
    "POST configuration/file": "configuration",
    "DELETE blocks/{block_id}": "block_remove",
    "POST sign-on": "sign_on_new",
    "PATCH sign-on/{sign_on_id}": "sign_on_connection",
    "POST sign-on/{sign_on_id}/end": "sign_on_connection",
    "POST sign-on/{sign_on_id}/unlink": "sign_on_connection",
    "POST budgets": "budget_new",
    "PUT budgets/{budget_id}": "budget",
    "DELETE budgets/{budget_id}": "budget_remove",
    "POST pauses/{pause_id}/release": "pause_release",
    "POST pause/confirm": "own_pause",
    "PUT documents/{cid}/decoy": "document_decoy",
    "DELETE documents/{cid}/decoy": "document_decoy",
    "POST alarms/{alarm_id}/acknowledge": "alarm_acknowledge",
    "POST documents/{cid}/names": "document_names",
    "DELETE acting": "acting_end",
    "POST acting": "person_acting",
    "POST names": "all_names",
    "POST names/group": "hidden_group",
    "POST names/{request_id}/approve": "names_answer",
    "POST names/{request_id}/decline": "names_answer",
    "PUT notices": "notices",
    "POST people": "person_new",
    "POST people/chosen": "people_chosen",
    "PATCH people/{person_id}": "person",
    "POST people/{person_id}/addresses": "person_address",
    "POST people/{person_id}/addresses/main": "person_address",
    "POST people/{person_id}/addresses/remove": "person_address",
    "POST people/{person_id}/devices/{device_id}/block": "person_device",
    "POST people/{person_id}/devices/{device_id}/unblock": "person_device",
    "POST people/{person_id}/invitation": "person",
    "POST people/{person_id}/removal": "person_remove",
    "POST previews": "template",
    "POST previews/{preview_id}/save": "preview_save",
    "POST read-permissions": "read_permission_new",
    "POST read-permissions/{permission_id}/approve": "read_permission_answer",
    "POST read-permissions/{permission_id}/decline": "read_permission_answer",
    "POST read-permissions/{permission_id}/withdraw": "read_permission_answer",
    "POST roles": "roles",
    "POST roles/{assignment_id}/end": "role_end",
    "POST service/activate": "service_switch",
    "POST service/deactivate": "service_switch",
    "PATCH settings": "settings",
    "POST super-user-grants": "super_user_grant_new",
    "POST super-user-grants/{grant_id}/approve": "super_user_grant_answer",
    "POST super-user-grants/{grant_id}/decline": "super_user_grant_answer",
    "POST super-user-grants/{grant_id}/end": "super_user_grant_answer",
    "PATCH super-users": "super_users_change",
    "POST super-user-grants/{grant_id}/present": "super_user_grant_present",
    "POST super-users/recovery-keys": "recovery_keys",
    "POST super-users/recovery-keys/mine": "recovery_key",
    "POST super-users/people": "super_users_change",
    "DELETE super-users/people/{person_id}": "super_user_remove",
    "POST templates": "template_new",
    "PATCH templates/{template_id}": "template",
    "DELETE templates/{template_id}": "template_delete",
    "POST templates/{template_id}/archive": "template_status",
    "POST templates/{template_id}/copy": "template_copy",
    "POST templates/{template_id}/publish": "template_status",
    "POST templates/{template_id}/undelete": "template_undelete",
    "POST templates/{template_id}/versions/{number}/restore": "template_restore",
    "POST templates/import": "templates_import",
}
"""The page on which a person does what an operation does."""

OF_A_DEVICE: Final = "a device does it with keys that a browser does not have; protect, open, save and login call it"
ELSEWHERE: Final[Mapping[str, str]] = {
    "POST certificates": OF_A_DEVICE,
    "POST devices": OF_A_DEVICE,
    "POST devices/{device_id}/certificate": OF_A_DEVICE,
    "POST enrollments": OF_A_DEVICE,
    "POST events": OF_A_DEVICE,
    "POST licenses": OF_A_DEVICE,
    "POST licenses/batch": OF_A_DEVICE,
    "POST publications": OF_A_DEVICE,
    "POST registrations": OF_A_DEVICE,
    "POST read-permissions/{permission_id}/readable": "only an application asks it, and none has a browser",
    "POST renderings/{rendering_id}/parts/{number}": OF_A_DEVICE,
    "PUT templates/{template_id}": "says everything anew; pages and commands change one thing by PATCH",
}
"""Why an operation has neither page nor command of its own."""

NOT_NAMED: Final[Mapping[str, Mapping[str, str]]] = {
    "PUT documents/{cid}/policy": {
        "based_on": "the command reads the policy in the same moment",
        "expires_after_days": "--expires names the moment itself",
    },
    "POST documents/{cid}/prelicenses": {"cursor": "the command goes on by itself"},
    "PATCH labels/{label_id}": {"based_on": "the command reads the label in the same moment"},
}
"""Members of a body that a command does not send, and why."""


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
LISTED: Final = ("address", "device", "template", "label", "key", "person", "group", "domain", "application", "pending")
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
            "device",
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
    "sign-on list": LIST,
    "sign-on show": {"name", "state", "redirect_address"},
    "pause show": {"pause", "confirms"},
    "person offboarding": {"documents", "disabled", "hand_overs"},
    "everywhere show": {"state", "skipped"},
    **dict.fromkeys(("role list", "role explain"), LIST),
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
        done = CliRunner().invoke(main, ["--json", *(str(word) for word in words)], input=TYPED)
        assert done.exit_code == code, (words, done.output, done.stderr)
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


@pytest.fixture
def commands(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Commands:
    """Return what runs commands; while one waits for the answer of a preview, the worker gives it."""
    contoso = str(cast.organizations["contoso"].id)
    monkeypatch.setattr(previews, "time", SimpleNamespace(sleep=lambda _: answered(contoso)))
    return Commands(monkeypatch)


def test_every_operation_has_a_page_and_a_command_or_a_reason() -> None:
    assert sorted({*PAGES, *ELSEWHERE}) == sorted(operations())
    assert not set(PAGES) & set(ELSEWHERE)
    assert all(members.keys() <= operations()[name] for name, members in NOT_NAMED.items()), "a reason without a member"


def test_every_page_of_the_table_takes_what_its_form_sends() -> None:
    routes = {str(one.name): str(one.pattern) for one in (*urls_base.urlpatterns, *urls.urlpatterns)}
    table = (ROOT / "tests/isolation/table.txt").read_text(encoding="utf-8").splitlines()
    answered = {tuple(line.split()[1:3]): line.split()[-1] for line in table if line[:1] not in {"#", ""}}
    for operation, name in PAGES.items():
        assert answered["POST", f"/{routes[name]}"] != "405", f"{operation}: the page {name} takes no form"


def test_every_command_reaches_what_the_api_reaches(cast: Cast, plan: Path, commands: Commands) -> None:
    ada, olga, run = cast.ada, cast.olga, commands.run
    _organization(cast, commands)
    _people(cast, commands)
    _templates(cast, plan, commands)
    _documents(cast, plan, commands)
    run(olga, "preferences", "--name", "Olga", "--language", "en", "--time-zone", "Europe/Berlin")
    _addresses(cast, commands)
    spare = cast.enroll("spare", olga.id, olga.address)
    theirs = (spare.session.account.device, "--person", olga.address)
    run(ada, "device", "block", *theirs, "--yes", "--reason", "Lost")
    assert [one["blocked"] for one in run(ada, "device", "list", "--person", olga.address)["results"]].count(True) == 1
    run(ada, "device", "unblock", *theirs)
    run(olga, "device", "revoke", spare.session.account.device, "--yes", "--reason", "Lost")
    more = [cast.enroll(f"spare{number}", olga.id, olga.address).session.account.device for number in range(2)]
    run(olga, "device", "revoke", *more, "--yes")
    run(ada, "service", "deactivate", "--yes", "--reason", "A test")
    run(ada, "service", "activate", "--yes", "--reason", "A test")
    gone = cast.join(f"leaver{uuid4().hex[:6]}", "contoso")
    run(gone, "leave", "--yes", "--reason", "Another job")
    _reading(cast, plan, commands)
    assert sorted({*leaves()} - commands.done) == sorted(SIGN_IN), "each says its result for programs in one form"
    assert sorted(commands.sent.keys() & PAGES.keys()) == sorted(PAGES)
    silent = {
        name: sorted(members - commands.sent[name] - {"confirm", "reason"} - NOT_NAMED.get(name, {}).keys())
        for name, members in operations().items()
        if name in PAGES
    }
    assert {name: members for name, members in silent.items() if members} == {}


def _organization(cast: Cast, commands: Commands) -> None:
    ada, run, yes = cast.ada, commands.run, ("--yes", "--reason", "A test")
    domain = f"d{uuid4().hex[:8]}.example"
    run(ada, "domain", "claim", domain)
    run(ada, "domain", "prove", domain, "--without-dns")
    run(ada, "domain", "show", domain)
    run(ada, "domain", "release", domain, *yes)
    made = run(ada, "application", "create", "--name", "archive", "--role", "connector")
    run(ada, "application", "code", made["client_id"])
    run(ada, "application", "disable", made["client_id"], *yes)
    first = next(one["id"] for one in run(ada, "key", "list")["results"] if one["status"] == "active")
    key = run(ada, "key", "create", "--suite", "p256")["id"]
    run(ada, "key", "activate", key, *yes)
    run(ada, "key", "activate", first, *yes)
    run(ada, "key", "compromise", key, *yes)
    run(ada, "key", "rotate", "--suite", "hybrid", *yes)
    numbers = {"max_license_days": 30, "lease_seconds": 0, "registration_days": 90}
    texts = {"suite": "hybrid", "keep_titles": "true", "contact": "help@contoso.example", "account_required": "false"}
    texts |= {"alarm_address": "alarms@contoso.example"}
    shown = {"tracking": "named", "untracked_group": "", "owners_restore": "false"}
    shown |= {"strength": "", "networks": "[]", "platforms_off": "[]"}
    changes = (f"{name}={value}" for name, value in {**numbers, **texts, **shown}.items())
    run(ada, "notices", "--of", "daily")
    run(ada, "notices")
    run(ada, "settings", *(word for change in changes for word in ("--set", change)))


def _addresses(cast: Cast, commands: Commands) -> None:
    olga, run, yes = cast.olga, commands.run, ("--yes", "--reason", "A test")
    more, alias = (f"olga{uuid4().hex[:6]}@{domain}.example" for domain in ("home", "contoso"))
    run(olga, "address", "add", more)
    run(olga, "address", "confirm", more, mailed_code())
    for one in (more, olga.address):
        run(olga, "address", "main", one)
    run(olga, "address", "remove", more, "--yes")
    theirs = ("--person", olga.address)
    run(cast.ada, "address", "add", alias, *theirs)
    assert {one["address"] for one in run(cast.ada, "address", "list", *theirs)["results"]} >= {alias, olga.address}
    run(cast.ada, "address", "main", olga.address, *theirs)
    run(cast.ada, "address", "remove", alias, "--person", alias, *yes)
    run(olga, "address", "list")


def _people(cast: Cast, commands: Commands) -> None:
    ada, run, yes = cast.ada, commands.run, ("--yes", "--reason", "A test")
    address = f"nora{uuid4().hex[:6]}@contoso.example"
    run(ada, "person", "create", address, "--name", "Nora", "--role", "user")
    run(ada, "person", "create", f"guest{uuid4().hex[:6]}@elsewhere.example", "--guest")
    run(ada, "person", "invite", address)
    run(ada, "person", "change", address, "--role", "auditor", *yes)
    run(ada, "role", "give", "key_manager", address, "--until", "30d", *yes)
    assert run(ada, "role", "list", "--role", "key manager")["results"]
    assert run(ada, "role", "rights", address)["roles"] == ["user", "auditor", "key_manager"]
    run(ada, "role", "end", "key_manager", address, *yes)
    run(ada, "role", "explain")
    run(ada, "person", "change", address, "--disable", *yes)
    both = (address, cast.join(f"other{uuid4().hex[:6]}", "contoso").address)
    for act in ("--enable", "--disable"):
        run(ada, "person", "change", *both, act, *yes)
    run(ada, "person", "invite", *both)
    run(ada, "acting", "begin", MAX, *yes)
    run(ada, "acting", "show")
    run(ada, "acting", "end")
    group = f"board{uuid4().hex[:6]}@contoso.example"
    run(ada, "group", "create", group, "--name", "Board", "--description", "Decides", "--member", MAX)
    names = ("--name", "The board", "--description", "Decides more")
    run(ada, "group", "change", group, "--add", cast.olga.address, "--remove", MAX, *names)
    run(ada, "group", "change", group, "--archive", *yes)
    run(ada, "group", "change", group, "--unarchive")
    run(ada, "group", "delete", group, *yes)
    run(ada, "person", "remove", address, *yes)


def _templates(cast: Cast, plan: Path, commands: Commands) -> None:
    ada, run = cast.ada, commands.run
    name = f"Partners {uuid4().hex[:6]}"
    words = (
        "--description",
        "For partners",
        "--expires-after-days",
        "30",
        "--scope",
        cast.olga.address,
        "--offered-to-legacy",
    )
    run(ada, "template", "create", name, "--grant", f"{RITA}:VIEW", *words, "--publish")
    run(ada, "template", "edit", name, "--grant", f"{MAX}:VIEW", "--name", f"{name} now", *words)
    name = f"{name} now"
    asked = run(ada, "template", "edit", name, "--grant", f"{RITA}:VIEW,PRINT", "--preview", "--days", "3")
    run(ada, "preview", "save", asked["id"], "--yes")
    run(ada, "template", "restore", name, "--version", "1")
    run(ada, "template", "archive", f"{name}".removesuffix(" now"), "--yes")
    called = name.removesuffix(" now")
    run(ada, "template", "copy", called, "--name", f"{called} copy")
    run(ada, "template", "delete", called, "--yes")
    run(ada, "template", "undelete", called)
    run(ada, "template", "publish", called)
    exported = plan.with_name("templates.json")
    run(ada, "template", "export", called, "-o", exported)
    run(ada, "template", "import", exported, "--yes")
    label = f"Label {uuid4().hex[:6]}"
    said = ("--description", "For partners", "--sensitivity", "500")
    run(ada, "label", "create", label, "--template", called, *said, "--publish")
    run(ada, "label", "edit", label, "--name", f"{label} now", *said, "--template", called)
    run(ada, "label", "archive", f"{label} now", "--yes")
    run(ada, "label", "publish", f"{label} now")
    sealed = protect(cast.olga, plan)
    run(cast.olga, "relabel", sealed.path, "--label", f"{label} now", "--justification", "Shared")
    _in_bulk(cast, plan, commands, f"{label} now")
    run(ada, "label", "archive", f"{label} now", "--yes")


def _in_bulk(cast: Cast, plan: Path, commands: Commands, label: str) -> None:
    olga, folder = cast.olga, plan.parent / "bulk"
    commands.monkeypatch.setenv("CHANCERY_HOME", str(cast.folder / "olga"))
    folder.mkdir()
    (folder / "plain.txt").write_text("plain")
    for words in (
        ("protect", folder, "--grant", f"{MAX}:VIEW"),
        ("report", folder),
        ("reprotect", folder, "--grant", f"{RITA}:VIEW"),
        ("relabel", folder, "--label", label),
        ("undo",),
        ("unprotect", folder),
        ("resume",),
        ("runs",),
        ("forget",),
    ):
        asks = words[0] not in {"report", "resume", "runs"}
        assert commands.run(olga, "bulk", *words, *(["--yes"] if asks else []))


def _documents(cast: Cast, plan: Path, commands: Commands) -> None:
    ada, olga, run = cast.ada, cast.olga, commands.run
    yes = ("--yes", "--reason", "A test")
    sealed = protect(olga, plan, f"{RITA}:VIEW", offline_days=0)
    run(olga, "change", sealed.cid, "--grant", f"{MAX}:VIEW", "--reason", "A test")
    run(olga, "change", sealed.cid, "--expires", "30d")
    run(olga, "revoke", sealed.cid, "--recipient", RITA, *yes)
    run(olga, "restore", sealed.cid, "--recipient", RITA)
    then = ("--at", "30d", "--message", "Use the other one", "--successor", protect(olga, plan).cid, "--issuer-too")
    made = run(ada, "revoke", sealed.cid, *then, *yes)
    assert [one["id"] for one in run(olga, "scheduled", "list")["results"]] == [made["scheduled"]]
    run(ada, "scheduled", "cancel", made["scheduled"])
    run(olga, "successor", sealed.cid, "--none")
    run(olga, "prelicense", protect(olga, plan, f"{MAX}:VIEW").path, "--to", MAX)
    _everywhere(cast, commands)
    both = (sealed.cid, protect(olga, plan).cid)
    assert [one["changed"] for one in run(olga, "revoke", *both, *yes)["results"]] == [True, True]
    assert [one["changed"] for one in run(olga, "restore", *both)["results"]] == [True, True]
    answers = (("grant", "--days", "3"), ("grant", "--rights", "viewer", "--lift"), ("decline", "--message", "Not now"))
    for command, *words in answers:
        person = cast.join(f"asker{uuid4().hex[:6]}", "contoso")
        refusal(person, sealed.path)
        asked = run(person, "request", sealed.path, "--note", "A test", "--level", "viewer")["id"]
        run(olga, command, asked, *words)
    for command, *words in (("grant", "--days", "3"), ("decline", "--message", "Not now")):
        asked = []
        for _ in range(2):
            person = cast.join(f"asker{uuid4().hex[:6]}", "contoso")
            refusal(person, sealed.path)
            asked.append(run(person, "request", sealed.path)["id"])
        assert [one["refused"] for one in run(olga, command, *asked, *words, "--yes")["results"]] == ["", ""]
    _hand_overs(cast, plan, commands)
    _names(cast, plan, commands)
    _decoys(cast, plan, commands)
    _budgets(cast, plan, commands)
    _blocks(cast, commands)
    _configuration(cast, plan, commands)
    _provisioning(cast, commands)
    _sign_on(cast, plan, commands)
    _super_users(cast, plan, commands)
    _read_permissions(cast, plan, commands)
    _recovery(cast, commands)
    for decision in ("accept", "block"):
        lost = cast.enroll(f"lost-{uuid4().hex[:6]}", olga.id, olga.address)
        protect(lost, plan)
        target = plan.with_name(f"{decision}.sealed")
        pending = lost.offline().protect(plan, ProtectOptions(grants=(f"{RITA}:VIEW",)), target=target)
        revoke_device(person_id=lost.id, device_id=lost.session.account.device, actor=ACTOR)
        refusal(cast.rita, pending.path)
        run(ada, "pending", decision, pending.cid, *(yes if decision == "block" else ()))


def _configuration(cast: Cast, plan: Path, commands: Commands) -> None:
    ada, run, file = cast.ada, commands.run, plan.with_name("settings.json")
    run(ada, "configuration", "show")
    run(ada, "configuration", "export", "--to", file)
    found = run(ada, "configuration", "export")
    run(ada, "settings", "--set", f"registration_days={found['settings']['registration_days'] + 1}")
    assert run(ada, "configuration", "import", file, "--yes", "--reason", "A test")["changed"]


def _read_permissions(cast: Cast, plan: Path, commands: Commands) -> None:
    ada, olga, run, yes = cast.ada, cast.olga, commands.run, ("--yes", "--reason", "A test")
    second = cast.join(f"reads{uuid4().hex[:6]}", "contoso", role="global_administrator")
    sealed, group = protect(olga, plan), f"g{uuid4().hex[:6]}@contoso.example"
    run(ada, "group", "create", group, "--name", "Readers", "--member", MAX)
    made = create_application(organization_id=cast.organizations["contoso"].id, name="Search", roles=(), actor=ACTOR)
    search = cast.know(made.client_id, made.person_id, "")
    with in_organization(cast.organizations["contoso"].id):
        template, used = templates(published_only=True)[0], labels()[0]
    scope = ("--template", template.id, "--label", used.id, "--owner", olga.address, "--group", group)
    dates = ("--since", "2026-01-01", "--until", "2030-01-01", "--document", sealed.cid, "--case", "1")
    declined = ("--kind", "all", *scope, *dates)
    for answer, options in (
        ("decline", declined),
        ("approve", ("--kind", "for_user", "--people-group", group, "--days", 2)),
        ("approve", ("--kind", "for_user", "--person", olga.address)),
    ):
        permission = run(ada, "read-permission", "ask", made.client_id, *options, *yes)["permission"]
        run(second, "read-permission", answer, permission, *yes)
    run(search, "view", sealed.path, "--read-permission", permission, "--for-person", olga.address)
    search.session.named = OWN
    asked = run(search, "read-permission", "readable", permission, sealed.cid, "--for-person", olga.address)
    assert asked["results"] == [{"cid": str(sealed.cid)}]
    run(ada, "read-permission", "list")
    run(ada, "read-permission", "show", permission)
    number_events(cast, "contoso")
    said = run(ada, "read-permission", "report", permission)
    assert [(one["cid"], one["for_person"]) for one in said["read"]] == [(str(sealed.cid), olga.address)]
    run(second, "read-permission", "withdraw", permission, *yes)


def _super_users(cast: Cast, plan: Path, commands: Commands) -> None:
    ada, olga, run, yes = cast.ada, cast.olga, commands.run, ("--yes", "--reason", "A test")
    second = cast.join(f"second{uuid4().hex[:6]}", "contoso", role="global_administrator")
    sealed, name = protect(olga, plan), f"a{uuid4().hex[:6]}"
    made = run(ada, "application", "create", "--name", name)
    group = f"g{uuid4().hex[:6]}@contoso.example"
    run(ada, "group", "create", group, "--name", "Counsel", "--member", MAX)
    for words in (("group", group), ("group", "--clear"), ("notice", 3), ("add", made["client_id"])):
        run(ada, "super-user", *words, *yes)
    run(ada, "super-user", "remove", name, *yes)
    run(ada, "super-user", "add", olga.address, *yes)
    run(ada, "super-user", "enable", *yes)
    run(ada, "super-user", "settings")
    with in_organization(cast.organizations["contoso"].id):
        template, used = templates(published_only=True)[0], labels()[0]
    scope = ("--document", sealed.cid, "--template", template.id, "--label", used.id, "--owner", olga.address)
    dates = ("--since", "2026-01-01", "--until", "2030-01-01")
    why = ("--hours", 2, "--case", "1", "--legal-ground", "A court's order", "--group", group)
    for answer, options in (("decline", (*scope, *dates, *why)), ("approve", scope[:2])):
        grant = run(olga, "super-user", "ask", *options, *yes)["grant"]
        run(second, "super-user", answer, grant, *yes)
    run(olga, "super-user", "list")
    run(olga, "super-user", "show", grant)
    run(olga, "view", sealed.path, "--super-user", grant)
    olga.session.named = OWN
    run(olga, "super-user", "end", grant, *yes)
    number_events(cast, "contoso")
    run(olga, "super-user", "report", grant)
    run(ada, "super-user", "disable", *yes)


def _recovery(cast: Cast, commands: Commands) -> None:
    slug, run, yes = f"reach{uuid4().hex[:6]}", commands.run, ("--yes", "--reason", "A test")
    cast.found(slug, f"one{slug}")
    asker, *keepers = (cast.join(f"{name}{slug}", slug) for name in ("asks", "first", "second"))
    run(cast.players[f"one{slug}"], "super-user", "enable", *yes)
    run(cast.players[f"one{slug}"], "super-user", "add", asker.address, *yes)
    run(cast.players[f"one{slug}"], "super-user", "recovery-keys", *(one.address for one in keepers), *yes)
    grant = run(asker, "super-user", "ask", *yes)["grant"]
    for one in keepers:
        key = run(one, "super-user", "recovery-key")["key"]
        run(one, "super-user", "present", grant, "--key", key)


def _everywhere(cast: Cast, commands: Commands) -> None:
    olga, run, yes = cast.olga, commands.run, ("--yes", "--reason", "A test")
    with in_organization(cast.organizations["contoso"].id):
        found, used = templates(published_only=True)[0], labels()[0]
    made = run(olga, "everywhere", "add", "new@contoso.example:VIEW until 30d", "--protected-from", "2020-01-01", *yes)
    run(olga, "everywhere", "replace", "new@contoso.example", "newer@contoso.example", *yes)
    under = ("--owner", olga.address, "--template", found.id, "--label", used.id, "--protected-until", "2100-01-01")
    run(cast.ada, "everywhere", "remove", "newer@contoso.example", "--all", *under, *yes)
    assert run(olga, "everywhere", "show", made["id"])["state"] == "done"
    run(olga, "everywhere", "undo", run(olga, "everywhere", "list")["results"][0]["id"], *yes)


def _names(cast: Cast, plan: Path, commands: Commands) -> None:
    ada, olga, run, yes = cast.ada, cast.olga, commands.run, ("--yes", "--reason", "A test")
    auditor = cast.join(f"auditor{uuid4().hex[:6]}", "contoso", role="auditor")
    sealed = protect(olga, plan)
    run(ada, "settings", "--set", "tracking=pseudonymous", "--yes")
    asked = run(olga, "names", "ask", sealed.cid, *yes)["id"]
    run(auditor, "names", "approve", asked, *yes)
    asked = run(olga, "names", "ask", sealed.cid, *yes)["id"]
    run(auditor, "names", "decline", asked, *yes)
    run(olga, "names", "list")
    run(auditor, "approvals")
    asked = run(ada, "names", "ask-all", *yes)["id"]
    run(auditor, "names", "approve", asked, *yes)
    hidden = run(ada, "group", "create", f"quiet{uuid4().hex[:6]}@contoso.example", "--name", "Quiet")["address"]
    run(ada, "group", "change", hidden, "--add", MAX)
    run(ada, "settings", "--set", f"untracked_group={hidden}", "--yes")
    asked = run(ada, "names", "ask-group", *yes)["id"]
    run(auditor, "names", "approve", asked, *yes)


def _blocks(cast: Cast, commands: Commands) -> None:
    run, yes = commands.run, ("--yes", "--reason", "A test")
    domain = f"d{uuid4().hex[:8]}.example"
    run(cast.ada, "block", "add", domain, "--subdomains", "--until", "30d", *yes)
    (made,) = run(cast.ada, "block", "list", "--search", domain)["results"]
    run(cast.ada, "block", "remove", made["id"], *yes)


def _budgets(cast: Cast, plan: Path, commands: Commands) -> None:
    ada, run, yes = cast.ada, commands.run, ("--yes", "--reason", "A test")
    sealed = [protect(cast.olga, plan, f"{MAX}:VIEW", offline_days=0) for _ in range(2)]
    terms = ("--openings", "1", "--minutes", "10", "--who", "person", "--name", MAX, "--owner", ada.address)
    made = run(ada, "budget", "make", *terms, "--ignore-grants", "--forget-copies")["id"]
    opening(cast.max, sealed[0].path)
    refusal(cast.max, sealed[1].path)
    assert run(cast.max, "pause", "show")["pause"]["state"] == "open"
    (paused,) = run(ada, "pause", "list", "--state", "open")["results"]
    run(ada, "pause", "release", paused["id"], *yes)
    run(cast.max, "pause", "confirm", "--yes")
    run(ada, "budget", "change", made, *terms, "--openings", "5", *yes)
    run(ada, "budget", "list")
    run(ada, "budget", "remove", made, *yes)


def _provisioning(cast: Cast, commands: Commands) -> None:
    ada, run, yes = cast.ada, commands.run, ("--yes", "--reason", "A test")
    contoso = cast.organizations["contoso"].id
    terms = ("--name", "Entra ID", "--may", "people", "--may", "groups", "--group-domain", "contoso.example")
    made = run(ada, "provisioning", "connect", *terms, "--dry-run")["id"]
    token = run(ada, "provisioning", "token", made, "--days", "30")["id"]
    run(ada, "provisioning", "change", made, "--no-dry-run")
    stop_connection(organization_id=contoso, connection_id=UUID(made), shut_out=20, actor=ACTOR)
    run(ada, "provisioning", "resume", made, *yes)
    for name in ("show", "tried"):
        run(ada, "provisioning", name, made)
    for name in ("list", "removed"):
        run(ada, "provisioning", name)
    run(ada, "provisioning", "revoke-token", made, token, "--yes")
    run(ada, "provisioning", "end", made, *yes)


def _sign_on(cast: Cast, plan: Path, commands: Commands) -> None:
    ada, run, yes = cast.ada, commands.run, ("--yes", "--reason", "A test")
    name = f"IdP {uuid4().hex[:6]}"
    Token.objects.filter(user_id=ada.id).update(
        data=RawSQL("jsonb_set(data, '{authentication,strength}', '\"mfa\"')", [])
    )
    written = plan.with_name("metadata.json")
    with described() as provider:
        written.write_text(json.dumps(provider.configuration), encoding="utf-8")
        terms = ("--name", name, "--client-id", "c", "--domain", "contoso.example")
        run(ada, "sign-on", "connect", *terms, "--metadata-url", provider.issuer, *yes)
        (made,) = [one["id"] for one in run(ada, "sign-on", "list")["results"] if one["name"] == name]
        run(ada, "sign-on", "connect", *("--name", f"{name} b"), *terms[2:], "--metadata", written, *yes)
        run(ada, "sign-on", "change", made, "--metadata-url", provider.issuer, *yes)
        run(ada, "sign-on", "change", made, "--metadata", written, *yes)
    settings = (
        *(
            "--name",
            f"{name} a",
            "--state",
            "test",
            "--client-id",
            "d",
            "--client-secret",
            "--domain",
            "contoso.example",
        ),
        *("--address-claim", "mail", "--name-claim", "cn", "--groups-claim", "g", "--no-groups"),
        *("--second-factor", "otp", "--asks-for", "gold", "--makes-accounts", "--break-glass", ada.address),
    )
    run(ada, "sign-on", "change", made, *settings, *yes)
    run(ada, "sign-on", "show", made)
    run(ada, "sign-on", "unlink", made, cast.max.address, *yes)
    run(ada, "sign-on", "end", made, *yes)


def _decoys(cast: Cast, plan: Path, commands: Commands) -> None:
    olga, run = cast.olga, commands.run
    sealed = protect(olga, plan)
    run(olga, "decoy", "mark", sealed.cid, "--note", "On the share")
    refusal(cast.max, sealed.path)
    number_events(cast, "contoso")
    with in_organization(cast.organizations["contoso"].id):
        raise_next()
    (raised,) = run(olga, "alarm", "list", "--document", sealed.cid)["results"]
    run(olga, "alarm", "acknowledge", raised["id"], "--note", "Seen")
    run(olga, "decoy", "list")
    run(olga, "decoy", "unmark", sealed.cid, "--yes", "--reason", "A test")


def _hand_overs(cast: Cast, plan: Path, commands: Commands) -> None:
    ada, olga, run, yes = cast.ada, cast.olga, commands.run, ("--yes", "--reason", "A test")
    second = cast.join(f"second{uuid4().hex[:6]}", "contoso", role="global_administrator")
    sealed = protect(olga, plan)
    run(olga, "hand-over", "documents", sealed.cid, "--to", MAX, "--yes")
    of = ("--owner", olga.address)
    with in_organization(cast.organizations["contoso"].id):
        found, used = templates(published_only=True)[0], labels()[0]
    under = protect(olga, plan, template=str(found.id))
    asked = run(ada, "hand-over", "documents", under.cid, "--to", MAX, *yes)["hand_overs"]
    run(second, "hand-over", "approve", asked[0]["id"], *yes)
    run(ada, "hand-over", "all", *of, "--to", MAX, "--label", used.id, *yes)
    asked = run(ada, "hand-over", "all", *of, "--to", MAX, *yes)["hand_overs"]
    run(second, "hand-over", "decline", asked[0]["id"], *yes)
    run(olga, "hand-over", "all", "--to", MAX, "--template", found.id, *yes)
    run(ada, "hand-over", "list")
    run(ada, "person", "departed")
    assert run(ada, "person", "offboarding", olga.address)["documents"]


def _reading(cast: Cast, plan: Path, commands: Commands) -> None:
    ada, olga, run = cast.ada, cast.olga, commands.run
    for one in LISTED:
        run(ada, one, "list")
    for one in (
        "templates",
        "labels",
        "documents",
        "requests",
        "rights",
        "whoami",
        "preferences",
        "settings",
        "audit",
        "shared",
    ):
        run(ada, one)
    run(ada, "template", "deleted")
    run(olga, "suggest", "max")
    name = run(ada, "template", "list")["results"][0]["id"]
    run(ada, "template", "history", name)
    run(ada, "template", "grant", name, "nina@elsewhere.example", "VIEW,PRINT")
    run(ada, "template", "withdraw", name, "nina@elsewhere.example", "PRINT", "--yes")
    run(ada, "verify-audit")
    preview = run(ada, "template", "edit", name, "--grant", f"{MAX}:VIEW", "--preview", "--days", "3")["id"]
    run(ada, "preview", "show", preview)
    source = plan.with_name("notes.txt")
    source.write_bytes(b"notes")
    sealed = Path(run(olga, "protect", source, "--grant", f"{RITA}:VIEW")["sealed"])
    for one in ("info", "verify"):
        run(olga, one, sealed)
    for one in ("policy", "track", "why"):
        run(olga, one, sealed)
    source.write_bytes(b"notes, edited")
    run(olga, "save", sealed, source)
    assert run(olga, "view", sealed)["text"] == "notes, edited\n"
    commands.monkeypatch.setenv("VISUAL", "true")
    assert not run(olga, "edit", sealed)["changed"]
    run(olga, "open", sealed, "-o", plan.with_name("opened.txt"))
    source.unlink()
    run(olga, "unprotect", sealed, "--yes")

"""Whatever the API can change, a command and a page can, under the same names; or the table says why not.

Each command is run against the service, and what it sends is held against the API's description: the operation itself,
and every member of its body that somebody may want to set.
"""

from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest

from chancery.cli import previews
from portal.runtime.bootstrap.environment import ROOT
from portal.web import urls, urls_base
from tests.cast import Cast
from tests.protection.reach.administration import (
    walk_addresses,
    walk_blocks,
    walk_budgets,
    walk_configuration,
    walk_directory_servers,
    walk_installations,
    walk_organization,
    walk_people,
    walk_provisioning,
    walk_read_permissions,
    walk_recovery,
    walk_sessions,
    walk_sign_on,
    walk_super_users,
)
from tests.protection.reach.commands import SIGN_IN, Commands, answered, leaves, operations
from tests.protection.reach.documents import walk_documents, walk_reading, walk_templates
from tests.protection.reach.table import ELSEWHERE, NOT_NAMED, PAGES


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
    walk_organization(cast, commands)
    walk_people(cast, commands)
    walk_templates(cast, plan, commands)
    walk_documents(cast, plan, commands)
    walk_budgets(cast, plan, commands)
    walk_blocks(cast, commands)
    walk_installations(cast, commands)
    walk_configuration(cast, plan, commands)
    walk_provisioning(cast, commands)
    walk_sign_on(cast, plan, commands)
    walk_directory_servers(cast, plan, commands)
    walk_super_users(cast, plan, commands)
    walk_read_permissions(cast, plan, commands)
    walk_recovery(cast, commands)
    run(olga, "preferences", "--name", "Olga", "--language", "en", "--time-zone", "Europe/Berlin")
    walk_addresses(cast, commands)
    walk_sessions(cast, commands)
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
    walk_reading(cast, plan, commands)
    assert sorted({*leaves()} - commands.done) == sorted(SIGN_IN), "each says its result for programs in one form"
    assert sorted(commands.sent.keys() & PAGES.keys()) == sorted(PAGES)
    silent = {
        name: sorted(members - commands.sent[name] - {"confirm", "reason"} - NOT_NAMED.get(name, {}).keys())
        for name, members in operations().items()
        if name in PAGES
    }
    assert {name: members for name, members in silent.items() if members} == {}

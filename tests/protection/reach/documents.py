"""Every command about documents and their policies, run once with every option that somebody may set."""

from pathlib import Path
from uuid import uuid4

from chancery.sdk.options import ProtectOptions
from protection.selectors.labels import labels
from protection.selectors.templates import templates
from protection.services.alarms import raise_next
from tenants.context import in_organization
from tenants.directory.services.revoke_device import revoke_device
from tests.cast import ACTOR, Cast
from tests.protection.reach.commands import LISTED, Commands
from tests.protection.steps import MAX, RITA, number_events, protect, refusal


def walk_templates(cast: Cast, plan: Path, commands: Commands) -> None:
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
    walk_in_bulk(cast, plan, commands, f"{label} now")
    run(ada, "label", "archive", f"{label} now", "--yes")


def walk_in_bulk(cast: Cast, plan: Path, commands: Commands, label: str) -> None:
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


def walk_documents(cast: Cast, plan: Path, commands: Commands) -> None:
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
    walk_everywhere(cast, commands)
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
    walk_hand_overs(cast, plan, commands)
    walk_names(cast, plan, commands)
    walk_decoys(cast, plan, commands)
    for decision in ("accept", "block"):
        lost = cast.enroll(f"lost-{uuid4().hex[:6]}", olga.id, olga.address)
        protect(lost, plan)
        target = plan.with_name(f"{decision}.sealed")
        pending = lost.offline().protect(plan, ProtectOptions(grants=(f"{RITA}:VIEW",)), target=target)
        revoke_device(person_id=lost.id, device_id=lost.session.account.device, actor=ACTOR)
        refusal(cast.rita, pending.path)
        run(ada, "pending", decision, pending.cid, *(yes if decision == "block" else ()))


def walk_everywhere(cast: Cast, commands: Commands) -> None:
    olga, run, yes = cast.olga, commands.run, ("--yes", "--reason", "A test")
    with in_organization(cast.organizations["contoso"].id):
        found, used = templates(published_only=True)[0], labels()[0]
    made = run(olga, "everywhere", "add", "new@contoso.example:VIEW until 30d", "--protected-from", "2020-01-01", *yes)
    run(olga, "everywhere", "replace", "new@contoso.example", "newer@contoso.example", *yes)
    under = ("--owner", olga.address, "--template", found.id, "--label", used.id, "--protected-until", "2100-01-01")
    run(cast.ada, "everywhere", "remove", "newer@contoso.example", "--all", *under, *yes)
    assert run(olga, "everywhere", "show", made["id"])["state"] == "done"
    run(olga, "everywhere", "undo", run(olga, "everywhere", "list")["results"][0]["id"], *yes)


def walk_names(cast: Cast, plan: Path, commands: Commands) -> None:
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


def walk_decoys(cast: Cast, plan: Path, commands: Commands) -> None:
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


def walk_hand_overs(cast: Cast, plan: Path, commands: Commands) -> None:
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


def walk_reading(cast: Cast, plan: Path, commands: Commands) -> None:
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

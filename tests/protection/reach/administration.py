"""Every command of administration, run once with every option that somebody may set."""

import json
from pathlib import Path
from uuid import UUID, uuid4

from allauth.idp.oidc.models import Token
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db.models.expressions import RawSQL
from django.test import override_settings

from chancery.sdk.named_access import OWN
from protection.selectors.labels import labels
from protection.selectors.templates import templates
from tenants.connections.services.change_connection import stop_connection
from tenants.context import in_organization
from tenants.directory.services.create_application import create_application
from tenants.directory_servers.models import Run
from tests.cast import ACTOR, Cast
from tests.cast import BASE as AT_BASE
from tests.directory_server.running import BASE, READER, person, running
from tests.identity_provider.described import described
from tests.identity_provider.saml import metadata_of, signer
from tests.protection.directory_server import Connected
from tests.protection.reach.commands import Commands
from tests.protection.steps import MAX, number_events, opening, protect, refusal
from tests.protection.test_individuals import some_domain, started
from tests.protection.test_own_addresses import mailed_code
from tests.protection.test_take_overs import a_week_later


def walk_organization(cast: Cast, commands: Commands) -> None:
    ada, run, yes = cast.ada, commands.run, ("--yes", "--reason", "A test")
    domain = f"d{uuid4().hex[:8]}.example"
    run(ada, "domain", "claim", domain)
    run(ada, "domain", "prove", domain, "--without-dns")
    run(ada, "domain", "show", domain)
    run(ada, "domain", "release", domain, *yes)
    made = run(ada, "application", "create", "--name", "archive", "--role", "connector")
    run(ada, "application", "code", made["client_id"])
    team = f"t{uuid4().hex[:6]}@contoso.example"
    run(ada, "group", "create", team, "--name", "Team")
    run(ada, "role", "give", "connector", made["client_id"], "--for-group", team, *yes)
    run(ada, "application", "add-secret", made["client_id"], "--name", "second", "--days", "30")
    pem = cast.folder / "key.pem"
    public = Ed25519PrivateKey.generate().public_key()
    pem.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    run(ada, "application", "add-key", made["client_id"], "--name", "its key", "--days", "30", "--file", pem)
    with described() as provider:
        address = ("--url", f"{provider.issuer}/keys")
        run(ada, "application", "add-key", made["client_id"], "--name", "its address", "--days", "30", *address)
    (given,) = [
        one["id"]
        for one in run(ada, "application", "credentials", made["client_id"])["results"]
        if one["name"] == "its key"
    ]
    run(ada, "application", "end-credential", made["client_id"], given, *yes)
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
    shown |= {"strength": "", "networks": "[]", "platforms_off": "[]", "times": "[]"}
    shown |= {"protectors": "[]", "protectors_on": "[]", "protecting_off": "[]"}
    numbers |= {"browser_idle_minutes": 480, "browser_hours": 100, "program_idle_days": 60, "program_days": 300}
    changes = (f"{name}={value}" for name, value in {**numbers, **texts, **shown}.items())
    run(ada, "notices", "--of", "daily")
    run(ada, "notices")
    run(ada, "settings", *(word for change in changes for word in ("--set", change)))


def walk_addresses(cast: Cast, commands: Commands) -> None:
    olga, run, yes = cast.olga, commands.run, ("--yes", "--reason", "A test")
    more, alias = (f"olga{uuid4().hex[:6]}@{domain}.example" for domain in ("home", "contoso"))
    run(olga, "address", "add", more)
    run(olga, "address", "confirm", more, mailed_code())
    for one in (more, olga.address):
        run(olga, "address", "main", one)
    run(olga, "address", "remove", more, "--yes")
    run(cast.ada, "contact", "add", more, "--name", "Olga at home")
    run(cast.ada, "contact", "list", "--search", "home")
    run(cast.ada, "contact", "remove", more)
    twin = cast.enroll("twin", cast.join("twin", "contoso").id, "twin@contoso.example")
    code = run(twin, "account", "code")["code"]
    run(olga, "account", "merge", code, "--yes")
    theirs = ("--person", olga.address)
    run(cast.ada, "address", "add", alias, *theirs)
    assert {one["address"] for one in run(cast.ada, "address", "list", *theirs)["results"]} >= {alias, olga.address}
    run(cast.ada, "address", "main", olga.address, *theirs)
    run(cast.ada, "address", "remove", alias, "--person", alias, *yes)
    run(olga, "address", "list")
    run(olga, "organization", "start", olga.address, "--name", "Olga")
    domain = some_domain()
    taker, place = started(cast, f"ada@{domain}")
    with override_settings(CHANCERY_PUBLIC_MAIL_DOMAINS=frozenset({public := some_domain()})):
        single, _ = started(cast, f"nina@{public}")
        run(single, "organization", "end", *yes)
    run(taker, "organization", "record", domain)
    run(taker, "organization", "announce", domain, "--without-dns", *yes)
    run(taker, "organization", "call-off", domain)
    run(taker, "organization", "announce", domain, "--without-dns", *yes)
    a_week_later(place.id)
    run(taker, "organization", "take-over", domain, "--without-dns", *yes)


def walk_sessions(cast: Cast, commands: Commands) -> None:
    olga, run, yes = cast.olga, commands.run, ("--yes", "--reason", "A test")

    def more(name: str) -> str:
        enrolled = cast.enroll(name, olga.id, olga.address).session.account.device
        return next(one["id"] for one in run(olga, "session", "list")["results"] if str(enrolled) in one["devices"])

    run(olga, "session", "end", more("olga-one"), "--yes")
    run(cast.ada, "session", "end", more("olga-two"), "--person", olga.address, *yes)
    more("olga-three")
    run(olga, "session", "end-others", "--yes")
    spare = cast.enroll("olga-spare", olga.id, olga.address).session.account.device
    run(olga, "device", "lost", spare, "--yes")
    spare = cast.enroll("olga-other", olga.id, olga.address).session.account.device
    code = run(cast.ada, "device", "loss-code", "--person", olga.address, *yes)["code"]
    named = ("--address", olga.address, "--code", code, "--host", AT_BASE)
    assert str(spare) in {one["id"] for one in run(olga, "device", "list-by-code", *named)["results"]}
    run(olga, "device", "lost", spare, *named, "--yes")
    late = cast.join(f"late{uuid4().hex[:6]}", "contoso")
    assert run(late, "session", "list")["results"]
    assert run(cast.ada, "session", "list", "--person", late.address)["results"]
    run(cast.ada, "session", "end-all", "--person", late.address, *yes)


def walk_reviews(cast: Cast, commands: Commands, group: str) -> None:
    ada, run, yes = cast.ada, commands.run, ("--yes", "--reason", "A test")
    run(ada, "group", "change", group, "--add", MAX)
    named = ("--of", "groups", "--group", group, "--reviewer", ada.address)
    made = run(ada, "review", "start", "Board", *named, "--days", "5", "--every-months", "3", "--removes", *yes)["id"]
    assert run(ada, "review", "list")["results"]
    first, second = (str(one["id"]) for one in run(ada, "review", "show", made, "--open")["results"])
    run(ada, "review", "keep", made, first, *yes)
    run(ada, "review", "remove", made, second, *yes)
    run(ada, "review", "export", made, "--as", "json", "-o", str(cast.folder / f"{uuid4().hex[:6]}.json"))
    run(ada, "review", "close", made, *yes)


def walk_people(cast: Cast, commands: Commands) -> None:
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
    run(ada, "service", "invalidate-licenses", "--group", group, "--yes")
    names = ("--name", "The board", "--description", "Decides more")
    run(ada, "group", "change", group, "--add", cast.olga.address, "--remove", MAX, *names)
    walk_reviews(cast, commands, group)
    run(ada, "group", "change", group, "--archive", *yes)
    run(ada, "group", "change", group, "--unarchive")
    run(ada, "group", "delete", group, *yes)
    run(ada, "person", "remove", address, *yes)


def walk_configuration(cast: Cast, plan: Path, commands: Commands) -> None:
    ada, run, file = cast.ada, commands.run, plan.with_name("settings.json")
    run(ada, "configuration", "show")
    run(ada, "configuration", "export", "--to", file)
    found = run(ada, "configuration", "export")
    run(ada, "settings", "--set", f"registration_days={found['settings']['registration_days'] + 1}")
    assert run(ada, "configuration", "import", file, "--yes", "--reason", "A test")["changed"]


def walk_blocks(cast: Cast, commands: Commands) -> None:
    run, yes = commands.run, ("--yes", "--reason", "A test")
    domain = f"d{uuid4().hex[:8]}.example"
    run(cast.ada, "block", "add", domain, "--subdomains", "--until", "30d", *yes)
    (made,) = run(cast.ada, "block", "list", "--search", domain)["results"]
    run(cast.ada, "block", "remove", made["id"], *yes)


def walk_installations(cast: Cast, commands: Commands) -> None:
    ada, run, host = cast.ada, commands.run, f"h{uuid4().hex[:8]}.example"
    run(ada, "installation", "forbid", host, "--yes", "--reason", "A test")
    assert host in {one["host"] for one in run(ada, "installation", "list")["results"]}
    run(ada, "installation", "records")
    run(ada, "installation", "allow", host)


def walk_budgets(cast: Cast, plan: Path, commands: Commands) -> None:
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


def walk_provisioning(cast: Cast, commands: Commands) -> None:
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


def walk_directory_servers(cast: Cast, plan: Path, commands: Commands) -> None:
    ada, run, yes = cast.ada, commands.run, ("--yes", "--reason", "A test")
    folder = plan.with_name("slapd")
    with running(folder, [person("l1"), person("l2")]) as server:
        place = ("--host", "localhost", "--port", str(server.secure_port), "--security", "ldaps")
        trusted = ("--authority", folder / "tls" / "authority.pem", "--bind-name", READER, "--password")
        what = (
            "--people-base",
            f"ou=people,{BASE}",
            "--people-filter",
            "(uid=l*)",
            "--groups-base",
            f"ou=groups,{BASE}",
        )
        more = (
            "--groups-filter",
            "(cn=*)",
            "--attribute",
            "title=title",
            "--every-minutes",
            "0",
            "--most-percent",
            "20",
        )
        new = ("--name", "Contoso LDAP", "--kind", "openldap", "--group-domain", "contoso.example")
        made = run(ada, "ldap", "connect", *new, *place, *trusted, *what, *more)["id"]
        run(ada, "ldap", "change", made, *place, *trusted, *what, *more, "--most-percent", "10")
        Connected(cast, cast.organizations["contoso"].id, UUID(made)).give_password()
        run(ada, "ldap", "test", made)
        asked = run(ada, "ldap", "try", made)["id"]
        run(ada, "ldap", "found", made, asked)
        run(ada, "ldap", "give-up", made, asked)
        asked = run(ada, "ldap", "run", made, "--changes")["id"]
        Run.objects.within(cast.organizations["contoso"].id).filter(id=asked).update(state="stopped")
        run(ada, "ldap", "let-through", made, asked, *yes)
    for name in ("show", "runs"):
        run(ada, "ldap", name, made)
    run(ada, "ldap", "list")
    run(ada, "ldap", "end", made, *yes)


def walk_sign_on(cast: Cast, plan: Path, commands: Commands) -> None:
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
    by_saml = f"{name} c"
    written.write_text(metadata_of(signer()), encoding="utf-8")
    run(ada, "sign-on", "connect", "--protocol", "saml", "--name", by_saml, *terms[4:], "--metadata", written, *yes)
    (speaks_saml,) = [one["id"] for one in run(ada, "sign-on", "list")["results"] if one["name"] == by_saml]
    run(ada, "sign-on", "change", speaks_saml, "--key", "new", *yes)
    run(ada, "sign-on", "change", speaks_saml, "--key", "use", "--subject-claim", "uid", *yes)
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


def walk_super_users(cast: Cast, plan: Path, commands: Commands) -> None:
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


def walk_recovery(cast: Cast, commands: Commands) -> None:
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


def walk_read_permissions(cast: Cast, plan: Path, commands: Commands) -> None:
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

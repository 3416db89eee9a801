"""Users over SCIM: made, read, replaced, changed, disabled and deleted, and never more than the connection may."""

import threading
from typing import Any
from uuid import UUID, uuid4

import pytest
from allauth.account.models import EmailAddress
from allauth.idp.oidc.models import Token
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chancery.errors import ChanceryError
from tenants.connections.selectors import dry_runs_of, removed_by_provisioning
from tenants.directory.models import Membership
from tenants.directory.selectors.groups import group_in
from tenants.directory.selectors.people import person_in
from tests.cast import Cast
from tests.protection.scim.client import BULK, PATCH, SEARCH, USER, Scim, connected, fresh, group, user
from tests.protection.steps import ledger, opening, protect, watched

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


@pytest.fixture(scope="module")
def scim(cast: Cast) -> Scim:
    return connected(cast)


@pytest.fixture(scope="module")
def contoso(cast: Cast) -> UUID:
    return cast.organizations["contoso"].id


def test_what_is_answered_is_what_is_kept(scim: Scim, contoso: UUID) -> None:
    name = fresh()
    made = scim.make(
        name.upper(),
        externalId="E-1",
        name={"givenName": "Mia", "familyName": "Ley", "honorificPrefix": "Dr"},
        title="Lead",
        nickName="Mi",
        password="secret",
        emails=[{"value": "mia@elsewhere.test", "type": "home"}],
        **{ENTERPRISE: {"department": "Sales", "costCenter": "9"}},
    )
    assert made["userName"] == name
    assert (made["active"], made["externalId"], made["title"]) == (True, "E-1", "Lead")
    assert made["name"] == {"givenName": "Mia", "familyName": "Ley"}
    assert made["emails"] == [{"value": "mia@elsewhere.test", "type": "home"}]
    assert made[ENTERPRISE] == {"department": "Sales"}
    assert not {"nickName", "password"} & made.keys()
    assert scim.done("GET", f"Users/{made['id']}") == made
    person = person_in(contoso, UUID(made["id"]))
    assert (person.name, person.roles, person.guest, person.email) == ("Mia Ley", ("user",), False, name)
    assert [one.address for one in person.addresses] == [name], "an address outside the domains is no way in"


def test_user_names_are_addresses_of_the_organization_and_unique(cast: Cast, scim: Scim) -> None:
    taken = scim.make()["userName"]
    scim.refused("POST", "Users", user(taken), status=409, scim_type="uniqueness")
    scim.refused("POST", "Users", user(cast.max.address), status=409, scim_type="uniqueness")
    scim.refused("POST", "Users", user("x@fabrikam.example"), status=400, scim_type="invalidValue")
    scim.refused("POST", "Users", user("no address"), status=400, scim_type="invalidValue")
    scim.refused("POST", "Users", {"schemas": [USER]}, status=400, scim_type="invalidValue")
    other = scim.make()
    rename = {"op": "replace", "path": "userName", "value": taken}
    scim.refused(
        "PATCH",
        f"Users/{other['id']}",
        {"schemas": [PATCH], "Operations": [rename]},
        status=409,
        scim_type="uniqueness",
    )


def test_disabling_takes_everything_at_once_and_enabling_gives_it_back(cast: Cast, scim: Scim, plan: Any) -> None:
    person = cast.join(f"u{uuid4().hex[:6]}", "contoso")
    sealed = protect(cast.olga, plan, f"{person.address}:VIEW", offline_days=0)
    opening(person, sealed.path)
    (found,) = scim.found("Users", f'userName eq "{person.address.upper()}"')
    assert UUID(found) == person.id
    shown = scim.patch(f"Users/{found}", {"op": "Replace", "path": "active", "value": "False"})
    assert shown["active"] is False
    with pytest.raises(ChanceryError):
        person.session.own_organization(None).call("GET", "/api/v1/documents")
    assert not Token.objects.filter(user_id=person.id).exists()
    (event,) = [one for one in ledger(cast, "contoso", "person.disabled") if person.address in str(one.personal)]
    assert event.personal["application"] is True
    scim.patch(f"Users/{found}", {"op": "replace", "value": {"active": True}})
    opening(cast.know(f"again{uuid4().hex[:6]}", person.id, person.address), sealed.path)


def test_deleting_hides_a_person_and_loses_nothing(cast: Cast, scim: Scim, contoso: UUID) -> None:
    made = scim.make(externalId="D-1")
    person = UUID(made["id"])
    grouped = scim.done("POST", "Groups", group("", made["id"]), 201)
    assert scim.done("DELETE", f"Users/{made['id']}", status=204) is None
    scim.refused("GET", f"Users/{made['id']}", status=404)
    assert scim.found("Users", f'userName eq "{made["userName"]}"') == []
    assert group_in(contoso, UUID(grouped["id"])).members == ()
    facts = person_in(contoso, person)
    assert (facts.disabled, facts.email) == (True, made["userName"])
    assert made["userName"] in [one.address for one in removed_by_provisioning(contoso)]
    same = scim.make(made["userName"], externalId="D-1")
    assert same["id"] == made["id"], "the same person at the provider comes back as who they were"
    assert not person_in(contoso, person).disabled
    scim.done("DELETE", f"Users/{made['id']}", status=204)
    other = scim.make(made["userName"], externalId="D-2")
    assert other["id"] != made["id"], "a successor inherits nothing"
    assert Membership.objects.within(contoso).get(person_id=person).removed_at is not None
    assert made["userName"] not in [one.address for one in removed_by_provisioning(contoso)]


def test_a_new_user_name_is_an_address_and_no_way_in(scim: Scim, contoso: UUID) -> None:
    made, name, alias = scim.make(), fresh(), fresh()
    mail.outbox.clear()
    shown = scim.patch(
        f"Users/{made['id']}",
        {"op": "replace", "path": "userName", "value": name},
        {"op": "add", "path": "emails", "value": [{"value": alias, "type": "other"}]},
    )
    assert shown["userName"] == name
    assert scim.found("Users", f'userName eq "{name}"') == [made["id"]]
    person = person_in(contoso, UUID(made["id"]))
    assert person.email == made["userName"]
    assert {one.address for one in person.addresses if one.proven_by} == {made["userName"], name, alias}
    signs_in = EmailAddress.objects.filter(user_id=person.id, verified=True)
    assert list(signs_in.values_list("email", flat=True)) == [made["userName"]]
    scim.patch(f"Users/{made['id']}", {"op": "remove", "path": f'emails[value eq "{alias}"]'})
    left = person_in(contoso, UUID(made["id"])).addresses
    assert {one.address for one in left if one.proven_by} == {made["userName"], name}


def test_versions(scim: Scim) -> None:
    made = scim.make()
    path, version = f"Users/{made['id']}", made["meta"]["version"]
    assert scim.ask("GET", path, **{"If-None-Match": version}).status_code == 304
    body = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "title", "value": "A"}]}
    assert scim.ask("PATCH", path, body, **{"If-Match": version}).status_code == 200
    for method, sent in (("PATCH", body), ("PUT", user(made["userName"])), ("DELETE", None)):
        assert scim.ask(method, path, sent, **{"If-Match": version}).status_code == 412
    assert scim.ask("GET", path, **{"If-None-Match": version}).status_code == 200
    assert scim.ask("DELETE", path, **{"If-Match": "*"}).status_code == 204


FILTERS = (
    ('userName eq "{a}"', "a"),
    ('USERNAME Eq "{A}"', "a"),
    ('userName sw "{p}" and userName ne "{a}"', "b"),
    ('userName sw "{p}" and not (externalId eq "{x}")', "b"),
    ('externalId eq "{x}"', "a"),
    ('userName sw "{p}" and externalId pr', "a"),
    ('userName sw "{p}" and (title eq "LEAD" or title eq "none")', "a"),
    ('userName sw "{p}" and title co "ea"', "a"),
    ('userName sw "{p}" and name.familyName ew "y"', "a"),
    ('userName sw "{p}" and displayName gt "c"', "b"),
    ('userName sw "{p}" and active eq false', "b"),
    ('emails[type eq "work" and value eq "{e}"]', "a"),
    ('emails.value eq "{e}"', "a"),
    ('emails eq "{e}"', "a"),
    ('userName sw "{p}" and emails[type eq "home"]', ""),
    ('userName sw "{p}" and urn:ietf:params:scim:schemas:core:2.0:User:title eq "lead"', "a"),
    ('userName sw "{p}" and ' + ENTERPRISE + ':department eq "sales"', "a"),
    ('userName sw "{p}" and meta.created gt "2020-01-01T00:00:00Z"', "ab"),
    ('userName sw "{p}" and meta.lastModified lt "2020-01-01T00:00:00Z"', ""),
    ('id eq "{id}"', "a"),
)


def test_filters(scim: Scim) -> None:
    prefix = f"f{uuid4().hex[:8]}"
    email = f"{prefix}@elsewhere.test"
    both = {
        "a": scim.make(
            f"{prefix}a@contoso.example",
            externalId=f"{prefix}_%",
            title="Lead",
            displayName="Abe",
            name={"familyName": "Ley"},
            emails=[{"value": email, "type": "work"}],
            **{ENTERPRISE: {"department": "Sales"}},
        ),
        "b": scim.make(f"{prefix}b@contoso.example", displayName="Dee", active=False),
    }
    values = {
        "a": both["a"]["userName"],
        "A": both["a"]["userName"].upper(),
        "p": prefix,
        "x": f"{prefix}_%",
        "e": email.upper(),
        "id": both["a"]["id"],
    }
    for text, names in FILTERS:
        found = scim.found("Users", text.format(**values))
        assert sorted(found) == sorted(both[name]["id"] for name in names), text
    assert scim.found("Users", f'externalId eq "{prefix}__"') == [], "a pattern's letters mean themselves"
    for bad in ('userName zz "x"', "userName eq", 'password eq "x"', 'nickName eq "x"', "active gt true"):
        scim.refused(
            "POST", "Users/.search", {"schemas": [SEARCH], "filter": bad}, status=400, scim_type="invalidFilter"
        )
    many = " or ".join(['userName eq "x"'] * 50)
    scim.refused("POST", "Users/.search", {"schemas": [SEARCH], "filter": many}, status=400, scim_type="invalidFilter")


def test_sorting_and_paging(scim: Scim) -> None:
    prefix = f"s{uuid4().hex[:8]}"
    made = [scim.make(f"{prefix}{number}@contoso.example", title="cba"[number])["id"] for number in range(3)]
    text = f'userName sw "{prefix}"'
    assert scim.found("Users", text, sortBy="userName") == made
    assert scim.found("Users", text, sortBy="title") == made[::-1]
    assert scim.found("Users", text, sortBy="userName", sortOrder="descending") == made[::-1]
    assert scim.found("Users", text, sortBy="userName", startIndex=2, count=1) == made[1:2]
    none = scim.done("GET", f"Users?count=0&filter=userName%20sw%20%22{prefix}%22")
    assert (none["totalResults"], none["Resources"]) == (3, [])
    one = scim.done("GET", f"Users/{made[0]}?attributes=title")
    assert set(one) == {"schemas", "id", "title"}
    assert "title" not in scim.done("GET", f"Users/{made[0]}?excludedAttributes=title,name")


def test_what_a_list_costs_does_not_grow(scim: Scim) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as seen:
            scim.done("GET", "Users?count=200")
        return len(seen)

    statements()
    before = statements()
    for _ in range(3):
        scim.make()
    assert statements() == before


def test_two_requests_make_one_person_once(cast: Cast, scim: Scim) -> None:
    name = fresh()
    answers: list[int] = []

    def make() -> None:
        try:
            answers.append(Scim(scim.id, scim.token, "contoso").ask("POST", "Users", user(name)).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=make) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(answers) == [201, 409, 409]


def test_a_connection_reaches_no_role_and_no_other_organization(cast: Cast, scim: Scim, contoso: UUID) -> None:
    (ada,) = scim.found("Users", f'userName eq "{cast.ada.address}"')
    for change in (
        {"op": "replace", "path": "active", "value": False},
        {"op": "replace", "path": "userName", "value": fresh()},
        {"op": "add", "path": "emails", "value": [{"value": fresh(), "type": "other"}]},
    ):
        body = {"schemas": [PATCH], "Operations": [change]}
        scim.refused("PATCH", f"Users/{ada}", body, status=403)
    seen = watched(cast, "contoso", "call.refused")
    scim.refused("DELETE", f"Users/{ada}", status=403)
    assert len(seen()) == 1
    scim.patch(f"Users/{cast.max.id}", {"op": "add", "path": "roles", "value": [{"value": "global_administrator"}]})
    given = user(cast.max.address, roles=[{"value": "global_administrator"}], active=True)
    assert "roles" not in scim.done("PUT", f"Users/{cast.max.id}", given)
    assert scim.make(roles=[{"value": "auditor"}]).get("roles") is None
    assert (person_in(contoso, cast.ada.id).roles, person_in(contoso, cast.max.id).roles) == (
        ("user", "global_administrator"),
        ("user",),
    )
    assert not person_in(contoso, cast.ada.id).disabled
    for method in ("GET", "PUT", "DELETE"):
        sent = user(cast.rita.address) if method == "PUT" else None
        scim.refused(method, f"Users/{cast.rita.id}", sent, status=404)
    other = connected(cast, slug="fabrikam")
    assert scim.ask("GET", "Users", token=other.token).status_code == 401


def test_with_roles_people_who_hold_one_can_be_disabled(cast: Cast) -> None:
    strong = connected(cast, "people", "roles")
    auditor = cast.join(f"a{uuid4().hex[:6]}", "contoso", role="auditor")
    shown = strong.patch(f"Users/{auditor.id}", {"op": "replace", "path": "active", "value": False})
    assert shown["active"] is False
    change = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "userName", "value": fresh()}]}
    strong.refused("PATCH", f"Users/{auditor.id}", change, status=403)


def test_a_connection_that_shuts_out_too_many_is_stopped(cast: Cast, settings: Any, contoso: UUID) -> None:
    scim = connected(cast, "people")
    made = [scim.make() for _ in range(4)]
    settings.CHANCERY_PROVISIONING_LEAST, settings.CHANCERY_PROVISIONING_PERCENT = 2, 0
    mail.outbox.clear()
    for one in made[:2]:
        scim.done("DELETE", f"Users/{one['id']}", status=204)
    told = scim.refused("DELETE", f"Users/{made[2]['id']}", status=403)
    assert "stopped" in told
    assert not person_in(contoso, UUID(made[2]["id"])).disabled
    scim.refused("POST", "Users", user(fresh()), status=403)
    scim.done("GET", f"Users/{made[2]['id']}")
    assert ledger(cast, "contoso", "provisioning.stopped")


def test_a_dry_run_changes_nothing_and_says_what_it_would(cast: Cast, contoso: UUID) -> None:
    scim = connected(cast, dry_run=True)
    name = fresh()
    told = scim.refused("POST", "Users", user(name, title="Lead"), status=403)
    assert told.startswith("Dry run")
    assert scim.found("Users", f'userName eq "{name}"') == []
    before = person_in(contoso, cast.max.id)
    scim.refused("DELETE", f"Users/{cast.max.id}", status=403)
    change = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "active", "value": False}]}
    scim.refused("PATCH", f"Users/{cast.max.id}", change, status=403)
    assert person_in(contoso, cast.max.id) == before
    rows = dry_runs_of(scim.id, organization_id=contoso, limit=10)
    assert [(one.method, one.what, one.status) for one in rows] == [
        ("PATCH", cast.max.address, 200),
        ("DELETE", cast.max.address, 204),
        ("POST", name, 201),
    ]
    assert rows[0].changes == ("active: true → false",)
    assert f"userName: – → {name}" in rows[2].changes


def test_tokens_that_are_over_and_bodies_that_are_none(cast: Cast, scim: Scim) -> None:
    answer = scim.ask("GET", "Users", token="chancery-scim-wrong")
    assert (answer.status_code, answer["Content-Type"]) == (401, "application/scim+json")
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert scim.browser.get("/scim/v2/Users").status_code == 401
    assert scim.refused("GET", "Me", status=501)
    assert scim.refused("GET", "nothing/here", status=404)
    assert scim.refused("PUT", "Users", user(fresh()), status=405)
    assert scim.refused("GET", f"Users/{uuid4()}", status=404)
    assert scim.refused("GET", "Users/not-an-id", status=404)
    scim.refused("POST", "Users", b"{", status=400, scim_type="invalidSyntax")
    scim.refused("POST", "Users", b"[]", status=400, scim_type="invalidSyntax")
    scim.refused("POST", "Users", b'{"a":' * 50 + b"1" + b"}" * 50, status=400, scim_type="invalidSyntax")
    scim.refused("POST", "Users", b'"' + b"x" * 1_100_000 + b'"', status=413, scim_type="tooMany")
    wrong = scim.browser.post(
        "/scim/v2/Users",
        "a=b",
        content_type="application/x-www-form-urlencoded",
        headers={"Authorization": f"Bearer {scim.token}"},
    )
    assert wrong.status_code == 415
    assert scim.refused("GET", "Schemas?filter=id%20pr", status=403)


def test_bulk(scim: Scim) -> None:
    name, other = fresh(), fresh()
    operations = [
        {"method": "POST", "path": "/Groups", "bulkId": "g", "data": group("", "bulkId:u")},
        {"method": "POST", "path": "/Users", "bulkId": "u", "data": user(name)},
        {"method": "POST", "path": "/Groups", "bulkId": "g", "data": group("", "bulkId:u")},
        {
            "method": "PATCH",
            "path": "/Users/bulkId:u",
            "data": {"schemas": [PATCH], "Operations": [{"op": "add", "path": "title", "value": "Lead"}]},
        },
        {"method": "POST", "path": "/Users", "bulkId": "v", "data": user(name)},
        {"method": "POST", "path": "/Users", "bulkId": "w", "data": user(other)},
    ]
    answer = scim.done("POST", "Bulk", {"schemas": [BULK], "Operations": operations})
    assert [one["status"] for one in answer["Operations"]] == ["400", "201", "201", "200", "409", "201"]
    assert answer["Operations"][4]["response"]["scimType"] == "uniqueness"
    (found,) = scim.found("Users", f'userName eq "{name}"')
    assert scim.done("GET", f"Users/{found}")["title"] == "Lead"
    assert answer["Operations"][1]["location"].endswith(f"/scim/v2/Users/{found}")
    limited = {
        "schemas": [BULK],
        "failOnErrors": 1,
        "Operations": [operations[4], {**operations[5], "data": user(fresh())}],
    }
    assert len(scim.done("POST", "Bulk", limited)["Operations"]) == 1
    scim.refused(
        "POST", "Bulk", {"schemas": [BULK], "Operations": [operations[4]] * 101}, status=413, scim_type="tooMany"
    )

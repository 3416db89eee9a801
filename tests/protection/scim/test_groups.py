"""Groups over SCIM: made, changed member by member, and deleted; discovery and what providers really send."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tenants.directory.models import GroupMember
from tenants.directory.selectors.groups import group_in
from tests.cast import Cast
from tests.protection.scim.client import GROUP, PATCH, USER, Scim, connected, fresh, group, user
from tests.protection.steps import opening, protect, refusal

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


@pytest.fixture(scope="module")
def scim(cast: Cast) -> Scim:
    return connected(cast)


@pytest.fixture(scope="module")
def contoso(cast: Cast) -> UUID:
    return cast.organizations["contoso"].id


@pytest.fixture(scope="module")
def people(scim: Scim) -> list[str]:
    return [scim.make()["id"] for _ in range(3)]


def members(scim: Scim, found: str) -> set[str]:
    return {one["value"] for one in scim.done("GET", f"Groups/{found}").get("members", [])}


def test_a_group_gives_what_policies_grant_to_its_address(cast: Cast, scim: Scim, contoso: UUID, plan: Any) -> None:
    made = scim.done("POST", "Groups", group("Köln Sales!", str(cast.max.id), externalId="G-1"), 201)
    assert made["displayName"] == "Köln Sales!"
    assert made["members"][0] == {
        "value": str(cast.max.id),
        "$ref": f"http://contoso.localhost:8000/scim/v2/Users/{cast.max.id}",
        "type": "User",
        "display": "Max",
    }
    address = group_in(contoso, UUID(made["id"])).address
    assert address == "koln-sales@contoso.example"
    twin = scim.done("POST", "Groups", group("Köln Sales!"), 201)
    assert group_in(contoso, UUID(twin["id"])).address == "koln-sales-2@contoso.example"
    sealed = protect(cast.olga, plan, f"{address}:VIEW", offline_days=0)
    opening(cast.max, sealed.path)
    scim.patch(f"Groups/{made['id']}", {"op": "remove", "path": f'members[value eq "{cast.max.id}"]'}, status=204)
    refusal(cast.max, sealed.path)


def test_members_come_and_go_in_every_form(scim: Scim, people: list[str]) -> None:
    a, b, c = people
    found = scim.done("POST", "Groups", group("", a), 201)["id"]
    path = f"Groups/{found}"
    for operation, expected in (
        ({"op": "Add", "path": "members", "value": [{"value": b, "$ref": None}]}, {a, b}),
        ({"op": "add", "value": {"members": [{"value": c}]}}, {a, b, c}),
        ({"op": "Remove", "path": "members", "value": [{"value": b}]}, {a, c}),
        ({"op": "remove", "path": f'members[value eq "{c}"]'}, {a}),
        ({"op": "replace", "path": "members", "value": [{"value": b}, {"value": c}]}, {b, c}),
        ({"op": "remove", "path": f'members[value eq "{b}" or value eq "{a}"]'}, {c}),
        ({"op": "remove", "path": 'members[type eq "User"]'}, set()),
        ({"op": "replace", "value": {"id": found, "displayName": "Renamed"}}, set()),
        ({"op": "add", "path": "members", "value": {"value": a}}, {a}),
        ({"op": "remove", "path": "members"}, set()),
    ):
        scim.patch(path, operation, status=204)
        assert members(scim, found) == expected, operation
    assert scim.done("GET", path)["displayName"] == "Renamed"
    unknown = {"schemas": [PATCH], "Operations": [{"op": "add", "path": "members", "value": [{"value": str(uuid4())}]}]}
    scim.refused("PATCH", path, unknown, status=400, scim_type="invalidValue")
    whole = scim.done("PUT", path, group("Renamed", a, b))
    assert {one["value"] for one in whole["members"]} == {a, b}


def test_nested_groups_and_circles(scim: Scim, people: list[str]) -> None:
    inner = scim.done("POST", "Groups", group("", people[0]), 201)["id"]
    outer = scim.done("POST", "Groups", group("", inner), 201)["id"]
    assert scim.done("GET", f"Groups/{outer}")["members"][0]["type"] == "Group"
    circle = {"schemas": [PATCH], "Operations": [{"op": "add", "path": "members", "value": [{"value": outer}]}]}
    scim.refused("PATCH", f"Groups/{inner}", circle, status=400, scim_type="invalidValue")


def test_groups_are_found_and_listed_without_their_members(scim: Scim, people: list[str]) -> None:
    name = f"Name {uuid4().hex[:8]}"
    found = scim.done("POST", "Groups", group(name, people[0], externalId=name), 201)["id"]
    for text in (
        f'displayName eq "{name.upper()}"',
        f'externalId eq "{name}"',
        f'displayName sw "{name[:9]}" and members[value eq "{people[0]}"]',
        f'id eq "{found}" and members eq "{people[0]}"',
    ):
        assert scim.found("Groups", text) == [found], text
    left_out = scim.done("GET", f"Groups/{found}?excludedAttributes=members")
    assert "members" not in left_out
    assert "members" not in scim.done("GET", "Groups?excludedAttributes=members")["Resources"][0]
    everything = scim.done("GET", "Groups?count=200")
    assert everything["totalResults"] == len(everything["Resources"])
    both = scim.done(
        "POST", ".search", {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "count": 200}
    )
    assert {one["meta"]["resourceType"] for one in both["Resources"]} == {"User", "Group"}


def test_one_of_many_members_costs_as_much_as_one_of_few(
    cast: Cast, scim: Scim, contoso: UUID, people: list[str]
) -> None:
    found = scim.done("POST", "Groups", group(), 201)["id"]

    def statements() -> int:
        # What follows a commit is the work of others: revocations that wait from earlier tests, too.
        with transaction.atomic(), CaptureQueriesContext(connection) as seen:
            scim.patch(f"Groups/{found}", {"op": "add", "path": "members", "value": [{"value": people[0]}]}, status=204)
            scim.patch(f"Groups/{found}", {"op": "remove", "path": f'members[value eq "{people[0]}"]'}, status=204)
        return len(seen)

    def grow(first: int, last: int) -> None:
        GroupMember.objects.of_installation().bulk_create(
            GroupMember(organization_id=contoso, group_id=UUID(found), address=f"m{number}@contoso.example")
            for number in range(first, last)
        )

    grow(0, 1)
    statements()
    few = statements()
    grow(1, 2_000)
    # What is granted to a hundredfold of addresses takes a few statements more, and none for each member.
    assert statements() <= few + 20


def test_a_deleted_group_gives_nothing(cast: Cast, scim: Scim, contoso: UUID, plan: Any) -> None:
    made = scim.done("POST", "Groups", group("", str(cast.max.id)), 201)["id"]
    address = group_in(contoso, UUID(made)).address
    sealed = protect(cast.olga, plan, f"{address}:VIEW", offline_days=0)
    opening(cast.max, sealed.path)
    assert scim.done("DELETE", f"Groups/{made}", status=204) is None
    scim.refused("GET", f"Groups/{made}", status=404)
    refusal(cast.max, sealed.path)


def test_a_connection_without_groups_reaches_none(cast: Cast, scim: Scim, people: list[str]) -> None:
    found = scim.done("POST", "Groups", group("", people[0]), 201)["id"]
    only = connected(cast, "people")
    only.refused("POST", "Groups", group(), status=403)
    change = {"schemas": [PATCH], "Operations": [{"op": "remove", "path": "members"}]}
    only.refused("PATCH", f"Groups/{found}", change, status=403)
    only.refused("DELETE", f"Groups/{found}", status=403)
    groups = connected(cast, "groups")
    groups.refused("POST", "Users", user(fresh()), status=403)
    groups.refused("DELETE", f"Users/{people[0]}", status=403)
    assert members(scim, found) == {people[0]}


def test_discovery(scim: Scim) -> None:
    config = scim.done("GET", "ServiceProviderConfig")
    assert all(config[name]["supported"] for name in ("patch", "bulk", "filter", "sort", "etag"))
    assert [one["name"] for one in scim.done("GET", "ResourceTypes")["Resources"]] == ["User", "Group"]
    kept = {one["name"] for one in scim.done("GET", f"Schemas/{USER}")["attributes"]}
    assert kept == {"userName", "name", "displayName", "title", "active", "emails"}
    assert {one["id"] for one in scim.done("GET", "Schemas")["Resources"]} >= {USER, ENTERPRISE}


def test_what_entra_id_sends(scim: Scim, contoso: UUID) -> None:
    name, external = fresh(), uuid4().hex
    assert scim.done("GET", f"Users?filter=userName+eq+%22{name}%22")["totalResults"] == 0
    made = scim.done(
        "POST",
        "Users",
        {
            "schemas": [USER, ENTERPRISE],
            "externalId": external,
            "userName": name,
            "active": True,
            "displayName": "Lennart Doe",
            "emails": [{"primary": True, "type": "work", "value": name}],
            "meta": {"resourceType": "User"},
            "name": {"formatted": "Lennart Doe", "familyName": "Doe", "givenName": "Lennart"},
            "roles": [],
            "addresses": [{"type": "work", "formatted": "Main street"}],
        },
        201,
    )["id"]
    assert scim.found("Users", f'externalId eq "{external}"') == [made]
    shown = scim.patch(
        f"Users/{made}",
        {"op": "Replace", "path": "displayName", "value": "Len Doe"},
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "len@elsewhere.test"},
        {"op": "Add", "path": 'emails[type eq "other"].value', "value": "doe@elsewhere.test"},
        {"op": "Add", "path": 'addresses[type eq "work"].country', "value": "DE"},
        {"op": "Replace", "path": f"{ENTERPRISE}:department", "value": "Sales"},
        {"op": "Replace", "path": f"{ENTERPRISE}:manager", "value": uuid4().hex},
        {"op": "Add", "value": {"title": "Lead", "name.givenName": "Len", f"{ENTERPRISE}:department": "Sales"}},
    )
    assert (shown["displayName"], shown["title"], shown["name"]["givenName"]) == ("Len Doe", "Lead", "Len")
    assert [one["value"] for one in shown["emails"]] == ["len@elsewhere.test", "doe@elsewhere.test"]
    assert shown[ENTERPRISE] == {"department": "Sales"}
    assert scim.patch(f"Users/{made}", {"op": "Replace", "path": "active", "value": "False"})["active"] is False
    assert scim.patch(f"Users/{made}", {"op": "Replace", "path": "active", "value": "True"})["active"] is True
    team = scim.done(
        "POST",
        "Groups",
        {"schemas": [GROUP], "externalId": external, "displayName": f"T {external}"},
        201,
    )["id"]
    listed = scim.done("GET", f"Groups?excludedAttributes=members&filter=displayName%20eq%20%22T%20{external}%22")
    assert [one["id"] for one in listed["Resources"]] == [team]
    scim.patch(f"Groups/{team}", {"op": "Add", "path": "members", "value": [{"value": made}]}, status=204)
    scim.patch(f"Groups/{team}", {"op": "Remove", "path": "members", "value": [{"value": made}]}, status=204)
    assert members(scim, team) == set()


def test_what_okta_sends(scim: Scim) -> None:
    name, external = fresh(), uuid4().hex
    assert scim.done("GET", f"Users?filter=userName%20eq%20%22{name}%22&startIndex=1&count=100")["Resources"] == []
    sent = {
        "schemas": [USER],
        "userName": name,
        "name": {"givenName": "Okta", "familyName": "Person"},
        "emails": [{"primary": True, "value": name, "type": "work"}],
        "displayName": "Okta Person",
        "locale": "en-US",
        "externalId": external,
        "groups": [],
        "password": "Xy1!secret",
        "active": True,
    }
    made = scim.done("POST", "Users", sent, 201)
    whole = {**made, "name": {"givenName": "Okta", "familyName": "Other"}, "displayName": "Okta Other"}
    assert scim.done("PUT", f"Users/{made['id']}", whole)["name"]["familyName"] == "Other"
    assert scim.done("PUT", f"Users/{made['id']}", {**whole, "active": False})["active"] is False
    assert scim.patch(f"Users/{made['id']}", {"op": "replace", "value": {"active": True}})["active"] is True
    team = scim.done("POST", "Groups", group(f"Okta {external}", made["id"]), 201)["id"]
    scim.patch(
        f"Groups/{team}", {"op": "replace", "value": {"id": team, "displayName": f"Okta {external} 2"}}, status=204
    )
    scim.patch(
        f"Groups/{team}",
        {"op": "remove", "path": f'members[value eq "{made["id"]}"]'},
        {"op": "add", "path": "members", "value": [{"value": made["id"], "display": name}]},
        status=204,
    )
    assert members(scim, team) == {made["id"]}

"""To whom templates are offered, and that this never decides who opens (promise C40); deleting one, and the way back.

See promise C44.
"""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from chancery.sdk.options import ProtectOptions
from tenants.directory.members import Member
from tenants.directory.selectors.groups import GroupFacts
from tenants.directory.services.create_group import create_group
from tests.cast import ACTOR, Cast
from tests.protection.steps import MAX, RITA, call, confirmed, ledger, opening, problem, protect

OLGA = "olga@contoso.example"


@pytest.fixture(scope="module")
def nested(cast: Cast) -> str:
    """Return the address of a group of Contoso that holds Max through another group."""
    contoso = cast.organizations["contoso"].id

    def group(name: str, member: Member) -> GroupFacts:
        address = f"{name}@contoso.example"
        return create_group(organization_id=contoso, address=address, name=name, members=(member,), actor=ACTOR)

    return group("leaders", Member(group_id=group("board", Member(address=MAX)).id)).address


def made(cast: Cast, *, publish: bool = True, **more: Any) -> str:
    """Make a template of Contoso by which Rita may read; return its id."""
    grants = [{"who": RITA, "rights": ["VIEW"]}]
    body = {"names": {"en": f"For partners {uuid4().hex[:6]}"}, "policy": {"grants": grants, "offline_days": 0}, **more}
    answer = call(cast.ada, "contoso", "POST", "templates", body)
    assert answer.status_code == 201, answer.content
    identity = str(answer.json()["id"])
    if publish:
        assert call(cast.ada, "contoso", "POST", f"templates/{identity}/publish").status_code == 200
    return identity


def offered(cast: Cast, name: str, query: str = "?offered=true") -> set[str]:
    """Return the ids of what somebody may choose from."""
    found = call(getattr(cast, name), "contoso", "GET", f"templates{query}")
    return {one["id"] for one in found.json()["results"]}


def test_a_template_is_offered_to_its_scope_and_to_nobody_else(cast: Cast, nested: str) -> None:
    for_olga, for_leaders, for_all = made(cast, scope=[OLGA.upper()]), made(cast, scope=[nested]), made(cast)
    assert {for_olga, for_all} <= offered(cast, "olga")
    assert for_leaders not in offered(cast, "olga")
    assert {for_leaders, for_all} <= offered(cast, "max")
    assert for_olga not in offered(cast, "max", query="")
    for identity in (for_olga, for_leaders):
        assert identity not in offered(cast, "ada"), "an administrator protects by what is offered to him"
        assert identity in offered(cast, "ada", query=""), "and manages all"
    problem(call(cast.max, "contoso", "GET", f"templates/{for_olga}"), 404, "not_found")
    known = call(cast.ada, "contoso", "GET", f"templates/{for_olga}").json()
    assert (known["scope"], known["offered_to_legacy"]) == ([OLGA], False)


def test_a_group_of_another_organization_offers_nothing(cast: Cast) -> None:
    fabrikam = cast.organizations["fabrikam"].id
    everywhere = "all@fabrikam.example"
    create_group(organization_id=fabrikam, address=everywhere, name="All", members=(Member(address=MAX),), actor=ACTOR)
    assert made(cast, scope=[everywhere]) not in offered(cast, "max")


def test_outside_the_scope_one_may_open_and_even_protect(cast: Cast, plan: Path) -> None:
    """The scope spares people choices; it is no wall, and a file that exists has to open for whom it was made."""
    template = made(cast, scope=[OLGA])
    sealed = protect(cast.olga, plan, template=template)
    opening(cast.rita, sealed.path)
    body = {"template": template, "title": "plan.txt"}
    assert call(cast.max, "contoso", "POST", "publications", body).status_code == 201
    assert call(cast.rita, "contoso", "POST", "publications", body).status_code == 403


def test_no_change_of_something_else_lifts_the_scope(cast: Cast) -> None:
    template = made(cast, scope=[OLGA], offered_to_legacy=True)
    body = {"names": {"en": "Changed"}, "policy": {"grants": []}}
    assert call(cast.ada, "contoso", "PUT", f"templates/{template}", body).status_code == 200
    assert call(cast.ada, "contoso", "PATCH", f"templates/{template}", {"names": {"de": "Neu"}}).status_code == 200
    known = call(cast.ada, "contoso", "GET", f"templates/{template}").json()
    assert (known["scope"], known["offered_to_legacy"]) == ([OLGA], True)


def test_one_address_of_the_scope_changes_alone_and_is_in_the_history(cast: Cast) -> None:
    template = made(cast, scope=[OLGA])
    assert call(cast.ada, "contoso", "PATCH", f"templates/{template}", {"scope": {MAX: True}}).status_code == 200
    assert template in offered(cast, "max")
    patch = {"scope": {OLGA.upper(): None}, "offered_to_legacy": True}
    assert call(cast.ada, "contoso", "PATCH", f"templates/{template}", patch).status_code == 200
    newest = call(cast.ada, "contoso", "GET", f"templates/{template}/versions").json()["results"][0]
    assert newest["offer"] == [
        {"scope": [MAX, OLGA], "offered_to_legacy": False},
        {"scope": [MAX], "offered_to_legacy": True},
    ]
    assert call(cast.ada, "contoso", "PATCH", f"templates/{template}", {"scope": None}).status_code == 200
    assert template in offered(cast, "olga")
    copied = call(cast.ada, "contoso", "POST", f"templates/{made(cast, scope=[OLGA])}/copy").json()["id"]
    assert call(cast.ada, "contoso", "GET", f"templates/{copied}").json()["scope"] == [OLGA]


@pytest.mark.parametrize("who", ["domain:contoso.example", "authenticated", "board"])
def test_a_scope_names_addresses(cast: Cast, who: str) -> None:
    body = {"names": {"en": "Odd"}, "policy": {}, "scope": [who]}
    problem(call(cast.ada, "contoso", "POST", "templates", body), 400, "invalid_policy")


def test_a_application_is_offered_what_has_no_scope_or_the_flag(cast: Cast) -> None:
    hidden, flagged, free = made(cast, scope=[OLGA]), made(cast, scope=[OLGA], offered_to_legacy=True), made(cast)
    body = {"name": "Archive", "roles": ["connector"]}
    application = call(cast.ada, "contoso", "POST", "applications", body).json()
    form = {
        "grant_type": "client_credentials",
        "client_id": application["client_id"],
        "client_secret": application["secret"],
        "resource": "http://contoso.localhost:8000",
    }
    issued = Client().post("/identity/o/api/token", form, headers={"Host": "localhost:8000"})
    assert issued.status_code == 200, issued.content
    headers = {"Host": "contoso.localhost:8000", "Authorization": f"Bearer {issued.json()['access_token']}"}
    answer = Client().get("/api/v1/templates", headers=headers)
    found = {one["id"] for one in answer.json()["results"]}
    assert {flagged, free} <= found
    assert hidden not in found


def test_deleting_says_first_how_many_documents_there_are(cast: Cast, plan: Path) -> None:
    template = made(cast)
    sealed = [protect(cast.olga, plan, template=template).path for _ in range(2)]
    problem(call(cast.ada, "contoso", "DELETE", f"templates/{template}"), 409, "conflict")
    confirmed(cast.ada, "contoso", "POST", f"templates/{template}/archive")
    asked = problem(call(cast.ada, "contoso", "DELETE", f"templates/{template}"), 409, "confirmation_required")
    assert "2 documents" in asked["detail"]
    assert confirmed(cast.ada, "contoso", "DELETE", f"templates/{template}").status_code == 200
    assert template not in offered(cast, "ada", query="")
    for verb, path in (("GET", ""), ("PATCH", ""), ("POST", "/publish"), ("POST", "/copy"), ("GET", "/versions")):
        problem(call(cast.ada, "contoso", verb, f"templates/{template}{path}", {}), 404, "not_found")
    opening(cast.rita, sealed[0])
    body = {"template": template, "title": "late"}
    problem(call(cast.olga, "contoso", "POST", "publications", body), 404, "not_found")
    listed = call(cast.ada, "contoso", "GET", "templates/deleted").json()["results"]
    assert [(one["id"], one["documents"]) for one in listed if one["id"] == template] == [(template, 2)]
    assert call(cast.ada, "contoso", "POST", f"templates/{template}/undelete").status_code == 200
    assert call(cast.ada, "contoso", "GET", f"templates/{template}").json()["status"] == "archived"
    problem(call(cast.ada, "contoso", "POST", f"templates/{template}/undelete"), 404, "not_found")
    kinds = [row.kind for row in ledger(cast, "contoso") if row.details.get("template") == template]
    assert {"template.deleted", "template.undeleted"} <= set(kinds)


def test_what_was_sealed_before_the_deletion_registers_and_opens_after_it(cast: Cast, plan: Path) -> None:
    template = made(cast)
    cast.olga.session.protect(plan, ProtectOptions(template=template), target=plan.with_name("first.sealed"))
    late = plan.with_name("late.sealed")
    cast.olga.offline().protect(plan, ProtectOptions(template=template), target=late)
    confirmed(cast.ada, "contoso", "POST", f"templates/{template}/archive")
    assert confirmed(cast.ada, "contoso", "DELETE", f"templates/{template}").status_code == 200
    assert opening(cast.rita, late).rights == ("VIEW",)


def test_what_came_with_the_service_cannot_be_deleted(cast: Cast) -> None:
    default = next(
        one["id"] for one in call(cast.ada, "contoso", "GET", "templates").json()["results"] if one["is_default"]
    )
    told = problem(call(cast.ada, "contoso", "DELETE", f"templates/{default}"), 409, "conflict")
    assert "Archive it" in told["next_step"]


def test_the_default_templates_are_those_of_the_model(cast: Cast) -> None:
    """As Azure Rights Management lists them since 2017: for all members, a week without a network, no end."""
    contoso = f"organization:{cast.organizations['contoso'].id}"
    found = [one for one in call(cast.ada, "contoso", "GET", "templates").json()["results"] if one["is_default"]]
    confidential = (
        "VIEW EXPORT EXTRACT VIEWRIGHTSDATA EDITRIGHTSDATA OBJMODEL PRINT FORWARD REPLY REPLYALL EDIT DOCEDIT OWNER"
    )
    highly = "VIEW EXTRACT VIEWRIGHTSDATA OBJMODEL PRINT FORWARD REPLY REPLYALL EDIT DOCEDIT"
    assert {one["name"]: set(one["policy"]["grants"][0]["rights"]) for one in found} == {
        "Confidential — all employees": set(confidential.split()),
        "Highly confidential — all employees": set(highly.split()),
    }
    for one in found:
        assert [grant["who"] for grant in one["policy"]["grants"]] == [contoso]
        assert (one["policy"]["offline_days"], one["expiry_option"], one["status"]) == (7, "never", "published")
        assert (one["scope"], one["version"]) == ([], 1)


def test_an_unchanged_list_is_answered_with_nothing(cast: Cast) -> None:
    template = made(cast)
    first = call(cast.olga, "contoso", "GET", "templates?offered=true")
    same = {"If-None-Match": first["ETag"]}
    again = call(cast.olga, "contoso", "GET", "templates?offered=true", headers=same)
    assert (again.status_code, again.content) == (304, b"")
    confirmed(cast.ada, "contoso", "POST", f"templates/{template}/archive")
    third = call(cast.olga, "contoso", "GET", "templates?offered=true", headers=same)
    assert third.status_code == 200
    assert template not in {one["id"] for one in json.loads(third.content)["results"]}

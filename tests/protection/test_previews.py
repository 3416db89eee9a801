"""What if: before a change is made, who would gain, who would lose, what would have ended differently."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.subjects.visible_people import known_here, visible_person_at
from portal.tasks import answer_previews
from portal.usecases.caller import caller_at
from portal.usecases.previews.ask import ask_about_group
from protection.models import PersonalGrant
from protection.selectors.previews import unanswered
from protection.selectors.templates import template
from protection.services.answer_preview import take_preview
from tenants.context import in_organization
from tenants.directory.members import Member
from tenants.directory.models import Person
from tenants.directory.selectors.roster import roster_of
from tenants.directory.services.change_group import change_group
from tenants.directory.services.create_group import create_group
from tenants.directory.services.create_person import create_person
from tests.cast import ACTOR, Cast
from tests.protection.steps import MAX, RITA, call, confirmed, opening, problem, protect, refusal, rights


def preview(cast: Cast, kind: str, target: UUID | str, change: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Ask, let a worker answer, and return the whole preview."""
    body = {"kind": kind, "id": str(target), "change": change, **more}
    asked = call(cast.ada, "contoso", "POST", "previews", body)
    assert asked.status_code == 202, asked.content
    assert answer(cast) == 1
    return shown(cast, asked.json()["id"])


def answer(cast: Cast) -> int:
    """Do what a worker does when a message of the sweep reaches it."""
    contoso = cast.organizations["contoso"].id
    with in_organization(contoso):
        return int(answer_previews(str(contoso)))


def shown(cast: Cast, identity: str) -> dict[str, Any]:
    answer = call(cast.ada, "contoso", "GET", f"previews/{identity}")
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def make_template(cast: Cast, *grants: tuple[str, Sequence[str]], **more: Any) -> str:
    """Publish a template of Contoso."""
    body = draft(*grants, **more)
    made = call(cast.ada, "contoso", "POST", "templates", body).json()["id"]
    assert call(cast.ada, "contoso", "POST", f"templates/{made}/publish").status_code == 200
    return str(made)


def draft(*grants: tuple[str, Sequence[str]], **more: Any) -> dict[str, Any]:
    entries = [{"who": who, "rights": list(names)} for who, names in grants]
    return {"names": {"en": f"Plans {uuid4()}"}, "policy": {"grants": entries, **more}}


def make_group(cast: Cast, *members: Member) -> tuple[UUID, str]:
    address = f"g{uuid4().hex[:8]}@contoso.example"
    facts = create_group(
        organization_id=cast.organizations["contoso"].id, address=address, name=address, members=members, actor=ACTOR
    )
    return facts.id, address


def by_who(lines: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {line["who"]: line for line in lines}


def everybody(cast: Cast) -> str:
    return f"organization:{cast.organizations['contoso'].id}"


def test_a_template_change_says_who_gains_and_who_loses(cast: Cast, plan: Path) -> None:
    made = make_template(cast, (everybody(cast), ["VIEW"]), (RITA, ["VIEW"]))
    for _ in range(3):
        protect(cast.olga, plan, template=made)
    found = preview(cast, "template", made, draft((MAX, ["VIEW", "PRINT"]), (RITA, ["VIEW"])))["result"]
    gains, loses = by_who(found["gains"]), by_who(found["loses"])
    assert gains[MAX]["rights"] == {"PRINT": 3}
    assert gains[MAX]["openings"] == 0, "he could open them before"
    assert "olga@contoso.example" not in loses, "she protected them"
    assert loses["ada@contoso.example"] == {
        "who": "ada@contoso.example", "name": "Ada", "person": str(cast.ada.id), "documents": 3, "openings": 3,
        "rights": {"VIEW": 3}, "you": True,
    }  # fmt: skip
    assert RITA not in {*gains, *loses}
    assert found["documents"] == {"considered": 3, "affected": 3, "end_sooner": 0, "end_later": 0}


def test_the_openings_of_the_last_days_are_decided_again(cast: Cast, plan: Path) -> None:
    made = make_template(cast, (MAX, ["VIEW"]), (RITA, ["VIEW"]), offline_days=0)
    sealed = protect(cast.olga, plan, template=made).path
    for _ in range(2):
        opening(cast.max, sealed)
    opening(cast.rita, sealed)
    refusal(cast.ada, sealed)
    found = preview(cast, "template", made, draft((RITA, ["VIEW"]), ("ada@contoso.example", ["VIEW"])))["result"]
    replay = found["replay"]
    assert (replay["days"], replay["openings"], replay["refusals"]) == (30, 3, 1)
    assert replay["would_be_refused"]["times"] == 2
    assert [(one["who"], one["times"]) for one in replay["would_be_refused"]["people"]] == [(MAX, 2)]
    assert [(one["who"], one["times"]) for one in replay["would_be_allowed"]["people"]] == [("ada@contoso.example", 1)]
    assert found["you_gain"] == 1, "the author of the change gains a live document by it"


def test_what_is_previewed_is_what_happens_when_it_is_saved(cast: Cast, plan: Path) -> None:
    made = make_template(cast, (everybody(cast), ["VIEW"]), offline_days=0)
    sealed = protect(cast.olga, plan, template=made).path
    asked = preview(cast, "template", made, draft((MAX, ["VIEW", "PRINT"])))
    assert rights(cast.max, sealed) == {"VIEW"}, "asking changes nothing"
    saved = confirmed(cast.ada, "contoso", "POST", f"previews/{asked['id']}/save")
    assert (saved.status_code, saved.json()["target"]) == (200, made)
    assert rights(cast.max, sealed) == {"VIEW", "PRINT"}
    refusal(cast.ada, sealed)
    problem(call(cast.ada, "contoso", "POST", f"previews/{asked['id']}/save"), 409, "conflict")
    assert shown(cast, asked["id"])["state"] == "saved"


def test_a_template_that_was_changed_meanwhile_is_not_overwritten(cast: Cast) -> None:
    made = make_template(cast, (MAX, ["VIEW"]))
    asked = preview(cast, "template", made, draft((RITA, ["VIEW"])))
    call(cast.ada, "contoso", "PATCH", f"templates/{made}", {"descriptions": {"en": "other"}})
    problem(call(cast.ada, "contoso", "POST", f"previews/{asked['id']}/save"), 409, "conflict")
    with in_organization(cast.organizations["contoso"].id):
        assert template(UUID(made)).version == 2


def test_documents_whose_end_moves_are_counted(cast: Cast, plan: Path) -> None:
    made = make_template(cast, (MAX, ["VIEW"]))
    protect(cast.olga, plan, template=made)
    change = {**draft((MAX, ["VIEW"])), "expiry_option": "after_days", "expires_after_days": 7}
    found = preview(cast, "template", made, change)["result"]
    assert (found["documents"]["end_sooner"], found["documents"]["affected"]) == (1, 0)
    change = {**draft((MAX, ["VIEW"])), "expiry_option": "on_date", "expires": 1}
    found = preview(cast, "template", made, change)["result"]
    assert by_who(found["loses"])[MAX]["openings"] == 1, "who could open it until now cannot when its end has passed"


def test_an_end_after_the_first_opening_takes_from_those_whose_time_is_over(cast: Cast, plan: Path) -> None:
    made = make_template(cast, (MAX, ["VIEW"]), ("ada@contoso.example", ["VIEW"]), expires_after_opening_days=30)
    sealed = protect(cast.olga, plan, template=made).path
    opening(cast.max, sealed)
    opening(cast.ada, sealed)
    with in_organization(cast.organizations["contoso"].id), connection.cursor() as cursor:
        cursor.execute(
            "update protection_firstopening set at = at - interval '9 days' where person_id = %s", [cast.max.id]
        )
    change = draft((MAX, ["VIEW"]), ("ada@contoso.example", ["VIEW"]), expires_after_opening_days=7)
    assert set(by_who(preview(cast, "template", made, change)["result"]["loses"])) == {MAX}


def test_what_somebody_was_given_beside_the_policy_stays(cast: Cast, plan: Path) -> None:
    made = make_template(cast, (MAX, ["VIEW", "PRINT"]))
    document = protect(cast.olga, plan, template=made)
    protect(cast.olga, plan, template=made)
    with in_organization(cast.organizations["contoso"].id):
        PersonalGrant.objects.create(
            content_id=document.cid, person_id=cast.max.id, address=MAX, rights=["VIEW"], given_by=cast.olga.id
        )
    line = by_who(preview(cast, "template", made, draft((RITA, ["VIEW"])))["result"]["loses"])[MAX]
    assert (line["documents"], line["openings"], line["rights"]) == (2, 1, {"VIEW": 1, "PRINT": 2})


def test_whom_a_template_is_offered_to_is_saved_with_the_rest(cast: Cast) -> None:
    made = make_template(cast, (MAX, ["VIEW"]))
    call(cast.ada, "contoso", "PATCH", f"templates/{made}", {"scope": {MAX: True}})
    kept = preview(cast, "template", made, draft((RITA, ["VIEW"])))
    assert call(cast.ada, "contoso", "POST", f"previews/{kept['id']}/save").status_code == 200
    other = preview(cast, "template", made, {**draft((RITA, ["VIEW"])), "scope": [RITA]})
    with in_organization(cast.organizations["contoso"].id):
        assert [who.removeprefix("address:") for who in template(UUID(made)).scope] == [MAX]
    assert call(cast.ada, "contoso", "POST", f"previews/{other['id']}/save").status_code == 200
    with in_organization(cast.organizations["contoso"].id):
        assert [who.removeprefix("address:") for who in template(UUID(made)).scope] == [RITA]


def test_joining_a_group_gives_what_every_outer_group_is_given(cast: Cast, plan: Path) -> None:
    inner, _ = make_group(cast)
    _, outer = make_group(cast, Member(group_id=inner))
    made = make_template(cast, (outer, ["VIEW"]))
    protect(cast.olga, plan, template=made)
    protect(cast.olga, plan, f"{outer}:VIEW,PRINT")
    protect(cast.olga, plan, f"{RITA}:VIEW")
    found = preview(cast, "group", inner, {"add": [MAX]})["result"]
    assert found["documents"]["considered"] == 2, "what names no such group is not even looked at"
    assert by_who(found["gains"])[MAX]["rights"] == {"VIEW": 2, "PRINT": 1}
    assert (found["people"]["gain"], found["people"]["lose"]) == (1, 0)


def test_joining_a_group_that_is_denied_takes_away(cast: Cast, plan: Path) -> None:
    group, address = make_group(cast)
    protect(cast.olga, plan, f"{MAX}:VIEW", deny=(f"address:{address}",))
    found = preview(cast, "group", group, {"add": [MAX]})["result"]
    assert by_who(found["loses"])[MAX]["openings"] == 1


def test_a_partner_in_a_group_of_ours_loses_what_it_gave(cast: Cast, plan: Path) -> None:
    group, address = make_group(cast, Member(address=RITA))
    sealed = protect(cast.olga, plan, f"{address}:VIEW", offline_days=0).path
    opening(cast.rita, sealed)
    asked = preview(cast, "group", group, {"remove": [RITA]})
    found = asked["result"]
    assert by_who(found["loses"])[RITA] | {"name": "", "person": None} == by_who(found["loses"])[RITA]
    assert found["replay"]["would_be_refused"]["times"] == 1
    assert confirmed(cast.ada, "contoso", "POST", f"previews/{asked['id']}/save").status_code == 200
    refusal(cast.rita, sealed)


def test_groups_in_groups_and_archiving(cast: Cast, plan: Path) -> None:
    contoso = cast.organizations["contoso"]
    inner, _ = make_group(cast, Member(person_id=cast.max.id))
    outer, address = make_group(cast)
    protect(cast.olga, plan, f"{address}:VIEW")
    with in_organization(contoso.id):
        caller = caller_at(contoso, Person.objects.get(id=cast.ada.id), ip="", source="test")
        asked = ask_about_group(
            caller=caller, organization_id=contoso.id, group_id=outer, add=[Member(group_id=inner)]
        ).id
    answer(cast)
    assert by_who(shown(cast, str(asked))["result"]["gains"])[MAX]["openings"] == 1
    assert call(cast.ada, "contoso", "POST", f"previews/{asked}/save").status_code == 200
    assert by_who(preview(cast, "group", inner, {"archived": True})["result"]["loses"])[MAX]["openings"] == 1


def test_a_group_that_was_changed_meanwhile_is_left_alone(cast: Cast) -> None:
    contoso = cast.organizations["contoso"].id
    group, _ = make_group(cast)
    asked = preview(cast, "group", group, {"add": [MAX]})
    change_group(organization_id=contoso, group_id=group, add=[Member(address=RITA)], actor=ACTOR)
    assert shown(cast, asked["id"])["moved"]
    problem(call(cast.ada, "contoso", "POST", f"previews/{asked['id']}/save"), 409, "conflict")
    members = call(cast.ada, "contoso", "GET", f"groups/{group}").json()["members"]
    assert [one["address"] for one in members] == [RITA]


def test_a_role_opens_nothing_and_what_it_manages_is_said(cast: Cast, plan: Path) -> None:
    protect(cast.olga, plan, f"{MAX}:VIEW")
    found = preview(cast, "person", cast.max.id, {"role": "auditor"})["result"]
    assert found["documents"] == {"considered": 0, "affected": 0, "end_sooner": 0, "end_later": 0}
    assert "audit:read" in found["permissions"]["gained"]
    assert found["permissions"]["lost"] == []


def test_disabling_a_person_takes_everything_from_them(cast: Cast, plan: Path) -> None:
    person = cast.join(f"p{uuid4().hex[:6]}", "contoso")
    protect(cast.olga, plan, f"{person.address}:VIEW")
    protect(person, plan, f"{MAX}:VIEW")
    asked = preview(cast, "person", person.id, {"disabled": True})
    line = by_who(asked["result"]["loses"])[person.address]
    assert line["openings"] == line["documents"] >= 2
    assert line["rights"]["OWNER"] == 1, "what he protected himself too"
    assert confirmed(cast.ada, "contoso", "POST", f"previews/{asked['id']}/save").status_code == 200
    assert call(cast.ada, "contoso", "GET", f"people/{person.id}").json()["disabled"]


def test_groups_of_other_organizations_stay_opaque(cast: Cast, plan: Path) -> None:
    """Whether the group exists, and whether Rita is in it, does not change the answer."""
    fabrikam = cast.organizations["fabrikam"].id
    made = make_template(cast, (MAX, ["VIEW"]), (RITA, ["VIEW"]))
    sealed = protect(cast.olga, plan, template=made).path
    opening(cast.rita, sealed)
    change = draft((MAX, ["VIEW"]), ("board@fabrikam.example", ["VIEW"]))
    before = preview(cast, "template", made, change)["result"]
    create_group(
        organization_id=fabrikam,
        address="board@fabrikam.example",
        name="Board",
        members=[Member(person_id=cast.rita.id)],
        actor=ACTOR,
    )
    assert preview(cast, "template", made, change)["result"] == before
    assert before["undecided"] == ["address:board@fabrikam.example"]
    assert RITA not in by_who(before["loses"]), "whether she keeps access is decided when she opens"
    assert before["people"]["undecided"] >= 1
    assert before["replay"]["undecided"] == before["replay"]["openings"] >= 1, "a request may be repeated"
    assert by_who(before["gains"])["board@fabrikam.example"]["person"] is None


def test_a_roster_says_of_each_person_what_a_single_read_says(cast: Cast) -> None:
    contoso = cast.organizations["contoso"].id
    create_person(organization_id=contoso, address="eve@private.example", guest=True, actor=ACTOR)
    inner, _ = make_group(cast, Member(person_id=cast.max.id), Member(address="eve@private.example"))
    archived, _ = make_group(cast, Member(group_id=inner))
    make_group(cast, Member(group_id=archived))
    change_group(organization_id=contoso, group_id=archived, archived=True, actor=ACTOR)
    roster = roster_of(contoso)
    rows = roster.rows(roster.people)
    for person, known in roster.people.items():
        alone = visible_person_at(contoso, known.address, inside=True).subject
        found = known_here(rows[person], contoso, address=known.address, domains=roster.domains)
        if known.is_service:
            continue
        assert {*found.groups} == {*alone.groups}
        assert (found.addresses, found.memberships, found.domains, found.active) == (
            alone.addresses, alone.memberships, alone.domains, alone.active,
        )  # fmt: skip


def test_more_people_and_documents_mean_no_more_statements(cast: Cast, plan: Path) -> None:
    made = make_template(cast, (everybody(cast), ["VIEW"]))
    change = draft((everybody(cast), ["PRINT"]))

    def statements() -> int:
        asked = call(cast.ada, "contoso", "POST", "previews", {"kind": "template", "id": made, "change": change})
        assert asked.status_code == 202
        with CaptureQueriesContext(connection) as captured:
            answer(cast)
        return len([one for one in captured if "protection_preview" not in one["sql"]])

    few = statements()
    for number in range(5):
        create_person(
            organization_id=cast.organizations["contoso"].id, address=f"n{number}@contoso.example", actor=ACTOR
        )
        opening(cast.max, protect(cast.olga, plan, template=made).path)
    assert statements() == few


def test_what_a_dead_worker_left_is_found_and_given_up_at_last(cast: Cast) -> None:
    contoso = cast.organizations["contoso"]
    made = make_template(cast, (MAX, ["VIEW"]))
    body = {"kind": "template", "id": made, "change": draft((RITA, ["VIEW"]))}
    identity = call(cast.ada, "contoso", "POST", "previews", body).json()["id"]
    problem(call(cast.ada, "contoso", "POST", f"previews/{identity}/save"), 409, "conflict")
    for _ in range(3):
        assert unanswered([contoso.schema_name]) == {contoso.schema_name}
        with in_organization(contoso.id):
            assert take_preview() is not None
            assert take_preview() is None, "a worker that lives keeps it"
        assert unanswered([contoso.schema_name]) == set()
        _age(contoso.id, "touched_at = now() - interval '2 minutes'")
    assert answer(cast) == 0
    assert shown(cast, identity)["state"] == "failed"
    _age(contoso.id, "asked_at = now() - interval '25 hours'")
    assert unanswered([contoso.schema_name]) == {contoso.schema_name}
    answer(cast)
    problem(call(cast.ada, "contoso", "GET", f"previews/{identity}"), 404, "not_found")


def _age(organization: UUID, what: str) -> None:
    with in_organization(organization), connection.cursor() as cursor:
        cursor.execute(f"update protection_preview set {what}")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"kind": "key", "id": str(uuid4()), "change": {}}, 400),
        ({"kind": "template", "id": str(uuid4()), "change": {"names": {"en": "x"}, "policy": {}}}, 404),
        ({"kind": "template", "id": str(uuid4()), "change": {}}, 400),
        ({"kind": "group", "id": str(uuid4()), "change": {"add": ["nobody"]}}, 400),
        ({"kind": "group", "id": str(uuid4()), "change": {}}, 404),
        ({"kind": "group", "id": str(uuid4()), "change": {"name": "x"}}, 400),
        ({"kind": "person", "id": str(uuid4()), "change": {"role": "user"}}, 404),
        ({"kind": "person", "id": str(uuid4()), "change": {}, "days": 0}, 400),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(cast: Cast, body: dict[str, Any], status: int) -> None:
    assert call(cast.ada, "contoso", "POST", "previews", body).status_code == status


def test_only_who_may_make_a_change_may_ask_about_it(cast: Cast) -> None:
    made = make_template(cast, (MAX, ["VIEW"]))
    body = {"kind": "template", "id": made, "change": draft((MAX, ["OWNER"]))}
    problem(call(cast.max, "contoso", "POST", "previews", body), 403, "not_permitted")
    asked = preview(cast, "template", made, draft((MAX, ["OWNER"])))
    for somebody in (cast.max, cast.mallory):
        problem(call(somebody, "contoso", "GET", f"previews/{asked['id']}"), 404, "not_found")
        problem(call(somebody, "contoso", "POST", f"previews/{asked['id']}/save"), 404, "not_found")

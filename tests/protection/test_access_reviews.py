"""Access reviews: who may what is listed, kept with a reason or taken away, by others and by a day (decision 47)."""

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core import mail
from django.utils import timezone

from portal.tasks import carry_on_access_reviews
from portal.usecases.reviews.gather import gathered
from protection.actor import Actor
from protection.models import Review, ReviewItem, SuperUser
from protection.selectors.reviews import reviews_due
from protection.services.reviews import MOST_ITEMS
from protection.services.super_users import add_super_user
from tenants.context import in_organization
from tenants.directory.members import Member
from tenants.directory.models import ApiClient, GroupMember, Membership, RoleAssignment
from tenants.directory.selectors.reviewed import members_since
from tenants.directory.services.create_application import create_application
from tenants.directory.services.create_group import create_group
from tenants.directory.services.create_person import create_person
from tenants.directory.services.give_role import give_role
from tests.cast import ACTOR, Cast, Player
from tests.isolation.endpoints import Site
from tests.protection.steps import call, ledger, problem

KEEP = {"reason": "Still needed"}


@pytest.fixture(scope="module")
def house(cast: Cast) -> Cast:
    """Return the cast with an organization of two administrators and an auditor."""
    cast.found("house", "iris")
    cast.join("jan", "house", role="global_administrator")
    cast.join("kim", "house", role="auditor")
    return cast


@pytest.fixture(autouse=True)
def _no_reviews(house: Cast) -> Iterator[None]:
    mail.outbox.clear()
    yield
    with in_organization(here(house)):
        Review.objects.all().delete()


def here(house: Cast) -> UUID:
    return house.organizations["house"].id


def said(player: Player, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """Send a request, and again with what it asks for."""
    answer = call(player, "house", method, path, body)
    if answer.status_code == 409 and answer.json()["code"] == "confirmation_required":
        answer = call(player, "house", method, path, {**(body or {}), "confirm": answer.json()["confirm"]})
    return answer


def started(house: Cast, *kinds: str, by: Player | None = None, **more: Any) -> str:
    body = {"name": "Every quarter", "kinds": list(kinds), **more}
    answer = said(by or house.iris, "POST", "reviews", body)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def items(house: Cast, review: str, by: Player | None = None) -> dict[str, dict[str, Any]]:
    found = call(by or house.iris, "house", "GET", f"reviews/{review}/items").json()["results"]
    return {f"{one['whom']} {one['what']}": one for one in found}


def item_of(house: Cast, review: str, whom: str) -> int:
    (found,) = (one["id"] for name, one in items(house, review).items() if name.startswith(whom))
    return int(found)


def answer(player: Player, review: str, item: int, act: str, **body: Any) -> Any:
    return said(player, "POST", f"reviews/{review}/items/{item}/{act}", {**KEEP, **body})


def auditor(house: Cast) -> Player:
    return house.join(f"a{uuid4().hex[:8]}", "house", role="auditor")


def holds(person: Player) -> bool:
    return RoleAssignment.objects.of_installation().filter(person_id=person.id).exists()


def overdue(house: Cast, review: str) -> None:
    with in_organization(here(house)):
        Review.objects.filter(id=review).update(due_at=timezone.now() - timedelta(minutes=1))
        carry_on_access_reviews(str(here(house)))


def test_a_review_lists_who_may_what_and_is_answered_by_others(house: Cast) -> None:
    gone, stays = auditor(house), auditor(house)
    review = started(house, "roles")
    told = {one.to[0] for one in mail.outbox if "waits for you" in one.subject}
    assert told == {house.jan.address}, "who starts it knows of it"
    found = items(house, review)
    assert {"iris@house.example", "jan@house.example", gone.address} <= {name.split()[0] for name in found}
    kept = answer(house.iris, review, item_of(house, review, stays.address), "keep").json()
    assert kept["changed"]
    removed = answer(house.jan, review, item_of(house, review, gone.address), "remove").json()
    assert removed["changed"]
    assert (holds(gone), holds(stays)) == (False, True)
    (ended,) = ledger(house, "house", "role.ended")[:1]
    assert (ended.details["role"], ended.details["reason"]) == ("auditor", KEEP["reason"])
    (event,) = ledger(house, "house", "review.removed")[:1]
    assert event.details["review"] == review
    again = answer(house.iris, review, item_of(house, review, gone.address), "keep")
    problem(again, 409, "review_item_answered")
    shown = call(house.kim, "house", "GET", f"reviews/{review}").json()
    assert (shown["kept"], shown["removed"], shown["state"]) == (1, 1, "open")


def test_nobody_answers_about_what_is_their_own(house: Cast) -> None:
    review = started(house, "roles")
    own = item_of(house, review, "iris@house.example")
    for act in ("keep", "remove"):
        assert problem(answer(house.iris, review, own, act), 403, "not_permitted")["detail"].startswith("This is your")
    assert answer(house.jan, review, own, "keep").json()["changed"]


def test_only_reviewers_who_administer_answer_and_only_with_a_reason(house: Cast) -> None:
    stays = auditor(house)
    review = started(house, "roles", reviewers=["iris@house.example"])
    item = item_of(house, review, stays.address)
    assert answer(house.kim, review, item, "remove").status_code == 403
    problem(answer(house.jan, review, item, "remove"), 403, "not_permitted")
    problem(answer(house.iris, review, item, "keep", reason=""), 409, "reason_required")
    assert call(house.kim, "house", "POST", "reviews", {"name": "Mine", "kinds": ["roles"]}).status_code == 403
    wrong = {"name": "Mine", "kinds": ["roles"], "reviewers": [house.kim.address]}
    assert problem(call(house.iris, "house", "POST", "reviews", wrong), 404, "not_found")
    assert holds(stays)


def test_what_nobody_keeps_is_taken_away_on_the_day_but_never_the_last_administrator(house: Cast) -> None:
    gone, stays = auditor(house), auditor(house)
    review = started(house, "roles", removes=True, days=1)
    answer(house.iris, review, item_of(house, review, stays.address), "keep")
    mail.outbox.clear()
    assert carry_on_access_reviews(str(here(house))) == 1, "reviewers are reminded before the day"
    assert {one.to[0] for one in mail.outbox} == {house.iris.address, house.jan.address}
    assert holds(gone)
    with in_organization(here(house)):
        schema = house.organizations["house"].schema_name
        assert reviews_due([schema]) == set()
        Review.objects.update(due_at=timezone.now() - timedelta(minutes=1))
        assert reviews_due([schema]) == {schema}
    overdue(house, review)
    assert (holds(gone), holds(stays)) == (False, True)
    administrators = RoleAssignment.objects.within(here(house)).filter(role="global_administrator")
    (left,) = administrators
    shown = call(
        next(one for one in (house.iris, house.jan) if one.id == left.person_id), "house", "GET", f"reviews/{review}"
    ).json()
    assert (shown["state"], shown["open"]) == ("overdue", 1)
    with in_organization(here(house)):
        failed = ReviewItem.objects.get(review_id=review, answer="")
        assert failed.failure
        by_itself = ReviewItem.objects.get(review_id=review, whom=gone.address)
        assert (by_itself.answer, by_itself.answered_address) == ("removed", "")
    assert ledger(house, "house", "review.removed")[0].details["by_itself"]
    for one, role in (
        (house.iris, "global_administrator"),
        (house.jan, "global_administrator"),
        (house.kim, "auditor"),
    ):
        if one.id != left.person_id:
            give_role(organization_id=here(house), role=role, person_id=one.id, reason="", actor=ACTOR)


def test_without_that_what_is_overdue_stays_and_is_shown_loudly(house: Cast) -> None:
    stays = auditor(house)
    review = started(house, "roles")
    overdue(house, review)
    assert holds(stays)
    browser = Site(house, {}).browser("house.localhost:8000", house.iris)
    page = browser.get(f"/people/reviews/{review}/").content.decode()
    assert "not all of it is answered" in page
    assert "Overdue access review" in browser.get("/").content.decode()
    assert any("has passed" in one.subject for one in mail.outbox)
    waiting = call(house.iris, "house", "GET", "approvals").json()["results"]
    assert [one["kind"] for one in waiting] == ["review"]


def test_members_guests_applications_and_super_users_are_reviewed_and_removed(house: Cast) -> None:
    place = here(house)
    member = house.join(f"m{uuid4().hex[:8]}", "house")
    guest = create_person(
        organization_id=place, address=f"g{uuid4().hex[:8]}@elsewhere.example", name="G", guest=True, actor=ACTOR
    )
    address = f"g{uuid4().hex[:8]}@house.example"
    members = [Member(person_id=member.id), Member(person_id=guest.id), Member(address="x@elsewhere.example")]
    group = create_group(organization_id=place, address=address, name="G", members=members, actor=ACTOR)
    made = create_application(organization_id=place, name="Archive", roles=["reporter"], actor=ACTOR)
    with in_organization(place):
        add_super_user(actor=actor_of(house.jan), person=member.id, address=member.address)
    kinds = ["super_users", "applications", "guests", "groups"]
    review = started(house, *kinds, groups=[address])
    for name, item in items(house, review).items():
        assert answer(house.iris, review, item["id"], "remove").json()["changed"], name
    assert not GroupMember.objects.within(place).filter(group_id=group.id).exists()
    assert ApiClient.objects.within(place).get(client_id=made.client_id).disabled_at is not None
    with in_organization(place):
        assert not SuperUser.objects.exists()
        answers = sorted(ReviewItem.objects.filter(review_id=review).values_list("answer", flat=True))
    assert answers == ["gone", "removed", "removed", "removed", "removed", "removed"], "the guest is there twice"
    shown = call(house.iris, "house", "GET", f"reviews/{review}").json()
    assert shown["open"] == 0
    assert said(house.iris, "POST", f"reviews/{review}/close").json()["changed"]


def test_a_group_that_holds_a_role_is_the_own_of_its_members(house: Cast) -> None:
    place = here(house)
    address = f"g{uuid4().hex[:8]}@house.example"
    members = [Member(person_id=house.iris.id)]
    group = create_group(organization_id=place, address=address, name="G", members=members, actor=ACTOR)
    give_role(organization_id=place, role="auditor", group_id=group.id, reason="", actor=ACTOR)
    review = started(house, "roles")
    item = item_of(house, review, address)
    problem(answer(house.iris, review, item, "keep"), 403, "not_permitted")
    assert answer(house.jan, review, item, "remove").json()["changed"]


def test_the_next_one_begins_by_itself_of_what_there_is_then(house: Cast) -> None:
    first = started(house, "roles", every_months=3, days=5)
    newer = auditor(house)
    with in_organization(here(house)):
        Review.objects.filter(id=first).update(next_at=timezone.now())
        assert carry_on_access_reviews(str(here(house))) == 1
        assert carry_on_access_reviews(str(here(house))) == 0
        second = Review.objects.exclude(id=first).get()
        assert second.items.filter(whom=newer.address).exists()
        assert (second.every_months, second.days) == (3, 5)


def test_a_review_is_exported_with_its_answers(house: Cast) -> None:
    stays = auditor(house)
    review = started(house, "roles")
    answer(house.iris, review, item_of(house, review, stays.address), "keep", reason="=1+1")
    found = call(house.kim, "house", "GET", f"reviews/{review}/file").json()
    assert "text" in found, found
    (row,) = (one for one in csv.DictReader(io.StringIO(found["text"])) if one["whom"] == stays.address)
    assert row["answer"] == "kept"
    assert not row["reason"].startswith("="), "a spreadsheet computes nothing"
    browser = Site(house, {}).browser("house.localhost:8000", house.kim)
    file = browser.get(f"/people/reviews/{review}/file/?as=json")
    assert next(one for one in file.json()["items"] if one["whom"] == stays.address)["reason"] == "=1+1"


def test_a_closed_review_takes_no_answer(house: Cast) -> None:
    stays = auditor(house)
    review = started(house, "roles")
    assert said(house.iris, "POST", f"reviews/{review}/close").json()["changed"]
    assert not said(house.iris, "POST", f"reviews/{review}/close").json()["changed"]
    problem(answer(house.iris, review, item_of(house, review, stays.address), "remove"), 409, "review_item_answered")
    assert holds(stays)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"kinds": []}, "at least one"),
        ({"kinds": ["roles"], "days": 0}, "1 to 365"),
        ({"kinds": ["roles"], "every_months": 40}, "1 to 36"),
        ({"kinds": ["groups"]}, "groups exactly"),
        ({"kinds": ["roles"], "groups": ["nobody@house.example"]}, "nobody@house.example"),
        ({"kinds": ["read_permissions"]}, "nothing to review"),
    ],
)
def test_what_is_no_review_is_named(house: Cast, members: dict[str, Any], words: str) -> None:
    found = call(house.iris, "house", "POST", "reviews", {"name": "Mine", **members})
    assert found.status_code in {400, 404}
    assert words in found.json()["detail"]


def test_the_pages_start_and_answer_one(house: Cast) -> None:
    gone = auditor(house)
    browser = Site(house, {}).browser("house.localhost:8000", house.iris)
    assert "Nothing was reviewed yet" in browser.get("/people/reviews/").content.decode()
    form = {"name": "Spring", "kinds": ["roles"], "groups": "", "reviewers": "", "days": 7, "every_months": ""}
    browser.post("/people/reviews/new/", form)
    with in_organization(here(house)):
        made = Review.objects.get()
        item = made.items.get(whom=gone.address)
    assert "Spring" in browser.get("/people/reviews/").content.decode()
    path = f"/people/reviews/{made.id}/{item.id}/?act=remove"
    asked = browser.post(path, {}).content.decode()
    assert "Take this away" in asked
    assert holds(gone)
    browser.post(path, {"confirm": gone.address, "reason": "Moved on"})
    assert not holds(gone)
    assert "Moved on" in browser.get(f"/people/reviews/{made.id}/").content.decode()
    assert gone.address not in browser.get(f"/people/reviews/{made.id}/?show=open").content.decode()
    assert Membership.objects.within(here(house)).filter(person_id=gone.id, removed_at=None).exists()


def actor_of(player: Player) -> Any:
    return Actor(person=player.id, address=player.address, source="test")


# --- repeated ones ------------------------------------------------------------------------------------------------


def due(house: Cast, *reviews: str, **changed: Any) -> None:
    """Let the next ones of reviews begin now, and the worker see to it until nothing is due."""
    with in_organization(here(house)):
        Review.objects.filter(id__in=reviews).update(next_at=timezone.now(), **changed)
        mail.outbox.clear()
        carry_on_access_reviews(str(here(house)))
        assert reviews_due([house.organizations["house"].schema_name]) == set()


def put_off(house: Cast, review: str) -> bool:
    """Tell whether the next one begins a period later, and who started it and the ledger know of it."""
    with in_organization(here(house)):
        later = Review.objects.get(id=review).next_at
    events = [one for one in ledger(house, "house", "review.put_off") if one.details["review"] == review]
    told = [one.to[0] for one in mail.outbox if "did not begin again" in one.subject]
    assert (len(events), told) in [(0, []), (1, [house.iris.address])]
    return bool(events) and later is not None and later > timezone.now() + timedelta(days=80)


def test_a_repeated_review_of_nothing_goes_on_a_period_later_and_tells(house: Cast) -> None:
    review = started(house, "roles", every_months=3)
    due(house, review, kinds=["read_permissions"])
    assert put_off(house, review)
    (told,) = (one for one in mail.outbox if "did not begin again" in one.subject)
    assert "nothing to review" in told.body
    due(house, review, kinds=["roles"])
    with in_organization(here(house)):
        assert Review.objects.exclude(id=review).count() == 1
        assert Review.objects.get(id=review).next_at is None


def test_a_review_of_too_much_hinders_no_other_and_loads_no_more_than_it_holds(house: Cast) -> None:
    place = here(house)
    address = f"g{uuid4().hex[:8]}@house.example"
    first = [Member(address="x@elsewhere.example")]
    group = create_group(organization_id=place, address=address, name="G", members=first, actor=ACTOR)
    large = started(house, "groups", groups=[address], every_months=3)
    other = started(house, "roles", every_months=3)
    GroupMember.objects.within(place).bulk_create(
        GroupMember(organization_id=place, group_id=group.id, address=f"m{number}@elsewhere.example")
        for number in range(MOST_ITEMS + 10)
    )
    with in_organization(place):
        assert len(gathered(place, ["groups"], [group.id])) == MOST_ITEMS + 1
        assert len(members_since(place, groups=[group.id], limit=3)) == 3
    due(house, large, other)
    assert put_off(house, large)
    with in_organization(place):
        (begun,) = Review.objects.exclude(id__in=[large, other])
        assert begun.kinds == ["roles"]
    refused = call(house.iris, "house", "POST", "reviews", {"name": "All", "kinds": ["groups"], "groups": [address]})
    assert "Review less at a time" in str(problem(refused, 400, "invalid_policy"))
    GroupMember.objects.within(place).filter(group_id=group.id).delete()


def test_a_repeated_review_whose_reviewers_are_gone_goes_to_administrators(house: Cast) -> None:
    review = started(house, "roles", every_months=3)
    due(house, review, reviewers=[uuid4()])
    with in_organization(here(house)):
        assert set(Review.objects.exclude(id=review).get().reviewers) == {house.iris.id, house.jan.id}


def test_closing_a_repeated_review_asks_and_stops_it_even_when_it_closed_by_itself(house: Cast) -> None:
    review = started(house, "roles", every_months=3)
    with in_organization(here(house)):
        ReviewItem.objects.filter(review_id=review).update(answer="kept")
    overdue(house, review)
    shown = call(house.iris, "house", "GET", f"reviews/{review}").json()
    assert (shown["state"], shown["next_at"] is not None) == ("closed", True), "its day ends it, not the next one"
    browser = Site(house, {}).browser("house.localhost:8000", house.iris)
    page = browser.get(f"/people/reviews/{review}/").content.decode()
    assert "Stop repeating" in page
    assert "The next one begins on" in page
    asked = problem(call(house.iris, "house", "POST", f"reviews/{review}/close"), 409, "confirmation_required")
    assert any("not repeated any more" in one for one in asked["consequences"])
    assert said(house.jan, "POST", f"reviews/{review}/close").json()["changed"]
    assert call(house.iris, "house", "GET", f"reviews/{review}").json()["next_at"] is None
    assert ledger(house, "house", "review.stopped")[0].details["review"] == review
    assert "Stop repeating" not in browser.get(f"/people/reviews/{review}/").content.decode()
    assert not said(house.iris, "POST", f"reviews/{review}/close").json()["changed"]
    still = started(house, "roles", every_months=3)
    asked = problem(call(house.iris, "house", "POST", f"reviews/{still}/close"), 409, "confirmation_required")
    assert len(asked["consequences"]) == 3
    browser.post(f"/people/reviews/{still}/close/", {"confirm": "Every quarter"})
    with in_organization(here(house)):
        assert Review.objects.get(id=still).next_at is None

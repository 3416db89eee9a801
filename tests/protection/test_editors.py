"""Who sealed an edition, asked anew when it is brought: rights that went another way than by the document."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.db import connection, connections, transaction

from chancery.policy.policy import parse_policy
from chancery.sdk.results import Protected
from chancery.sealing.read import open_sealed
from protection.actor import OF_ADMINISTRATORS, Actor
from protection.services.create_template import create_template
from protection.services.edit_template import edit_template
from protection.services.feed import touch
from protection.services.publish_template import publish_template
from protection.services.template_draft import TemplateDraft
from tenants.context import in_organization
from tenants.directory.members import Member
from tenants.directory.services.change_group import change_group
from tenants.directory.services.create_group import create_group
from tenants.directory.services.disable_person import disable_person
from tenants.directory.services.disable_person import disable_person as directory_disable
from tenants.directory.services.revoke_device import revoke_device
from tests.cast import ACTOR, Cast, Player
from tests.protection.steps import MAX, call, content, ledger, objects, opening, protect, refusal
from tests.protection.test_publishing import edited, seal_by


@pytest.fixture
def contoso(cast: Cast) -> UUID:
    return cast.organizations["contoso"].id


@pytest.fixture
def editor(cast: Cast) -> Player:
    return cast.join(f"editor-{uuid4().hex[:6]}", "contoso")


@pytest.fixture
def editors(contoso: UUID, editor: Player) -> UUID:
    """Return a group that holds the editor."""
    return create_group(
        organization_id=contoso,
        address=f"group-{editor.address}",
        name="Editors",
        members=[Member(person_id=editor.id)],
        actor=ACTOR,
    ).id


@pytest.fixture
def shared(cast: Cast, plan: Path, editor: Player, editors: UUID) -> Protected:
    return protect(cast.olga, plan, f"group-{editor.address}:VIEW,EDIT", f"{MAX}:VIEW", offline_days=7)


def leave_the_group(contoso: UUID, editor: Player, editors: UUID) -> None:
    member = Member(person_id=editor.id)
    change_group(organization_id=contoso, group_id=editors, remove=[member], actor=ACTOR)


def be_disabled(contoso: UUID, editor: Player, _editors: UUID) -> None:
    disable_person(organization_id=contoso, person_id=editor.id, reason="left", actor=ACTOR)


def lose_the_device(_contoso: UUID, editor: Player, _editors: UUID) -> None:
    revoke_device(person_id=editor.id, device_id=editor.session.account.device, actor=ACTOR)


LOSSES = [leave_the_group, be_disabled, lose_the_device]
Loss = Callable[[UUID, Player, UUID], None]


@pytest.mark.parametrize("loss", LOSSES)
def test_an_edition_counts_only_if_its_sealer_may_edit_when_it_is_brought(
    cast: Cast, contoso: UUID, editor: Player, editors: UUID, shared: Protected, loss: Loss
) -> None:
    saved = seal_by(editor, shared, b"too late")
    loss(contoso, editor, editors)
    assert refusal(cast.max, saved).reason == "may_not_edit"
    assert content(cast.max, shared.path), "the edition before still opens"
    (event,) = ledger(cast, "contoso", "content.edited", cid=shared.cid)
    assert (event.outcome, event.reason) == ("refused", "may_not_edit")
    assert "may no longer edit the document" in event.details["what"]
    assert ledger(cast, "contoso", "content.tampered", cid=shared.cid) == []


def test_who_left_the_group_cannot_register_their_edition_themselves(
    cast: Cast, contoso: UUID, editor: Player, editors: UUID, shared: Protected
) -> None:
    saved = seal_by(editor, shared, b"too late")
    leave_the_group(contoso, editor, editors)
    answer = call(editor, "contoso", "POST", "registrations", objects(saved))
    assert (answer.status_code, answer.json()["reason"]) == (409, "may_not_edit")


def narrow_the_template(cast: Cast, template: UUID, _editor: Player) -> None:
    draft = TemplateDraft(names={"en": "Narrow"}, policy=parse_policy({"grants": [{"who": MAX, "rights": ["VIEW"]}]}))
    edit_template(actor=actor_of(cast.ada), template=template, draft=draft)


def disable_beside_a_change(cast: Cast, _template: UUID, editor: Player) -> None:
    """Hold the feed as any change does, while the directory disables the editor."""
    touch()
    directory_disable(organization_id=cast.organizations["contoso"].id, person_id=editor.id, actor=ACTOR)


@pytest.mark.parametrize("loss", [narrow_the_template, disable_beside_a_change])
def test_an_edition_that_arrives_during_a_loss_does_not_slip_through(
    cast: Cast, contoso: UUID, plan: Path, editor: Player, loss: Callable[[Cast, UUID, Player], None]
) -> None:
    """The loss is made but not committed when the edition arrives; it has to wait and then to be judged by it."""
    name, grants = f"Wide {uuid4().hex[:6]}", [{"who": editor.address, "rights": ["VIEW", "EDIT"]}]
    with in_organization(contoso):
        draft = TemplateDraft(names={"en": name}, policy=parse_policy({"grants": grants}))
        template = create_template(actor=actor_of(cast.ada), draft=draft)
        publish_template(actor=actor_of(cast.ada), template=template)
    shared = protect(cast.olga, plan, template=name)
    saved = seal_by(editor, shared, b"in the middle")
    with ThreadPoolExecutor(1) as beside:
        with in_organization(contoso), transaction.atomic():
            loss(cast, template, editor)
            answer = beside.submit(bring, cast.olga, saved)
            wait_until_somebody_waits_for_a_lock()
        assert answer.result() == 409
    assert ledger(cast, "contoso", "content.edited", cid=shared.cid, outcome="done") == []


def bring(player: Player, saved: Path) -> int:
    try:
        return call(player, "contoso", "POST", "registrations", objects(saved)).status_code
    finally:
        connections.close_all()


def wait_until_somebody_waits_for_a_lock() -> None:
    for _ in range(200):
        with connection.cursor() as cursor:
            cursor.execute("select pg_stat_clear_snapshot()")
            cursor.execute(
                "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.05)
    raise AssertionError("nobody waits for the change")


def actor_of(player: Player) -> Actor:
    return Actor(person=player.id, address=player.address, permissions=OF_ADMINISTRATORS)


def test_the_right_to_edit_that_became_one_to_read_is_not_enough(
    cast: Cast, contoso: UUID, plan: Path, editor: Player, editors: UUID
) -> None:
    grants = (f"group-{editor.address}:VIEW,EDIT", f"{editor.address}:VIEW", f"{MAX}:VIEW")
    shared = protect(cast.olga, plan, *grants, offline_days=7)
    saved = seal_by(editor, shared, b"too late")
    leave_the_group(contoso, editor, editors)
    assert refusal(cast.max, saved).reason == "may_not_edit"


def test_an_edition_does_not_ask_how_its_sealer_would_sign_in_now(cast: Cast, plan: Path, editor: Player) -> None:
    """The network was right when the license was given; the person who brings the edition may be elsewhere."""
    policy = {
        "grants": [{"who": editor.address, "rights": ["VIEW", "EDIT"]}, {"who": MAX, "rights": ["VIEW"]}],
        "conditions": {"networks": ["127.0.0.0/8"]},
    }
    shared = protect(cast.olga, plan)
    call(cast.olga, "contoso", "PUT", f"documents/{shared.cid}/policy", {"policy": policy})
    assert content(cast.max, seal_by(editor, shared, b"from the office")) == b"from the office"


def test_the_record_names_who_brought_an_edition_and_who_sealed_it(
    cast: Cast, editor: Player, shared: Protected
) -> None:
    content(cast.max, seal_by(editor, shared, b"second"))
    (event,) = ledger(cast, "contoso", "content.edited", cid=shared.cid)
    assert (event.personal["person"], event.personal["sealer"]) == (str(cast.max.id), str(editor.id))
    assert event.personal["sealer_device"] == str(editor.session.account.device)
    assert "sealer" not in event.details, "ids of people stand in the part that can be erased"


def test_the_record_names_who_brought_a_document_and_who_sealed_it(cast: Cast, plan: Path) -> None:
    cast.olga.http.cut.add("/api/v1/registrations")
    sealed = protect(cast.olga, plan, f"{MAX}:VIEW")
    cast.olga.http.cut.clear()
    opening(cast.max, sealed.path)
    (event,) = ledger(cast, "contoso", "content.registered", cid=sealed.cid)
    assert (event.personal["person"], event.personal["sealer"]) == (str(cast.max.id), str(cast.olga.id))


@pytest.mark.parametrize("loss", LOSSES)
def test_after_a_loss_that_no_revision_shows_the_next_edition_has_a_new_key(
    cast: Cast, contoso: UUID, editor: Player, editors: UUID, plan: Path, loss: Loss
) -> None:
    grants = (f"group-{editor.address}:VIEW", f"{MAX}:VIEW,EDIT")
    shared = protect(cast.olga, plan, *grants, offline_days=0)
    opening(editor, shared.path)
    second = edited(cast.max, shared.path, b"second")
    assert not brings_a_key(second)
    loss(contoso, editor, editors)
    third = edited(cast.max, second, b"third")
    assert brings_a_key(third)
    assert content(cast.olga, third) == b"third"
    assert not brings_a_key(edited(cast.max, third, b"fourth")), "one new key answers one loss"


def brings_a_key(sealed: Path) -> bool:
    with open_sealed(sealed) as file:
        return file.body_seal.env is not None

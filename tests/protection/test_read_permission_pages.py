"""Read permissions in the browser: from the question over the approval to the sealed report, and in What if?"""

import json
from pathlib import Path
from uuid import uuid4

from portal.tasks import answer_previews
from protection.models import ReadPermission
from tenants.context import in_organization
from tests.cast import Cast, Player
from tests.isolation.endpoints import Site
from tests.portal.identity.browser import Browser
from tests.protection.reading import application_of, permitted, reading_by
from tests.protection.steps import call, content, number_events, protect

LIST = "/applications/read-permissions/"


def at(glass: Cast, player: Player) -> Browser:
    return Site(glass, {}).browser("glass.localhost:8000", player)


def test_c116_the_pages_lead_from_the_question_to_the_report(glass: Cast, plan: Path) -> None:
    gwen, hugo, iris, paul = (at(glass, one) for one in (glass.gwen, glass.hugo, glass.iris, glass.paul))
    search = application_of(glass, name="Pages")
    sealed, organization = protect(glass.paul, plan), glass.organizations["glass"].id
    assert "Ask for" in gwen.get(LIST).content.decode()
    assert "Ask for" not in iris.get(LIST).content.decode()
    assert paul.get(LIST).status_code == 404
    form = {"application": search.address, "kind": "all", "reason": "By pages", "days": "30", "people": "nobody"}
    assert "One of them is no mail address." in gwen.post(f"{LIST}new/", form).content.decode()
    form |= {"people": "", "owner": glass.paul.address}
    asked = gwen.post(f"{LIST}new/", form).content.decode()
    assert "Ask that Pages may read all of these documents?" in asked
    assert "1 document" in asked
    assert gwen.post(f"{LIST}new/", {**form, "confirm": "Pages"})["Location"] == LIST
    with in_organization(organization):
        waiting = ReadPermission.objects.get(reason="By pages")
    page = f"{LIST}{waiting.id}/"
    shown = gwen.get(page).content.decode()
    assert ('value="approve"' in shown, 'value="withdraw"' in shown) == (False, True)
    assert 'value="approve"' in hugo.get(page).content.decode()
    question = hugo.post(f"{page}answer/", {"act": "approve"}).content.decode()
    assert "Let Pages read all of these documents?" in question
    assert hugo.post(f"{page}answer/", {"act": "approve", "confirm": str(waiting.number)})["Location"] == page
    with reading_by(search, str(waiting.id)):
        content(search, sealed.path)
    read = iris.get(page).content.decode()
    assert ("1 document was read." in read, 'value="withdraw"' in read) == (True, True)
    assert iris.post(f"{page}answer/", {"act": "withdraw", "confirm": str(waiting.number)})["Location"] == page
    assert "Withdrawn" in iris.get(LIST).content.decode()
    number_events(glass, "glass")
    file = iris.get(f"{page}report/")
    assert file["Content-Disposition"] == f'attachment; filename="read-permission-{waiting.number}.json"'
    assert str(sealed.cid) in json.dumps(json.loads(file.content))


def test_what_if_names_only_applications_that_read_what_the_change_reaches(glass: Cast, plan: Path) -> None:
    organization, quin = glass.organizations["glass"].id, glass.quin.address
    draft = {
        "names": {"en": f"Plans {uuid4().hex}"},
        "policy": {"grants": [{"who": f"address:{quin}", "rights": ["VIEW"]}]},
    }
    made = str(call(glass.gwen, "glass", "POST", "templates", draft).json()["id"])
    assert call(glass.gwen, "glass", "POST", f"templates/{made}/publish").status_code == 200
    protect(glass.paul, plan, template=made)
    for name, owner, kind in (
        ("Reads these", glass.paul, "all"),
        ("Reads others", glass.quin, "all"),
        ("Reads for people", glass.paul, "for_user"),
    ):
        permitted(glass, application_of(glass, name=name), owner=owner.address, kind=kind)
    asked = {"kind": "template", "id": made, "change": draft}
    preview = call(glass.gwen, "glass", "POST", "previews", asked).json()["id"]
    with in_organization(organization):
        assert answer_previews(str(organization)) == 1
    (said,) = call(glass.gwen, "glass", "GET", f"previews/{preview}").json()["applications"]
    assert said.startswith("The application Reads these ")
    page = at(glass, glass.gwen).get(f"/previews/{preview}/").content.decode()
    assert ("Reads these" in page, "Reads others" in page, "Reads for people" in page) == (True, False, False)

"""Lists sort, filter and leave out columns by their addresses, the same on pages and in the API."""

import re
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from django.test import Client

from chancery.sdk.options import ProtectOptions
from tests.cast import Cast
from tests.isolation.endpoints import Site
from tests.protection.steps import RITA, content, refusal

TITLES = ("beta", "Alpha", "gamma", "delta", "Epsilon")
IN_ORDER = ["Alpha", "beta", "delta", "Epsilon", "gamma"]
HEADED = re.compile(r'<th scope="col" class="(\w+)"(?: aria-sort="(\w+)")?>(?:<a href="([^"]*)">)?([^<]*)')


@pytest.fixture(scope="module")
def documents(cast: Cast, tmp_path_factory: pytest.TempPathFactory) -> Cast:
    """Return the cast, of whom Ada has protected a few documents."""
    folder = tmp_path_factory.mktemp("sorted")
    for title in TITLES:
        file = Path(folder / f"{title}.txt")
        file.write_text("text", encoding="utf-8")
        sealed = cast.ada.session.protect(file, ProtectOptions(grants=(f"{RITA}:VIEW",))).path
        if title == "delta":
            assert content(cast.rita, sealed) == b"text"
        if title == "gamma":
            refusal(cast.max, sealed)
    return cast


@pytest.fixture
def ada(documents: Cast) -> Client:
    return Site(documents, {}).browser("contoso.localhost:8000", documents.ada)


def _titles(page: str) -> list[str]:
    return [found.removesuffix(".txt") for found in re.findall(r'class="name"><a [^>]*title="([^"]+)"', page)]


def test_heads_of_columns_lead_to_the_list_in_that_order_and_back(ada: Client) -> None:
    page = ada.get("/documents/?search=txt").content.decode()
    heads = {words: (order, address) for _, order, address, words in HEADED.findall(page)}
    assert heads["Known since"][0] == "descending"
    assert heads["State"] == ("", "?search=txt&amp;sort=state")
    sort = parse_qs(urlsplit(heads["Document"][1].replace("&amp;", "&")).query)
    assert sort == {"search": ["txt"], "sort": ["title"]}
    up = ada.get("/documents/?search=txt&sort=title").content.decode()
    assert _titles(up) == IN_ORDER
    heads = {words: (order, address) for _, order, address, words in HEADED.findall(up)}
    assert heads["Document"] == ("ascending", "?search=txt&amp;sort=-title")
    assert _titles(ada.get("/documents/?search=txt&sort=-title").content.decode()) == IN_ORDER[::-1]


def test_an_order_that_there_is_not_is_the_usual_one(ada: Client) -> None:
    assert _titles(ada.get("/documents/?sort=label").content.decode()) == _titles(
        ada.get("/documents/").content.decode()
    )


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("title", "Alpha"),
        ("-title", "gamma"),
        ("owner", ""),
        ("-owner", ""),
        ("registered_at", "beta"),
        ("-registered_at", "Epsilon"),
        ("state", ""),
        ("-state", ""),
        ("opened", ""),
        ("-opened", "delta"),
        ("-refused", "gamma"),
    ],
)
def test_pages_of_a_sorted_list_hold_each_document_once(documents: Cast, sort: str, first: str) -> None:
    place = documents.ada.session.own_organization()
    found, cursor = [], ""
    while True:
        answer = place.call("GET", f"/api/v1/documents?limit=2&sort={sort}&cursor={cursor}")
        found += [one["title"] for one in answer["results"]]
        cursor = answer["next"]
        if not cursor:
            break
    assert sorted(found) == sorted(f"{title}.txt" for title in TITLES)
    assert found[0].startswith(first)


def test_a_filter_is_a_chip_that_leads_to_the_list_without_it(ada: Client) -> None:
    page = ada.get("/documents/?search=txt&state=active&sort=title").content.decode()
    chips = dict(re.findall(r'class="chip" href="([^"]*)">.*?</span><span>([^<]*)', page))
    assert chips == {"?state=active&amp;sort=title": "“txt”", "?search=txt&amp;sort=title": "Active"}
    assert 'name="sort" value="title"' in page


@pytest.mark.parametrize(
    ("who", "number"), [(RITA, 5), ("Rita@Fabrikam.Example", 5), ("fabrikam.example", 5), ("rikam.example", 0)]
)
def test_documents_are_found_by_whom_they_are_granted_to(documents: Cast, ada: Client, who: str, number: int) -> None:
    page = ada.get("/documents/", {"granted_to": who}).content.decode()
    assert len(_titles(page)) == number
    assert f"<span>Granted to {who}</span>" in page
    answer = documents.ada.session.own_organization().call("GET", f"/api/v1/documents?granted_to={quote(who)}")
    assert len(answer["results"]) == number


def test_documents_of_one_title_show_a_part_of_their_ids(documents: Cast, ada: Client, tmp_path: Path) -> None:
    named = tmp_path / "beta.txt"
    named.write_text("other", encoding="utf-8")
    cid = str(documents.ada.session.protect(named, ProtectOptions(grants=("max@contoso.example:VIEW",))).cid)
    page = ada.get("/documents/").content.decode()
    assert page.count('<span class="soft">') == 2
    assert f'<span class="soft">{cid[:8]}</span>' in page


def test_whoever_is_granted_something_by_a_template_is_found_too(documents: Cast, tmp_path: Path) -> None:
    (tmp_path / "by-template.txt").write_text("text", encoding="utf-8")
    place = documents.ada.session.own_organization()
    template = place.offered().results[0]["id"]
    documents.ada.session.protect(tmp_path / "by-template.txt", ProtectOptions(template=template))
    answer = place.call("GET", "/api/v1/documents?granted_to=everybody")
    assert [one["title"] for one in answer["results"]] == ["by-template.txt"]


def test_a_recipient_that_cannot_be_read_is_said_beside_the_field(ada: Client) -> None:
    page = ada.get("/documents/?granted_to=nobody").content.decode()
    assert "does not name a person or group. Write an e-mail address" in page
    assert _titles(page), "the list is there as it was"


def test_columns_that_were_left_out_stay_out_in_this_browser(ada: Client) -> None:
    chosen = ada.get("/documents/?list=documents&columns=state&columns=registered_at&sort=title")
    assert '<table class="without-4 without-5 without-6">' in chosen.content.decode()
    later = ada.get("/documents/").content.decode()
    assert '<table class="without-4 without-5 without-6">' in later
    assert re.search(r'id="documents_owner" name="columns" value="owner">', later)
    assert "list=documents" not in "".join(re.findall(r'href="(\?[^"]*)"', chosen.content.decode()))
    all_again = "&".join(f"columns={name}" for name in ("state", "owner", "opened", "refused", "registered_at"))
    assert "without-" not in ada.get(f"/documents/?list=documents&{all_again}").content.decode()


@pytest.mark.parametrize(
    ("path", "orders"),
    [
        ("/people/", ("email", "name", "since")),
        ("/people/?groups_sort=-name", ("email",)),
        ("/templates/", ("name", "status", "changed_at")),
        ("/labels/", ("name", "sensitivity")),
        ("/applications/", ("name", "created_at")),
        ("/requests/", ("asked_at",)),
        ("/audit/", ("at",)),
    ],
)
def test_every_list_has_its_orders(ada: Client, path: str, orders: tuple[str, ...]) -> None:
    for order in orders:
        for sort in (order, f"-{order}"):
            assert ada.get(path, {"sort": sort}).status_code == 200


def test_events_can_be_read_from_the_oldest_on(documents: Cast) -> None:
    place = documents.ada.session.own_organization()
    first = place.call("GET", "/api/v1/audit/events?sort=at&limit=3")
    second = place.call("GET", f"/api/v1/audit/events?sort=at&limit=3&cursor={first['next']}")
    moments = [one["at"] for one in (*first["results"], *second["results"])]
    assert moments == sorted(moments)
    assert len({one["id"] for one in (*first["results"], *second["results"])}) == 6

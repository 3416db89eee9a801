"""Lists sort, filter and leave out columns by their addresses, the same on pages and in the API."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from chancery.sdk.options import ProtectOptions
from tests.cast import Cast
from tests.isolation.endpoints import Site

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
        cast.ada.session.protect(file, ProtectOptions(grants=("rita@fabrikam.example:VIEW",)))
    return cast


@pytest.fixture
def ada(documents: Cast) -> Client:
    return Site(documents, {}).browser("contoso.localhost:8000", documents.ada)


def _titles(page: str) -> list[str]:
    return [found.removesuffix(".txt") for found in re.findall(r'class="name"><a [^>]*title="([^"]+)"', page)]


def test_heads_of_columns_lead_to_the_list_in_that_order_and_back(ada: Client) -> None:
    page = ada.get("/documents/?search=txt").content.decode()
    heads = {words: (order, address) for _, order, address, words in HEADED.findall(page)}
    assert heads["Registered"][0] == "descending"
    assert heads["State"] == ("", "")
    sort = parse_qs(urlsplit(heads["Document"][1].replace("&amp;", "&")).query)
    assert sort == {"search": ["txt"], "sort": ["title"]}
    up = ada.get("/documents/?search=txt&sort=title").content.decode()
    assert _titles(up) == IN_ORDER
    heads = {words: (order, address) for _, order, address, words in HEADED.findall(up)}
    assert heads["Document"] == ("ascending", "?search=txt&amp;sort=-title")
    assert _titles(ada.get("/documents/?search=txt&sort=-title").content.decode()) == IN_ORDER[::-1]


def test_an_order_that_there_is_not_is_the_usual_one(ada: Client) -> None:
    assert _titles(ada.get("/documents/?sort=opened").content.decode()) == _titles(
        ada.get("/documents/").content.decode()
    )


@pytest.mark.parametrize("sort", ["title", "-title", "owner", "-owner", "registered_at", "-registered_at"])
def test_pages_of_a_sorted_list_hold_each_document_once(documents: Cast, sort: str) -> None:
    place = documents.ada.session.own_organization()
    found, cursor = [], ""
    while True:
        answer = place.call("GET", f"/api/v1/documents?limit=2&sort={sort}&cursor={cursor}")
        found += [one["title"] for one in answer["results"]]
        cursor = answer["next"]
        if not cursor:
            break
    assert sorted(found) == sorted(f"{title}.txt" for title in TITLES)
    if sort.endswith("title"):
        named = [title.removesuffix(".txt") for title in found]
        assert named == (IN_ORDER if sort == "title" else IN_ORDER[::-1])


def test_a_filter_is_a_chip_that_leads_to_the_list_without_it(ada: Client) -> None:
    page = ada.get("/documents/?search=txt&state=active&sort=title").content.decode()
    chips = dict(re.findall(r'class="chip" href="([^"]*)">.*?</span><span>([^<]*)', page))
    assert chips == {"?state=active&amp;sort=title": "“txt”", "?search=txt&amp;sort=title": "Active"}
    assert 'name="sort" value="title"' in page


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

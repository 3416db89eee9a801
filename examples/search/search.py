"""Full-text search over protected files, which shows each person only what they may read now.

    search.py index FOLDER                     read what is new or was changed, forget what is gone or taken back
    search.py search WORDS --as ADDRESS        show results to one person

README.md says what the application needs, and what an index of protected files gives away.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import psycopg

from chancery import Application, ChanceryError, Content

SCHEMA: Final = """
create schema if not exists search;
create table if not exists search.document (
    path text primary key,
    cid uuid not null,
    edition bytea not null,
    name text not null,
    body text not null,
    words tsvector not null,
    run bigint not null
);
create index if not exists document_words on search.document using gin (words);
create sequence if not exists search.run;
"""
KNOWN: Final = "update search.document set run = %(run)s where path = %(path)s and edition = %(edition)s"
PUT: Final = """
insert into search.document (path, cid, edition, name, body, words, run)
values (%(path)s, %(cid)s, %(edition)s, %(name)s, %(body)s,
        setweight(to_tsvector('simple', %(name)s), 'A') || to_tsvector('simple', %(body)s), %(run)s)
on conflict (path) do update set cid = excluded.cid, edition = excluded.edition, name = excluded.name,
    body = excluded.body, words = excluded.words, run = excluded.run
"""
FORGET: Final = "delete from search.document where path = %s"
FORGET_THE_REST: Final = "delete from search.document where run <> %s and starts_with(path, %s)"
MATCHES: Final = """
select distinct on (cid) cid, path, name, ts_rank(words, asked) as rank
from search.document, websearch_to_tsquery('simple', %s) as asked
where words @@ asked order by cid, rank desc
"""
EXCERPT: Final = """
select ts_headline('simple', body, websearch_to_tsquery('simple', %s), 'MaxWords=18, MinWords=8, StartSel=[, StopSel=]')
from search.document where path = %s
"""
MOST_TEXT: Final = 500_000
"""Characters of one document that are indexed; PostgreSQL holds a megabyte of different words for one row."""
SHOWN: Final = 10


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of the two commands; return 1, with a sentence that says what to do, where the service refuses."""
    asked = _arguments().parse_args(arguments)
    try:
        with _signed_in() as application, psycopg.connect(os.environ["SEARCH_DATABASE"], autocommit=True) as database:
            database.execute(SCHEMA)
            if asked.command == "index":
                index(application, database, asked.folder.resolve())
            else:
                search(application, database, asked.words, asked.person)
    except ChanceryError as error:
        print(f"{error.message} {error.next_step}".strip(), file=sys.stderr)
        return 1
    return 0


def index(application: Application, database: psycopg.Connection[Any], folder: Path) -> None:
    """Bring the index up to date with a folder.

    A license is asked for each file in each run, a thousand with one request: so a document that was taken back leaves
    the index, though its file is as it was.  Its content is read only where its edition is not the one that is known.
    Every document is stored by itself, so a run that was killed goes on where it ended.
    """
    run = _one(database, "select nextval('search.run')")
    counted = {"new or changed": 0, "as before": 0, "not readable": 0}
    for reading in application.read_many(sealed_in(folder), permission=os.environ["SEARCH_READ_ALL"]):
        content = reading.content
        if content is None or reading.cid is None:
            database.execute(FORGET, [str(reading.path)])
            counted["not readable"] += 1
            print(f"{reading.path}: {'' if reading.error is None else reading.error.message}", file=sys.stderr)
            continue
        known = {"run": run, "path": str(reading.path), "edition": content.edition}
        if database.execute(KNOWN, known).rowcount:
            counted["as before"] += 1
            continue
        database.execute(PUT, {**known, "cid": reading.cid, "name": content.name, "body": text_of(content)})
        counted["new or changed"] += 1
    gone = database.execute(FORGET_THE_REST, [run, f"{folder}{os.sep}"]).rowcount
    print(", ".join(f"{name}: {number}" for name, number in {**counted, "gone": gone}.items()))


def search(application: Application, database: psycopg.Connection[Any], words: str, person: str) -> None:
    """Show a person what they may read now of what matches.

    The service is asked about every match before anything is counted, sorted or cut, so neither the number of results
    nor their order tells of documents that this person may not read.
    """
    matches = database.execute(MATCHES, [words]).fetchall()
    permission = os.environ["SEARCH_READ_FOR_USER"]
    readable = application.readable([cid for cid, *_ in matches], permission=permission, for_person=person)
    found = sorted((one for one in matches if one[0] in readable), key=lambda one: -one[3])
    print(f"{len(found)} found")
    for _cid, path, name, _rank in found[:SHOWN]:
        print(f"\n{name}  ({path})\n  {_one(database, EXCERPT, [words, path])}")


def sealed_in(folder: Path) -> Iterator[Path]:
    """Yield the sealed files of a folder, in an order that stays the same."""
    yield from sorted(path for path in folder.rglob("*.sealed") if path.is_file())


def text_of(content: Content) -> str:
    """Return the words of a document; what is no text is found by its name alone.

    This is the place for a library that reads other formats.
    """
    if not content.type.startswith("text/"):
        return ""
    return content.stream.read(4 * MOST_TEXT).decode(errors="replace").replace("\x00", " ")[:MOST_TEXT]


def _signed_in() -> Application:
    return Application.sign_in(
        os.environ["CHANCERY_HOST"], os.environ["CHANCERY_CLIENT_ID"], os.environ["CHANCERY_CLIENT_SECRET"]
    )


def _one(database: psycopg.Connection[Any], statement: str, values: Sequence[object] = ()) -> Any:
    row = database.execute(statement, values).fetchone()
    return None if row is None else row[0]


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Full-text search over protected files.")
    commands = parser.add_subparsers(dest="command", required=True)
    indexing = commands.add_parser("index", help="read what is new or was changed")
    indexing.add_argument("folder", type=Path)
    searching = commands.add_parser("search", help="show results to one person")
    searching.add_argument("words")
    searching.add_argument("--as", dest="person", required=True, metavar="ADDRESS", help="who reads the results")
    return parser


if __name__ == "__main__":
    sys.exit(main())

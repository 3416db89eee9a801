"""What comments and documents cite exists: rules, promises, decisions, files, modules, links and their anchors.

A rule is cited as ``docs/protocol.md`` and its number; within one file the number alone is enough after the first time.
A promise of the handbook is cited as "promise" and its number, a decision record as "decision" and its number.
"""

import ast
import io
import os
import re
import subprocess
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PROMISES = "docs/handbook/promises.md"

RULE = re.compile(r"(?<![\w-])P\d{1,2}(?![\w.-]*\w)")
PROMISE = re.compile(r"(?<![\w#-])C\d{2,3}(?!\w)")
CITED_PROMISE = re.compile(r"\bpromises? (C\d{2,3}(?:(?:,| and|, and) C\d{2,3})*)", re.IGNORECASE)
DECISION = re.compile(r"\bdecisions? (\d+)(?:(?:,| and) (\d+))*")
FILE = re.compile(r"(?<![\w./@:%$<{-])([\w.][\w./*-]*\.(?:py|md|mjs|sql|toml|lock|po))\b(?!\.\w)")
FOLDER = re.compile(
    r"(?<![\w./@:%$<{-])((?:docs|portal|tests|chancery|audit|tenants|protection|static)/[\w./*-]*[\w*])"
)
MODULE = re.compile(r"``((?:portal|chancery|audit|tenants|protection)(?:\.\w+)+)")
INNER = re.compile(r"``([a-z_]+)\.([a-z_]+)")
SECTION = re.compile(r"\b(format|licensing)\.md(?:\]\([^)]*\))? §(\d+)")
ELSEWHERE = re.compile(r"\b(?:DESIGN|STACK|PROTOCOL|TERMS|CHECKLIST)\b")
"""Documents that were never part of the repository."""
PATTERNS = (RULE, PROMISE, DECISION, FILE, FOLDER, MODULE, INNER, SECTION, ELSEWHERE)
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
NOT_A_FILE = "chancery/v1"
"""The prefix of the labels that keep signatures of different objects apart."""


@cache
def tracked() -> frozenset[str]:
    """Return the files of the repository and their folders."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("this is not a clone")
    files = [Path(name) for name in done.stdout.splitlines() if (ROOT / name).is_file()]
    return frozenset(str(path) for file in files for path in (file, *file.parents))


@cache
def file_names() -> frozenset[str]:
    return frozenset(path.rpartition("/")[2] for path in tracked())


@cache
def rules() -> frozenset[str]:
    return frozenset(re.findall(r"^## (P\d+): ", (DOCS / "protocol.md").read_text(encoding="utf-8"), re.MULTILINE))


@cache
def promises() -> frozenset[str]:
    text = (ROOT / PROMISES).read_text(encoding="utf-8")
    return frozenset(re.findall(r"^\| (C\d+) \|", text, re.MULTILINE))


@cache
def decisions() -> frozenset[int]:
    return frozenset(int(path.name[:4]) for path in (DOCS / "decisions").glob("*.md"))


@cache
def sections(page: str) -> frozenset[str]:
    return frozenset(re.findall(r"^## (\d+)\. ", (DOCS / f"{page}.md").read_text(encoding="utf-8"), re.MULTILINE))


@cache
def anchors(page: Path) -> frozenset[str]:
    """Return the anchors of a page as GitHub makes them."""
    titles = HEADING.findall(page.read_text(encoding="utf-8"))
    return frozenset(re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles)


@cache
def exists(name: str, place: str) -> bool:
    """Tell whether a path, pattern or bare file name means something here, read from the root or from its own place."""
    files = tracked()
    if "*" in name:
        return any(Path(path).match(name) for path in files)
    if "/" not in name:
        return name in file_names()
    found = [os.path.normpath(folder / name) for folder in Path(place).parents]
    return any(path in files or f"{path}.py" in files for path in found) or name.startswith(NOT_A_FILE)


def module_exists(dotted: str) -> bool:
    """Tell whether the first parts of a dotted name are a module; a name within it may follow."""
    parts = dotted.split(".")
    paths = ["/".join(parts[:length]) for length in range(2, len(parts) + 1)]
    return any(path in tracked() or f"{path}.py" in tracked() for path in paths)


@cache
def holds(package: str, name: str) -> bool:
    """Tell whether a package or module of this name holds the name, where that is the name of a module."""
    if f"{name}.py" not in file_names():
        return True
    ends = (f"/{package}/{name}.py", f"/{package}/{name}")
    modules = (ROOT / path for path in tracked() if f"/{path}".endswith(f"/{package}.py"))
    defines = re.compile(rf"^(?:def|class) {name}\b|^{name}\b.* = ", re.MULTILINE)
    return any(f"/{path}".endswith(ends) for path in tracked()) or any(
        defines.search(module.read_text(encoding="utf-8")) for module in modules
    )


def unresolved(text: str, place: str, *, names_rules: bool = True) -> list[str]:
    """Return what a text cites and what does not exist; ``names_rules`` says that its file names docs/protocol.md."""
    wrong = [found for found in RULE.findall(text) if found not in rules() or not names_rules]
    cited = {one for group in CITED_PROMISE.findall(text) for one in PROMISE.findall(group)}
    if place != PROMISES:
        wrong += [found for found in PROMISE.findall(text) if found not in cited & promises()]
    numbers = {int(number) for found in DECISION.finditer(text) for number in re.findall(r"\d+", found[0])}
    wrong += [f"decision {number}" for number in numbers - decisions()]
    wrong += [name for name in FILE.findall(text) + FOLDER.findall(text) if not exists(name.rstrip("."), place)]
    wrong += [name for name in MODULE.findall(text) if not module_exists(name)]
    wrong += [f"{package}.{module}" for package, module in INNER.findall(text) if not holds(package, module)]
    wrong += [f"{page}.md §{number}" for page, number in SECTION.findall(text) if number not in sections(page)]
    return wrong + ELSEWHERE.findall(text)


def written_in(source: str) -> Iterator[str]:
    """Yield the comments and docstrings of a Python file, each with its lines joined."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield " ".join(node.value.value.split())
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


def texts(name: str) -> Iterator[str]:
    source = (ROOT / name).read_text(encoding="utf-8")
    if not any(pattern.search(source) for pattern in PATTERNS):
        return
    match Path(name).suffix:
        case ".py":
            yield from written_in(source)
        case ".md":
            # A file name within a fenced block is an example of somebody's own.
            yield re.sub(r"^```.*?^```$", "", source, flags=re.DOTALL | re.MULTILINE)
        case ".html":
            yield from re.findall(r"\{#(.*?)#\}", source)
        case _:
            yield from (line for line in source.splitlines() if re.match(r"\s*(#|--|//|\*|/\*)", line))


def cited_files() -> list[str]:
    suffixes = {".py", ".md", ".html", ".sql", ".mjs", ".js", ".css", ".toml"}
    names = (name for name in tracked() if Path(name).suffix in suffixes and "/migrations/" not in name)
    apart = {"docs/changelog.md", "docs/notices.md", str(Path(__file__).relative_to(ROOT))}
    return sorted(name for name in names if name not in apart)


def test_what_is_cited_exists() -> None:
    wrong = []
    for name in cited_files():
        every = list(texts(name))
        names_rules = name == "docs/protocol.md" or any("protocol.md" in text for text in every)
        wrong += [f"{name}: {one}" for text in every for one in unresolved(text, name, names_rules=names_rules)]
    assert wrong == []


def broken_links(page: Path) -> list[str]:
    """Return the links of a page within the repository that lead nowhere."""
    wrong = []
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:|/", link):
            continue
        where, _, anchor = link.partition("#")
        goal = (page.parent / where).resolve() if where else page
        if not goal.exists() or (anchor and anchor not in anchors(goal)):
            wrong.append(f"{page.name}: {link}")
    return wrong


def test_links_and_anchors_of_the_documents_lead_somewhere() -> None:
    pages = [ROOT / name for name in tracked() if name.endswith(".md")]
    assert len(pages) > len(decisions())
    assert [link for page in pages for link in broken_links(page)] == []


def test_every_rule_is_a_heading_once_and_in_order() -> None:
    text = (DOCS / "protocol.md").read_text(encoding="utf-8")
    assert re.findall(r"^## P(\d+): ", text, re.MULTILINE) == [str(number) for number in range(1, 35)]


@pytest.mark.parametrize(
    "text",
    [
        "Nobody widens (P99).",
        "The table is complete (promise C17).",
        "The table is complete (C45).",
        "The statement decides (decision 999).",
        "See docs/protocols.md.",
        "Written by services/no_such_verb.py.",
        "Drawn in portal/pages/people.",
        "Read from ``portal.operations.guards``.",
        "As ``licensing.evaluate.Deny`` says.",
        "What no library does (DESIGN.md §8).",
        "Refused (PROTOCOL P18).",
        "Measured (STACK §5).",
        "What DESIGN promises.",
        "A code of licensing.md §13.",
    ],
)
def test_a_reference_to_nothing_is_noticed(text: str) -> None:
    assert unresolved(text, "portal/web/people.py")


@pytest.mark.parametrize(
    "text",
    [
        "Nobody widens (docs/protocol.md P18).",
        "The table is complete (promises C44, C45).",
        "The statement decides (decision 5).",
        "Written by services/feed.py, drawn in portal/web, read from ``portal.usecases.caller``.",
        "The curve is P-256, the proof that of RFC 9449.",
    ],
)
def test_a_reference_to_something_is_accepted(text: str) -> None:
    assert unresolved(text, "protection/keys/root.py") == []


def test_a_rule_needs_its_page() -> None:
    assert unresolved("Nobody widens (P18).", "portal/web/people.py", names_rules=False)


def test_a_link_to_nothing_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One\n\n[a](#one) [b](#two) [c](missing.md) [d](page.md#one) [e](https://example.org/x)\n", "utf-8"
    )
    assert broken_links(page) == ["page.md: #two", "page.md: missing.md"]

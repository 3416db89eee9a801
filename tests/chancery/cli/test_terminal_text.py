"""Hostile content on a terminal: nothing but line ends and tabs makes it do anything, and nothing is lost."""

import csv
import io
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chancery.cli.terminal_text import Form, form_of, harmless, in_terminal, is_other

ACTED_ON = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029\u200b\ud800-\udfff]")
"""What a terminal acts on, what turns text around, what hides in it."""


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        (b"\x1b[2J\x1b]0;mine\x07gone", r"\x1b[2J\x1b]0;mine\x07gone"),
        (b"\x9b31m", "\ufffd31m"),
        ("\x9b31m".encode(), r"\x9b31m"),
        (b"price 10\rprice 99", r"price 10\x0dprice 99"),
        (b"one\r\ntwo\ttabs", "one\ntwo\ttabs"),
        (b"secret\b\b\b\b\b\bpublic", r"secret\x08\x08\x08\x08\x08\x08public"),
        ("evil\u202etxt.exe".encode(), r"evil\u202etxt.exe"),
        ("a\u200cb\u200dc".encode(), "a\u200cb\u200dc"),
        (b"\x1bP+q544e\x1b\\", r"\x1bP+q544e\x1b\\"[:-1]),
    ],
)
def test_control_characters_are_written_out(hostile: bytes, shown: str) -> None:
    assert in_terminal(Form.PLAIN, hostile, styled=True) == f"{shown}\n"


@given(st.binary(max_size=400), st.sampled_from(Form))
def test_no_content_makes_a_terminal_do_anything(data: bytes, form: Form) -> None:
    assert not ACTED_ON.search(in_terminal(form, data, styled=False))


@given(st.text(max_size=200), st.sampled_from([Form.PLAIN, Form.MARKDOWN]))
def test_only_headings_are_styled(text: str, form: Form) -> None:
    shown = in_terminal(form, text.encode("utf-8", "replace"), styled=True)
    assert not ACTED_ON.search(re.sub("\x1b\\[(1|0)m", "", shown))


def test_headings_are_bold() -> None:
    assert in_terminal(Form.MARKDOWN, b"# Plan\ntext", styled=True) == "\x1b[1m# Plan\x1b[0m\ntext\n"


def test_csv_is_an_aligned_table_that_loses_nothing() -> None:
    text = 'name;amount;note\nLamp;7;"two\nlines"\nA very long name that is wider than any column should be;12;\nx\n'
    lines = in_terminal(Form.TABLE, text.encode(), styled=False).splitlines()
    assert lines[0].index("amount") == lines[1].index("7") == 42
    assert lines[1].endswith("two lines")
    assert lines[2].startswith("A very long name that is wider than any column should be  12")
    assert lines[3] == "x"


@given(
    st.lists(
        st.lists(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1), min_size=2, max_size=4),
        min_size=1,
    )
)
def test_every_cell_of_a_table_is_shown(rows: list[list[str]]) -> None:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    lines = in_terminal(Form.TABLE, written.getvalue().encode(), styled=False).splitlines()
    assert [line.split() for line in lines] == rows


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(JSON)
def test_json_is_indented_as_the_library_does(value: object) -> None:
    text = json.dumps(value)
    assert in_terminal(Form.JSON, text.encode(), styled=False) == json.dumps(value, indent=2) + "\n"


@pytest.mark.parametrize("text", ['{"a": 1.10, "a": 2e400}', "{not json", '{"a":[{}, [], "{,}:"]}'])
def test_json_is_shown_as_it_is_written(text: str) -> None:
    shown = in_terminal(Form.JSON, text.encode(), styled=False)
    assert re.sub(r"\s", "", shown) == re.sub(r"\s", "", text)


def test_forms_are_chosen_by_name_and_type() -> None:
    assert form_of("plan.CSV") is Form.TABLE
    assert form_of("plan", "application/json") is Form.JSON
    assert form_of("README.md") is Form.MARKDOWN
    assert form_of("page.html", "text/html") is Form.PLAIN
    assert form_of("plan.pdf", "application/pdf") is None
    assert (is_other("plan.pdf"), is_other("plan.txt"), is_other("plan"), is_other("plan.unknown")) == (
        True,
        False,
        False,
        False,
    )


def test_other_encodings_are_read_by_their_mark() -> None:
    assert in_terminal(Form.PLAIN, "Übersicht".encode("utf-16"), styled=False) == "Übersicht\n"
    assert in_terminal(Form.PLAIN, b"\xef\xbb\xbfa", styled=False) == "a\n"
    assert harmless("plain") == "plain"

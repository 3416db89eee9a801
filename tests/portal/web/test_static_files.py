"""Files that browsers load are sent compressed, and only those of the packages are collected that a page loads."""

import gzip
import re
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.utils import matches_patterns
from django.test import Client

SCRIPT = "/static/js/chancery-objects.mjs"
ZIPPED = {"Accept-Encoding": "gzip"}


def test_scripts_are_compressed_and_kept_by_the_browser() -> None:
    client = Client()
    whole = b"".join(client.get(SCRIPT))
    found = client.get(SCRIPT, headers=ZIPPED)
    assert found["Content-Encoding"] == "gzip"
    sent = b"".join(found)
    assert gzip.decompress(sent) == whole
    assert len(sent) < len(whole) / 2
    again = client.get(SCRIPT, headers={**ZIPPED, "If-None-Match": found["ETag"]})
    assert (again.status_code, again.has_header("Content-Encoding")) == (304, False)
    part = client.get(SCRIPT, headers={**ZIPPED, "Range": "bytes=0-9"})
    assert (part.status_code, b"".join(part)) == (206, whole[:10])


def test_answers_that_may_hold_secrets_are_not_compressed() -> None:
    answer = Client().get("/healthz", headers=ZIPPED)
    assert not answer.has_header("Content-Encoding")


def test_what_pages_load_of_the_packages_is_collected_and_no_map() -> None:
    left_out = apps.get_app_config("staticfiles").ignore_patterns
    named = set()
    for page in (settings.ROOT / "templates").rglob("*.html"):
        named |= set(re.findall(r"static '((?:pdfjs|zipjs)/[^']+)'", page.read_text(encoding="utf-8")))
    assert len(named) > 3
    assert [name for name in named if any(matches_patterns(part, left_out) for part in Path(name).parts)] == []
    assert matches_patterns("pdf.worker.mjs.map", left_out)

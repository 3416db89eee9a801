"""The browser of the page tests."""

from typing import Final

from portal.development.test import BROWSER

PROGRAM: Final = BROWSER.program
"""Where Chromium is, or nothing; the tests that need it are then skipped, and say so."""
MISSING: Final = "There is no Chromium on this machine."
# Without the second group Chromium looks for its maker's hosts at every start.  With the third, the hosts of one
# installation share a process: what they may do to each other stays the same, and a tenth of the work is saved.  With
# the fourth, a page is painted in one piece, and with the last, scripts are compiled and memory is freed in one thread,
# where it takes less work.
FLAGS: Final = (
    "--no-sandbox", "--disable-gpu",
    "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
    "--renderer-process-limit=1", "--process-per-site", "--disable-site-isolation-trials", "--in-process-gpu",
    "--default-tile-width=2048", "--default-tile-height=2048",
    "--js-flags=--single-threaded",
)  # fmt: skip

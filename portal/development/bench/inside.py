"""What a bench prepares and measures inside the product: run by ``stack.Stack.run_inside`` in a process with Django.

Each is one function whose answer is plain JSON.  People, keys and documents are made by the services themselves;
only the mass of old documents and events for the pages is copied into the tables, since nobody waits a day for it.
"""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from portal.development.bench.preparations import drill, ingestion, organizations, pages, people, previews

PREPARATIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "people": people.assemble,
    "organizations": organizations.create,
    "ingestion": ingestion.measure,
    "pages": pages.measure,
    "previews": previews.measure,
    "drill": drill.compare,
}


def main() -> None:
    """Run the one that the environment names and leave its answer."""
    if not settings.CHANCERY_EMBEDDED:
        raise RuntimeError("A bench fills tables with nonsense; it runs in an installation of its own only.")
    order = json.loads(os.environ["CHANCERY_BENCH"])
    answer = PREPARATIONS[order["preparation"]](**order["arguments"])
    Path(order["answer"]).write_text(json.dumps(answer), encoding="utf-8")

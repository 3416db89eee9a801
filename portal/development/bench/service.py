"""Figures of the service besides licenses: ledger, organizations, pages."""

import http.client
import json
import time
from typing import Any, Final
from urllib.parse import urlsplit

from portal.development.bench.figures import Line, Reference, median, percentile, spread
from portal.development.bench.load import HOST, Load, prepared
from portal.development.bench.stack import Stack

RUNS: Final = 3
PATIENCE: Final = 30.0


def ingestion(stack: Stack, cast: dict[str, Any], events: int) -> list[Line]:
    """Reported events, from the client's request to their number in the tree."""
    runs = [stack.run_inside("ingestion", schema=cast["schema"], events=events) for _ in range(RUNS)]
    whole = [events / (run["accept"] + run["ingest"] + run["sequence"]) for run in runs]
    copied = Reference("rows/s by bare COPY into the same table", events / median([run["copy"] for run in runs]))
    lines = [Line("reported events, durable and sequenced", median(whole), "/s", "≥ 50,000", copied, spread(whole))]
    for step, name in (("accept", "durable in the inbox"), ("ingest", "moved to the ledger"), ("sequence", "numbered")):
        lines.append(Line(f"  {name}", events / median([run[step] for run in runs]), "/s", "", copied))
    return lines


def tracking(stack: Stack, cast: dict[str, Any]) -> list[Line]:
    """How soon a refusal appears among a document's events, and how soon it is numbered."""
    seen, numbered = [], []
    for number in range(RUNS):
        refused = _refusal(stack, cast, number)
        began = time.perf_counter()
        seen.append(_until(stack, cast, refused, began, lambda event: True))
        numbered.append(_until(stack, cast, refused, began, lambda event: event.get("seq") is not None))
    return [
        Line("a refusal visible in tracking", median(seen), "s", "≤ 2", None, spread(seen)),
        Line("  with its number in the tree", median(numbered), "s", "≤ 2", None, spread(numbered)),
    ]


def _refusal(stack: Stack, cast: dict[str, Any], number: int) -> str:
    """Ask for a document that this person may not open; return the id of the event."""
    item = cast["private"]
    load = Load(
        port=stack.port,
        origin=cast["origin"],
        path="/api/v1/licenses",
        method="POST",
        callers=[cast["callers"][number]],
        bodies=[json.dumps({"pl": item["pl"], "seal": item["seal"]})],
        connections=1,
        seconds=0,
    )
    plan = {name: getattr(load, name) for name in ("method", "path", "origin", "callers", "bodies")}
    head, _, body = prepared({**plan, "count": 1})[0].partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode("ascii").split("\r\n")[1:])
    status, answer = _asked(stack, "POST", load.path, headers, body)
    if status != http.client.FORBIDDEN:
        raise RuntimeError(f"A refusal was expected, not {status}.")
    return str(answer["event"])


def _until(stack: Stack, cast: dict[str, Any], event: str, began: float, wanted: Any) -> float:
    """Ask for the document's events until the wanted one is there; return the seconds since the refusal."""
    headers = {"Host": urlsplit(cast["origin"]).netloc, "Authorization": f"Bearer {cast['auditor']}"}
    path = f"/api/v1/documents/{cast['private']['cid']}/events"
    while time.perf_counter() - began < PATIENCE:
        _, answer = _asked(stack, "GET", path, headers, b"")
        if any(row["id"] == event and wanted(row) for row in answer["results"]):
            return time.perf_counter() - began
        time.sleep(0.02)
    return float("nan")


def _asked(stack: Stack, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(HOST, stack.port, timeout=PATIENCE)
    try:
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def organizations(stack: Stack, existing: int) -> list[Line]:
    """How long it takes to create one organization when many exist."""
    answer = stack.run_inside("organizations", existing=existing, measured=10)
    first, last = median(answer["first"]), median(answer["last"])
    reference = Reference("s when there were hardly any", first)
    return [
        Line(f"create an organization when {existing:,} exist", last, "s", "≤ 0.1", reference, spread(answer["last"])),
        Line(f"  look for work in {answer['count']:,} idle ledgers", answer["sweep"], "s"),
    ]


def pages(stack: Stack, cast: dict[str, Any], documents: int, events: int) -> list[Line]:
    """How long the service takes for a page when there is much to show."""
    answer = stack.run_inside(
        "pages",
        schema=cast["schema"],
        host=urlsplit(cast["origin"]).hostname,
        person=cast["administrator"],
        documents=documents,
        events=events,
        requests=40,
    )
    lines = []
    for name, page in answer.items():
        counts = f"{page['few']} statements with few, {page['many']} with many"
        times = page["milliseconds"]
        middle = Reference("ms in the middle", median(times))
        lines.append(Line(f"page: {name}, p95", percentile(times, 0.95), "ms", "≤ 50", middle, note=counts))
    title = f"({documents:,} documents, {events:,} events more)"
    return [Line(f"pages {title}", float(len(lines)), "pages"), *lines]


def previews(stack: Stack, cast: dict[str, Any], documents: int, events: int) -> list[Line]:
    """How long a worker takes to say what a change would do."""
    answer = stack.run_inside(
        "previews",
        schema=cast["schema"],
        slug=urlsplit(cast["origin"]).netloc.partition(".")[0],
        administrator=cast["administrator"],
        documents=documents,
        events=events,
    )
    lines = [Line(f"previews ({documents:,} documents, {events:,} openings)", float(len(answer)), "changes")]
    for change, found in answer.items():
        reached, people = (found[name]["considered"] for name in ("documents", "people"))
        note = f"{reached:,} documents reached, {people:,} people asked about"
        lines.append(Line(f"  what if: {change}", found["seconds"], "s", "≤ 30", None, note=note))
    return lines

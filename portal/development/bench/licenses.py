"""Use licenses: the whole way from the socket to the durable event and back (decision 5)."""

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle, islice
from typing import Any, Final

from portal.development.bench import load, references
from portal.development.bench.figures import Line, Reference, median, percentile, spread
from portal.development.bench.load import Load, Measured
from portal.development.bench.stack import Stack

PATH: Final = "/api/v1/licenses"
CONNECTIONS: Final = 16
BATCH: Final = 100
RUNS: Final = 3


def single(stack: Stack, cast: dict[str, Any], seconds: float) -> list[Line]:
    """Licenses for one document each: as many as possible, at half that load, and with the right to edit."""
    plain = _load(stack, cast, [_body(item) for item in cast["readable"]], seconds)
    runs = [_checked(load.run(plain, stack.folder)) for _ in range(RUNS)]
    rates = [run.per_second for run in runs]
    half = _checked(load.run(replace(plain, rate=median(rates) / 2), stack.folder))
    edit = _load(stack, cast, [_body(item) for item in cast["editable"]], seconds)
    editing = _checked(load.run(edit, stack.folder))
    empty = replace(plain, method="GET", path="/healthz", callers=[], bodies=[])
    nothing = load.run(empty, stack.folder).per_second
    commits = references.durable_commits(stack, CONNECTIONS, seconds)
    latencies = [latency for run in runs for latency in run.latencies]
    reference = Reference("durable one-row inserts/s (pgbench)", commits)
    return [
        Line("single use licenses, 16 connections", median(rates), "/s", "≥ 1,500", reference, spread(rates)),
        Line("  the same, beside empty answers", median(rates), "/s", "", Reference("/healthz answers/s", nothing)),
        Line("  p50 at full load", percentile(latencies, 0.5), "ms"),
        Line("  p99 at full load", percentile(latencies, 0.99), "ms"),
        Line("  p99 at half load", percentile(half.latencies, 0.99), "ms", "≤ 25", None, f"{half.per_second:,.0f}/s"),
        Line("  licenses that carry an edit certificate", editing.per_second, "/s", "", reference),
    ]


def batches(stack: Stack, cast: dict[str, Any], seconds: float) -> list[Line]:
    """Licenses for a hundred documents in one answer."""
    items = [{"pl": item["pl"], "seal": item["seal"]} for item in islice(cycle(cast["readable"]), BATCH)]
    wanted = replace(_load(stack, cast, [json.dumps({"items": items})], seconds), path=f"{PATH}/batch", connections=4)
    runs = [_checked(load.run(wanted, stack.folder)) for _ in range(RUNS)]
    rates = [run.per_second * BATCH for run in runs]
    latencies = [latency for run in runs for latency in run.latencies]
    opened = references.hpke_seals()
    return [
        Line(
            "licenses in batches of 100",
            median(rates),
            "items/s",
            "≥ 20,000",
            Reference("HPKE seals/s on one core", opened),
            spread(rates),
        ),
        Line("  p99 of one batch, 4 connections", percentile(latencies, 0.99), "ms"),
    ]


def _load(stack: Stack, cast: dict[str, Any], bodies: Sequence[str], seconds: float) -> Load:
    return Load(
        port=stack.port,
        origin=cast["origin"],
        path=PATH,
        method="POST",
        callers=cast["callers"],
        bodies=bodies,
        connections=CONNECTIONS,
        seconds=seconds,
    )


def _body(item: dict[str, str]) -> str:
    return json.dumps({"pl": item["pl"], "seal": item["seal"]})


def _checked(measured: Measured) -> Measured:
    """Refuse to report answers that were no licenses: refusals are quicker."""
    if measured.failed:
        raise RuntimeError(f"The service answered something else than licenses: {measured.statuses}")
    return measured

"""The command line for people to install: the page that says how on each system, and the package itself.

The package is built from this checkout, so that it always speaks what the service speaks.
"""

import hashlib
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET
from hatchling.builders.wheel import WheelBuilder

from portal.version import VERSION

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Package:
    """The client as a wheel; ``digest`` is its SHA-256 in hexadecimal."""

    name: str
    content: bytes
    digest: str


@cache
def package() -> Package:
    """Return the wheel of the client of this version; built once in each process, the same bytes each time."""
    with tempfile.TemporaryDirectory() as folder:
        (path,) = WheelBuilder(str(ROOT)).build(directory=folder, versions=["standard"])
        content = Path(path).read_bytes()
        return Package(Path(path).name, content, hashlib.sha256(content).hexdigest())


@require_GET
def client(request: HttpRequest) -> HttpResponse:
    """Say how the command line is installed on each system."""
    address = settings.CHANCERY_BASE_URL + reverse("client_package", args=[package().name])
    return render(request, "pages/client.html", {"package": package(), "address": address, "version": VERSION})


@require_GET
def client_package(request: HttpRequest, name: str) -> HttpResponse:
    """Answer with the package; other versions are not here."""
    if name != package().name:
        raise Http404
    answer = HttpResponse(package().content, content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer

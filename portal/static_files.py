"""Files that browsers load: which of the packages' files are collected, and how they are sent while nothing is."""

from http import HTTPStatus
from typing import Final

from django.conf import settings
from django.contrib.staticfiles.apps import StaticFilesConfig
from django.http import HttpRequest, HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from whitenoise.storage import CompressedManifestStaticFilesStorage

TEXT: Final = ("text/", "application/json", "image/svg+xml")


class CollectedFiles(StaticFilesConfig):
    """Leaves out of ``collectstatic`` what npm packages bring for developers: maps, types, other builds of the same."""

    ignore_patterns = [
        *StaticFilesConfig.ignore_patterns, "*.map", "*.cjs", "*.d.*ts", "*.md", "dist", "lib",
        "pdf.mjs", "pdf.worker.mjs", "pdf.sandbox.*", "pdf.renderer.*", "pdf_viewer.mjs",
    ]  # fmt: skip


class CollectedStorage(CompressedManifestStaticFilesStorage):
    """Names collected files by their content and compresses them; a map that is left out is no missing file."""

    patterns = tuple(
        (kind, tuple(rule for rule in rules if "sourceMappingURL" not in str(rule)))
        for kind, rules in CompressedManifestStaticFilesStorage.patterns
    )


class CompressedFilesMiddleware(GZipMiddleware):
    """Compresses scripts and styles that lie in the checkout; collected ones have a compressed copy beside them.

    Only these: a page that holds a secret beside what somebody else chose tells it by its compressed length.
    """

    def process_request(self, request: HttpRequest) -> None:
        """Recognize the file's own tag, which compressing made a weak one."""
        asked = request.META.get("HTTP_IF_NONE_MATCH", "")
        if request.path.startswith(settings.STATIC_URL) and asked:
            request.META["HTTP_IF_NONE_MATCH"] = asked.removeprefix("W/")

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Compress a whole file that is text."""
        is_text = response.headers.get("Content-Type", "").startswith(TEXT)
        is_whole = request.method == "GET" and response.status_code == HTTPStatus.OK
        if request.path.startswith(settings.STATIC_URL) and is_text and is_whole:
            return super().process_response(request, response)
        return response

"""Files that browsers load: which of the packages' files are collected, and under which names."""

from django.contrib.staticfiles.apps import StaticFilesConfig
from whitenoise.storage import CompressedManifestStaticFilesStorage


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

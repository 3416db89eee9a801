"""Reports that the service seals, as the API gives them: of super-user grants and of read permissions."""

from rest_framework import serializers

from portal.api.framework import Answer


class ReportFile(Answer):
    """A report as a file."""

    report = serializers.CharField(help_text="A compact JWS by the log key.")
    entries = serializers.ListField(child=serializers.DictField())
    checkpoints = serializers.ListField(child=serializers.CharField())

"""How the API's calls are named and authenticated in its OpenAPI description."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema


class NamedByView(AutoSchema):
    """Names each call by its method and its view, which are unique; the framework's guess by path is not."""

    def get_operation_id(self) -> str:
        """Return for example ``get_documents``."""
        return f"{self.method.lower()}_{type(self.view).__name__}"

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """Add a line that can be pasted into a shell, so that a call without a body has an example too."""
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is not None:
            method = "" if self.method == "GET" else f"-X {self.method} "
            lines = [f"curl {method}https://contoso.example.com{self.path}"]
            if operation.get("security"):
                lines.append('-H "Authorization: Bearer $TOKEN"')
            if "requestBody" in operation:
                lines.append("-H 'Content-Type: application/json' -d @body.json")
            operation["x-permission"] = getattr(self.view, "needs", {}).get(self.method, "")
            operation["x-codeSamples"] = [{"lang": "Shell", "source": " ".join(lines)}]
        return operation

    def get_tags(self) -> list[str]:
        """Return the file in which the call lives, which is its subject."""
        return [type(self.view).__module__.rpartition(".")[2]]


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the base registers untyped
    """Describes our own bearer authentication."""

    target_class = "portal.identity.bearer.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the scheme's description."""
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An access token of this installation's issuer that names this origin.",
        }

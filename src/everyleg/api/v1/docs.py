"""The API's description: OpenAPI 3.1 made from the routes and their shapes, and the same as a page to be read.

The page is drawn here, in HTML alone: no script, nothing from elsewhere.
"""

from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader
from litestar import Litestar, Response, Router, get
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme

from everyleg.api.v1 import adding, reading
from everyleg.api.v1.problems import KINDS

PREFIX = "/v1"
OPERATIONS = [*adding.ROUTES, *reading.ROUTES]
"""Every route that needs a key."""

_ABOUT = (
    "Parcels to follow, and what is known of them. Times are RFC 3339, in UTC; a reader ignores fields that it does "
    "not know. What goes wrong is a problem document (RFC 9457). A key may send 300 requests at once, then ten a "
    "second."
)
_FOLDER = Path(__file__).parent
_METHODS = ("get", "post", "put", "patch", "delete")
_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@cache
def description() -> dict[str, Any]:
    """The OpenAPI document."""
    scheme = SecurityScheme(type="http", scheme="bearer", description="A key of a workspace: `elk_…`.")
    config = OpenAPIConfig(
        title="Everyleg · 全程",
        version=metadata.version("everyleg"),
        description=_ABOUT,
        components=[Components(security_schemes={"key": scheme})],
        security=[{"key": []}],
    )
    routes = Router(PREFIX, route_handlers=OPERATIONS, tags=["Parcels"])
    # an application of its own, which serves nobody: only it knows how to describe its routes
    needs = {name: Provide(lambda: None, sync_to_thread=False) for name in ("services", "caller")}
    described = Litestar([routes], dependencies=needs, openapi_config=config, logging_config=None)
    return described.openapi_schema.to_schema()


@get("/v1/openapi.json", include_in_schema=False, sync_to_thread=False)
def document() -> Response[bytes]:
    """The document."""
    headers = {"Cache-Control": "no-cache"}
    return Response(msgspec.json.encode(description()), media_type="application/json", headers=headers)


@get(["/v1", "/v1/docs"], include_in_schema=False, sync_to_thread=False)
def page() -> Response[str]:
    """The page."""
    headers = {"Cache-Control": "no-cache", "Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"}
    return Response(_page(), media_type="text/html", headers=headers)


@cache
def _page() -> str:
    environment = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, trim_blocks=True)
    environment.filters["kind"] = _kind
    told = description()
    paths = told["paths"].items()
    operations = [(verb.upper(), path, item[verb]) for path, item in paths for verb in _METHODS if verb in item]
    schemas = told["components"]["schemas"]
    return environment.get_template("docs.html").render(
        told=told, operations=operations, schemas=schemas, problems=KINDS
    )


def _kind(schema: Mapping[str, Any]) -> str:
    """What a schema takes, in a few words: `string (date-time)`, `list of Check`, `integer or null`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if several := schema.get("oneOf") or schema.get("anyOf"):
        return " or ".join(dict.fromkeys(map(_kind, several)))
    if "enum" in schema:
        return ", ".join("null" if value is None else str(value) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return f"map to {_kind(schema['additionalProperties'])}"
    named = schema.get("type", "any")
    words = " or ".join(named) if isinstance(named, list) else str(named)
    return f"{words} ({schema['format']})" if "format" in schema else words


@get("/v1/docs.css", include_in_schema=False, sync_to_thread=False)
def stylesheet() -> Response[bytes]:
    """How the page looks."""
    body = (_FOLDER / "docs.css").read_bytes()
    return Response(body, media_type="text/css", headers={"Cache-Control": "max-age=3600"})


ROUTES = [document, page, stylesheet]

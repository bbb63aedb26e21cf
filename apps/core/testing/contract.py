"""Whether an answer is one that the description of the API allows.

Every answer that a test's client gets from the API is looked at: the root conftest sees to it. An answer with
a status, a header or a field that clients were not told of fails the test that got it.
"""

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from jsonschema_rs import Draft202012Validator

from apps.core.api.paths import classify
from apps.core.api.problems import PROBLEM_CONTENT_TYPE

URLCONF = "plant_community_backend.urls"
PROBLEM = {"$ref": "#/components/schemas/Problem"}
ALWAYS = ("X-Request-ID", "API-Version")
OF_DEPRECATED = ("Deprecation", "Sunset", "Link")
# Headers that clients act upon: none of them comes unannounced.
TELLING = (
    "Idempotent-Replayed",
    "Location",
    "Preference-Applied",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "Set-Cookie",
    "WWW-Authenticate",
)
# No operations of anybody's: asked by browsers before a request, answered by middleware and by DRF.
NOT_DESCRIBED_METHODS = ("OPTIONS", "TRACE")
LISTS = ("results", "items")  # what a list calls its entries
WORST = 5  # findings shown; the rest usually follows from them


class ContractBroken(AssertionError):
    pass


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whichever client fetched it. `body` is None where it was not read."""

    method: str
    path: str
    status: int
    headers: Mapping[str, str]
    body: bytes | None
    is_sparse: bool = False
    """Only some fields were asked for: the others may be missing."""

    @property
    def content_type(self) -> str:
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()


@dataclass(slots=True)
class Contract:
    """The description of the API, ready to be held against answers."""

    document: Mapping[str, Any]
    _paths: list[tuple[re.Pattern[str], str]] = field(init=False)
    _validators: dict[tuple[str, ...], Draft202012Validator] = field(init=False, default_factory=dict)
    _components: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        by_parameters = sorted(self.document["paths"], key=lambda path: (path.count("{"), path))
        self._paths = [(_pattern(path), path) for path in by_parameters]
        schemas = self.document["components"]["schemas"]
        self._components = {"schemas": {name: _closed(schema) for name, schema in schemas.items()}}

    def require(self, answer: Answer) -> None:
        """
        Raises:
            ContractBroken: the answer is not as described.
        """
        found = list(self.violations(answer))[:WORST]
        if found:
            said = (answer.body or b"")[:500].decode(errors="replace")
            heading = f"{answer.method} {answer.path} answered {answer.status} {answer.content_type}"
            raise ContractBroken(
                "\n".join([f"{heading}, which docs/api/openapi.yaml does not say:", *found, said])
            )

    def violations(self, answer: Answer) -> Iterator[str]:
        api_path = classify(answer.path)
        if api_path is None or not api_path.is_versioned or answer.method in NOT_DESCRIBED_METHODS:
            return
        yield from _missing(answer, ALWAYS)
        if api_path.is_legacy:
            yield from _missing(answer, OF_DEPRECATED)
        template = self._template(api_path.successor or answer.path)
        method = "get" if answer.method == "HEAD" else answer.method.lower()
        operation = self.document["paths"].get(template, {}).get(method)
        is_removed = api_path.is_legacy and answer.status == HTTPStatus.GONE
        if operation is None or is_removed:
            yield from self._violations_outside(answer)
        elif str(answer.status) not in operation["responses"]:
            yield f"status {answer.status} is not one of {', '.join(operation['responses'])}"
        else:
            response = operation["responses"][str(answer.status)]
            yield from self._header_violations(answer, response)
            yield from self._body_violations(answer, response, (template, method, str(answer.status)))

    def _template(self, path: str) -> str:
        return next((template for pattern, template in self._paths if pattern.fullmatch(path)), "")

    def _violations_outside(self, answer: Answer) -> Iterator[str]:
        """No operation: refused as everything is refused, or a page for people."""
        if answer.content_type == "text/html":
            return
        if answer.status >= HTTPStatus.BAD_REQUEST:
            yield from self._body_violations(
                answer, {"content": {PROBLEM_CONTENT_TYPE: {"schema": PROBLEM}}}, ()
            )
        elif answer.status < HTTPStatus.MULTIPLE_CHOICES:
            yield "there is no such operation"

    def _header_violations(self, answer: Answer, response: Mapping[str, Any]) -> Iterator[str]:
        described = response.get("headers", {})
        for name, reference in described.items():
            header = self._resolved(reference)
            if header.get("required"):
                yield from _missing(answer, (name,))
            value = answer.headers.get(name, "0")
            if header["schema"].get("type") == "integer" and not value.isdecimal():
                yield f"header {name} is not a number: {value!r}"
        yield from (
            f"header {name} is not described"
            for name in TELLING
            if name in answer.headers and name not in described
        )

    def _resolved(self, header: Mapping[str, Any]) -> Mapping[str, Any]:
        if "$ref" not in header:
            return header
        resolved: Mapping[str, Any] = self.document["components"]["headers"][
            header["$ref"].rpartition("/")[2]
        ]
        return resolved

    def _body_violations(
        self, answer: Answer, response: Mapping[str, Any], place: tuple[str, ...]
    ) -> Iterator[str]:
        if answer.body is None or answer.method == "HEAD":
            return
        content = response.get("content", {})
        if not content:
            if answer.body:
                yield "a body, where none is described"
            return
        if answer.content_type not in content:
            yield f"content type {answer.content_type!r} is not one of {', '.join(content)}"
            return
        if not answer.content_type.endswith("json"):
            return
        schema = content[answer.content_type]["schema"]
        if answer.is_sparse and answer.status == HTTPStatus.OK:
            place, schema = (*place, "sparse"), self._without_required(schema)
        validator = self._validator((*place, answer.content_type), schema)
        body = (
            gzip.decompress(answer.body) if answer.headers.get("Content-Encoding") == "gzip" else answer.body
        )
        for error in validator.iter_errors(json.loads(body)):
            yield f"at /{'/'.join(str(part) for part in error.instance_path)}: {error.message[:300]}"

    def _without_required(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Of a document, or of the entries of a list."""
        if "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        properties = schema["properties"]
        name = next((name for name in LISTS if name in properties), None)
        if name is None:
            parts = {"meta": _all_optional(properties["meta"])} if "meta" in properties else {}
            return {**_all_optional(schema), "properties": {**properties, **parts}}
        entries = {**properties[name], "items": self._without_required(properties[name]["items"])}
        return {**schema, "properties": {**properties, name: entries}}

    def _validator(self, place: tuple[str, ...], schema: Mapping[str, Any]) -> Draft202012Validator:
        validator = self._validators.get(place)
        if validator is None:
            bound = {**_closed(schema), "components": self._components}
            validator = self._validators[place] = Draft202012Validator(bound, validate_formats=True)
        return validator


@cache
def current_contract() -> Contract:
    """As the code has it now; that docs/api/openapi.yaml says the same is a test of its own."""
    generator = SchemaGenerator(urlconf=URLCONF)  # type: ignore[no-untyped-call]
    return Contract(generator.get_schema(request=None, public=True))  # type: ignore[no-untyped-call]


def _all_optional(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in schema.items() if name != "required"}


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{[^}]+\}", template)
    return re.compile("[^/]+".join(re.escape(part) for part in parts))


def _missing(answer: Answer, names: tuple[str, ...]) -> Iterator[str]:
    return (f"header {name} is missing" for name in names if name not in answer.headers)


def _closed(schema: Any) -> Any:
    """The same schema for one who wants to know of every field: what it does not name is not allowed."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    closed = {name: _closed(part) for name, part in schema.items()}
    if "properties" in schema and schema.get("type") == "object":
        closed.setdefault("additionalProperties", False)
    return closed

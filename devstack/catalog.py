"""`python -m devstack.catalog`: bring the catalogs in locale/ up to date with the code, and compile them.

The code is read with Python's own parser and the catalogs with Babel: no gettext tools of the system are
needed. What is compiled is committed, so that the product itself needs neither.
"""

import ast
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from devstack.bootstrap import ROOT

LOCALES = ROOT / "locale"
PRODUCT = ("apps", "plant_community_backend")
LINE_CHARS = 110

_SINGULAR = {"_", "gettext", "gettext_lazy", "gettext_noop", "Sentence"}
_PLURAL = {"ngettext", "ngettext_lazy"}
_IN_CONTEXT = {"pgettext", "pgettext_lazy"}
# `devstack` does without Django. A test compares with what Django itself finds in the templates.
_TAG = re.compile(
    r"""{%\s*translate\s+(?:"([^"]*)"|'([^']*)')[^%]*%}|{%\s*blocktranslate\s*%}(.*?){%\s*endblocktranslate\s*%}""",
    re.DOTALL,
)
_VARIABLE = re.compile(r"{{\s*(\w+)\s*}}")


@dataclass(frozen=True, slots=True)
class Message:
    text: str
    plural: str
    file: str
    context: str = ""  # where a short word means one thing and elsewhere another

    @property
    def id(self) -> str | tuple[str, str]:
        return (self.text, self.plural) if self.plural else self.text


class NotLiteral(Exception):
    """A sentence that is put together when it is said can be in no catalog."""


def find_messages() -> Iterator[Message]:
    """
    Raises:
        NotLiteral
    """
    for path in sorted(path for part in PRODUCT for path in (ROOT / part).rglob("*")):
        file = path.relative_to(ROOT).as_posix()
        if {"tests", "migrations"} & set(path.parts):
            continue
        if path.suffix == ".py":
            yield from read_module(path.read_text(), file)
        elif path.suffix in {".html", ".txt"} and "templates" in path.parts:
            yield from read_template(path.read_text(), file)


def read_module(code: str, file: str) -> Iterator[Message]:
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in _PLURAL and not _is_passed_on(node.args[0]):
            yield Message(_literal(node.args[0], file), _literal(node.args[1], file), file)
        elif name in _IN_CONTEXT and not _is_passed_on(node.args[1]):
            yield Message(_literal(node.args[1], file), "", file, _literal(node.args[0], file))
        elif name in _SINGULAR and node.args and not _is_passed_on(node.args[0]):
            plurals = [keyword.value for keyword in node.keywords if keyword.arg == "plural"]
            yield Message(_literal(node.args[0], file), _literal(plurals[0], file) if plurals else "", file)


def _is_passed_on(argument: ast.expr) -> bool:
    """A text that was written, and marked, elsewhere."""
    return isinstance(argument, ast.Name | ast.Attribute | ast.Subscript | ast.Call)


def _literal(node: ast.expr, file: str) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise NotLiteral(f"{file}:{node.lineno}")


def read_template(source: str, file: str) -> Iterator[Message]:
    for double_quoted, single_quoted, block in _TAG.findall(source):
        text = double_quoted or single_quoted or _VARIABLE.sub(r"%(\1)s", block.replace("%", "%%"))
        yield Message(text, "", file)


def template_catalog() -> Catalog:
    catalog = Catalog(project="Plant Community", charset="utf-8")
    for message in find_messages():
        catalog.add(message.id, locations=[(message.file, 0)], context=message.context or None)
    return catalog


def read_catalog(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parents[1].name)


def catalog_files() -> list[Path]:
    return sorted(LOCALES.glob("*/LC_MESSAGES/django.po"))


def compiled(catalog: Catalog) -> bytes:
    buffer = BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def untranslated(catalog: Catalog) -> list[str]:
    def is_open(said: str | Sequence[str]) -> bool:
        return not said if isinstance(said, str) else not all(said)

    return [str(message.id) for message in catalog if message.id and is_open(message.string or "")]


def update() -> list[str]:
    """What is still to be translated, in any language."""
    template = template_catalog()
    missing: list[str] = []
    for path in catalog_files():
        catalog = read_catalog(path)
        template.creation_date = catalog.creation_date  # no line changes where no sentence did
        catalog.update(template, no_fuzzy_matching=True)
        catalog.msgid_bugs_address = ""
        with path.open("wb") as file:
            write_po(
                file, catalog, width=LINE_CHARS, sort_output=True, ignore_obsolete=True, include_lineno=False
            )
        path.with_suffix(".mo").write_bytes(compiled(catalog))
        missing += [f"{catalog.locale}: {text}" for text in untranslated(catalog)]
    return missing


if __name__ == "__main__":
    still_open = update()
    print("\n".join(still_open) or "Everything is translated.")
    sys.exit(bool(still_open))

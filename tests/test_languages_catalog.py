"""Every sentence of the code stands in every catalog, translated; what is compiled is what is written."""

import ast
import gettext
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from django.conf import settings
from django.utils.translation.template import templatize

from apps.core.codes import ErrorCode
from devstack import catalog as tool

PLACEHOLDER = re.compile(r"%\(\w+\)[ds]|%[ds%]|\{\w*\}")
FILES = tool.catalog_files()
MENDING = "make messages"


def id_of(path: Path) -> str:
    return path.parents[1].name


@pytest.fixture(params=FILES, ids=id_of)
def path(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.fixture
def catalog(path: Path) -> Catalog:
    return tool.read_catalog(path)


def both(text: str | tuple[str, ...] | list[str]) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


def test_each_language_but_english_has_a_catalog() -> None:
    assert {id_of(path) for path in FILES} == dict(settings.LANGUAGES).keys() - {"en"}


def test_a_catalog_has_the_sentences_of_the_code_and_no_others(catalog: Catalog) -> None:
    in_code = {message.id for message in tool.find_messages()}
    in_catalog = {message.id for message in catalog if message.id}
    assert in_code - in_catalog == set(), MENDING
    assert in_catalog - in_code == set(), MENDING


def test_every_sentence_is_translated_by_a_person_who_was_sure(catalog: Catalog) -> None:
    assert tool.untranslated(catalog) == []
    assert [message.id for message in catalog if message.fuzzy and message.id] == []


def test_a_translation_has_the_placeholders_of_its_sentence(catalog: Catalog) -> None:
    for message in catalog:
        if not message.id:
            continue
        wanted = sorted(PLACEHOLDER.findall(both(message.id)[-1]))
        for said in both(message.string):
            assert sorted(PLACEHOLDER.findall(said)) == wanted, said


def test_what_is_compiled_is_what_is_written(path: Path, catalog: Catalog) -> None:
    with path.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for message in catalog:
        if not message.id:
            continue
        for number, said in enumerate(both(message.string)):
            if message.context:
                found = compiled.pgettext(message.context, message.id)
            elif isinstance(message.id, str):
                found = compiled.gettext(message.id)
            else:
                found = compiled.ngettext(*message.id, 1 if number == 0 else 2)
            assert found == said, MENDING
    keys = {key[0] if isinstance(key, tuple) else key for key in compiled._catalog if key}
    known = {key.rpartition("\x04")[2] for key in keys}  # what stands before it is a context
    assert known == {both(message.id)[0] for message in catalog if message.id}, MENDING


def test_the_tool_sees_every_way_of_marking_a_sentence() -> None:
    code = """
_("one" " and " "two")
Sentence("%(count)d leaf", {"count": n}, plural="%(count)d leaves")
ngettext("a", "b", n) % {}
gettext(TITLES[code])
pgettext_lazy("care", "light")
"""
    found = [message.id for message in tool.read_module(code, "leaf.py")]
    assert found == ["one and two", ("%(count)d leaf", "%(count)d leaves"), "light", ("a", "b")]
    assert [message.context for message in tool.read_module(code, "leaf.py")] == ["", "", "care", ""]


def test_the_tool_finds_in_templates_what_django_finds() -> None:
    called = re.compile(r"""gettext\(\s*u?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""")
    marked = 0
    for path in (path for part in tool.PRODUCT for path in (tool.ROOT / part).rglob("templates/**/*.*")):
        source = path.read_text()
        found = [message.text for message in tool.read_template(source, path.name)]
        assert found == [ast.literal_eval(text) for text in called.findall(templatize(source))], path
        marked += len(found)
    assert marked


@pytest.mark.parametrize("code", ['_(f"{n} leaves")', '_("a" + b)', 'Sentence("%s" % n)'])
def test_a_sentence_that_is_put_together_is_refused(code: str) -> None:
    with pytest.raises(tool.NotLiteral):
        list(tool.read_module(code, "leaf.py"))


def test_every_title_of_an_error_can_be_translated() -> None:
    in_code = {message.id for message in tool.find_messages()}
    assert {code.title for code in ErrorCode} <= in_code


def test_no_failure_is_told_in_words_that_no_catalog_has() -> None:
    """`detail = "…"` in an exception would be English for everybody."""
    marked = {both(message.id)[0] for message in tool.find_messages()}
    for failure in failures():
        assert str(getattr(failure.detail, "text", failure.detail)) in marked, failure


def failures() -> list[type]:
    from apps.core.exceptions import DomainError

    found = [DomainError]
    for kind in found:
        found.extend(kind.__subclasses__())
    return [
        kind for kind in found if kind.__module__.startswith("apps.") and ".tests." not in kind.__module__
    ]

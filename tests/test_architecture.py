"""What import-linter cannot see, and that what it sees is really seen."""

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps as installed
from django.conf import settings
from django.db import models

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ("apps", "plant_community_backend")
LINT = Path(sys.executable).parent / "lint-imports"
# From the bottom up: an app's tables refer to those of itself and of apps before it.
LAYERS = ["core", "users", "plant_identification", "garden_calendar", "forum_integration", "blog", "search"]
MODULE_MAX_LINES = 300
FUNCTION_MAX_LINES = 50


def own_modules(*packages: str) -> Iterator[Path]:
    for package in packages:
        for path in (ROOT / package).rglob("*.py"):
            if not {"tests", "migrations"} & set(path.relative_to(ROOT).parts):
                yield path


def lint(directory: Path) -> str:
    done = subprocess.run(
        [LINT, "--no-cache"], cwd=directory, capture_output=True, text=True, timeout=110, check=False
    )
    return done.stdout + done.stderr


def test_the_import_contracts_hold() -> None:
    said = lint(ROOT)
    assert " 0 broken." in said, said


VIOLATIONS = {
    "apps/core/db.py": "import apps.users.types",
    "apps/users/models/users.py": "import apps.users.services.sessions",
    "apps/users/types.py": "import provider_sandbox.wire",
    "apps/users/services/sessions.py": "import httpx\nimport rest_framework.views",
    "apps/blog/constants.py": (
        "import apps.users.services.sessions\nimport apps.plant_identification.services.quota\n"
    ),
    "plant_community_backend/identify_page.py": "import apps.blog.services.demo",
    "apps/plant_identification/tasks.py": "import requests",
    "provider_sandbox/wire.py": "import apps.core.db",
    "devstack/errors.py": "import apps.core.db",
}


def test_each_import_contract_can_fail(tmp_path: Path) -> None:
    for package in (*PRODUCT, "provider_sandbox", "devstack"):
        shutil.copytree(
            ROOT / package,
            tmp_path / package,
            ignore=lambda folder, names: [name for name in names if name == "__pycache__"],
        )
    shutil.copy(ROOT / ".importlinter", tmp_path)
    for name, line in VIOLATIONS.items():
        path = tmp_path / name
        path.write_text(f"{path.read_text()}\n{line}\n")
    said = lint(tmp_path)
    assert " 0 kept" in said, said


def test_tables_refer_only_to_tables_of_apps_below() -> None:
    upwards = []
    for model in installed.get_models(include_auto_created=True):
        if model._meta.app_label not in LAYERS:
            continue
        for field in model._meta.get_fields():
            target = (
                field.related_model if isinstance(field, models.ForeignKey | models.ManyToManyField) else None
            )
            if target is None or target._meta.app_label not in LAYERS:
                continue
            if LAYERS.index(target._meta.app_label) > LAYERS.index(model._meta.app_label):
                upwards.append(f"{model._meta.label}.{field.name} → {target._meta.label}")
    assert not upwards


def test_every_app_of_the_project_has_its_layer() -> None:
    labels = {config.label for config in installed.get_app_configs() if config.name.startswith("apps.")}
    assert labels <= set(LAYERS)


def test_modules_and_functions_stay_short() -> None:
    too_long = []
    for path in own_modules(*PRODUCT):
        text = path.read_text()
        name = path.relative_to(ROOT)
        if (lines := text.count("\n")) > MODULE_MAX_LINES:
            too_long.append(f"{name}: {lines} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_MAX_LINES:
                    too_long.append(f"{name}: {node.name} has {length} lines")
    assert not too_long


@pytest.mark.parametrize("name", ["utils.py", "helpers.py"])
def test_no_module_is_named_for_nothing(name: str) -> None:
    assert not [path for path in own_modules(*PRODUCT, "devstack", "provider_sandbox") if path.name == name]


def test_only_the_settings_read_the_environment() -> None:
    entry_points = {"asgi.py", "wsgi.py", "celery.py"}  # they name the settings
    readers = []
    for path in own_modules(*PRODUCT):
        if path.parent.name == "settings" or path.name in entry_points:
            continue
        readers += [
            f"{path.relative_to(ROOT)}:{node.lineno}"
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
        ]
    assert not readers


def test_the_settings_of_tests_are_those_of_tests() -> None:
    assert settings.SETTINGS_MODULE.endswith(".test")
    assert not settings.DEBUG

"""The stubs say what the compiled module has."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

from trunkline import _core

STUBS = ast.parse(Path(_core.__file__).with_name("_core.pyi").read_text())
CLASSES = {node.name: node for node in STUBS.body if isinstance(node, ast.ClassDef)}
FUNCTIONS = {node.name: node for node in STUBS.body if isinstance(node, ast.FunctionDef)}


def parameters(node: ast.FunctionDef) -> list[str]:
    return [argument.arg for argument in node.args.args if argument.arg not in ("self", "cls")]


def really(thing: object) -> list[str]:
    assert callable(thing)
    return [name for name in inspect.signature(thing).parameters if name != "self"]


def members(name: str) -> set[str]:
    return {member for member in vars(getattr(_core, name)) if not member.startswith("_")}


def test_every_class_and_function_has_a_stub_and_no_other() -> None:
    public = {name for name in vars(_core) if not name.startswith("_")}
    assert public == CLASSES.keys() | FUNCTIONS.keys()


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_every_method_has_a_stub_with_its_parameters(name: str) -> None:
    stubs = {node.name: node for node in CLASSES[name].body if isinstance(node, ast.FunctionDef)}
    assert members(name) == {stub for stub in stubs if not stub.startswith("__")}
    for method, stub in stubs.items():
        there = getattr(_core, name).__dict__.get(method)
        is_property = any(ast.unparse(mark) == "property" for mark in stub.decorator_list)
        assert inspect.isgetsetdescriptor(there) == is_property, f"{name}.{method}"
        if not is_property and method != "__new__":
            assert really(there) == parameters(stub), f"{name}.{method}"


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_has_a_stub_with_its_parameters(name: str) -> None:
    assert really(getattr(_core, name)) == parameters(FUNCTIONS[name])


def test_everything_says_what_it_is_for() -> None:
    for name, node in CLASSES.items():
        assert ast.get_docstring(node), name
        assert inspect.getdoc(getattr(_core, name)), name

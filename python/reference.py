"""Writes docs/python-reference.md from the docstrings of the packages.

    python python/reference.py

The sources are read and not imported, so that neither the compiled module nor Pipecat is needed.
"""

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "python-reference.md"

# What a reader may import, in the order of the page.
MODULES = (
    "trunkline",
    "trunkline.events",
    "trunkline.exceptions",
    "trunkline.client",
    "trunkline.pipecat",
    "sip_voice_transport",
)

HEAD = """\
# Python reference

Made of the docstrings by `python python/reference.py`; a test holds the two together. To begin
with, read the guides: [Python](guides/python.md), [Pipecat](guides/pipecat.md).
"""

Function = ast.FunctionDef | ast.AsyncFunctionDef
Documented = ast.ClassDef | Function | ast.Assign | ast.AnnAssign


@dataclass(frozen=True)
class Found:
    """Where a public name is defined."""

    node: Documented
    doc: str


def page() -> str:
    """The text of the page."""
    parts = [HEAD]
    for module in MODULES:
        if not path_of(module).exists():
            continue
        parts.append(f"\n## `{module}`\n\n{doc_of(tree_of(module))}\n")
        parts += [section(name, module) for name in public_names(module)]
    return re.sub(r"\n{3,}", "\n\n", "".join(parts))


def path_of(module: str) -> Path:
    """The file of a module; the stub of one that is compiled."""
    place = HERE.joinpath(*module.split("."))
    choices = (place / "__init__.py", place.with_suffix(".py"), place.with_suffix(".pyi"))
    return next((path for path in choices if path.exists()), choices[1])


@cache
def tree_of(module: str) -> ast.Module:
    """The parsed source of a module."""
    return ast.parse(path_of(module).read_text())


def public_names(module: str) -> list[str]:
    """The names in `__all__`, but for modules, which have sections of their own; without one, what
    is defined and has no underscore before it."""
    body = tree_of(module).body
    for node in body:
        if isinstance(node, ast.Assign) and named(node) == "__all__":
            names = [str(name) for name in ast.literal_eval(node.value)]
            kept = (name for name in names if not name.startswith("_"))
            return [name for name in kept if not path_of(f"{module}.{name}").exists()]
    return [name for node in body if (name := named(node)) and not name.startswith("_")]


def named(node: ast.AST) -> str | None:
    """The name that a statement defines."""
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
            return name
        case ast.AsyncFunctionDef(name=name):
            return name
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
        case _:
            return None


def find(name: str, module: str) -> Found | None:
    """Where a name is defined, however often it was imported; `None` outside of our packages."""
    for node, doc in documented(tree_of(module).body):
        if named(node) == name:
            return Found(node, doc)
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return find(alias.name, source) if (source := origin(node, module)) else None
    return None


def origin(node: ast.ImportFrom, module: str) -> str | None:
    """The module that something is imported from, where it is one of ours."""
    name = node.module or ""
    if node.level:
        package = module.split(".")
        is_package = path_of(module).name == "__init__.py"
        package = package[: len(package) - node.level + is_package]
        name = ".".join([*package, *([name] if name else [])])
    return name if path_of(name).exists() else None


def documented(body: list[ast.stmt]) -> Iterator[tuple[Documented, str]]:
    """The definitions in a body, each with its docstring, or with the string that follows it."""
    for node, after in zip(body, [*body[1:], None], strict=False):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node, doc_of(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            match after:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    yield node, as_markdown(inspect.cleandoc(text))
                case _:
                    yield node, ""


def doc_of(node: ast.Module | ast.ClassDef | Function) -> str:
    """A docstring as Markdown."""
    return as_markdown(inspect.cleandoc(ast.get_docstring(node) or ""))


def as_markdown(text: str) -> str:
    """Replaces what reStructuredText and Google's style of docstrings spell in another way."""
    text = re.sub(r":(?:\w+:)?\w+:`~[\w.]*?(\w+)`", r"`\1`", text)
    text = re.sub(r":(?:\w+:)?\w+:`([^`]+)`", r"`\1`", text)
    text = text.replace("``", "`")
    text = re.sub(r"^:raises (\w+): ?(.)", raised, text, flags=re.MULTILINE)
    text = re.sub(r"^\.\. code-block:: python\n", "", text, flags=re.MULTILINE)
    return re.sub(r"^(\w+):\n((?: {4}.*\n?)+)", listed, text, flags=re.MULTILINE)


def raised(found: re.Match[str]) -> str:
    """`:raises Error: where …` as a sentence of its own."""
    return f"\nRaises `{found[1]}` {found[2]}"


def listed(found: re.Match[str]) -> str:
    """The indented lines under `Args:`, `Raises:` and their like, as a list."""
    lines = [line.removeprefix("    ") for line in found[2].splitlines()]
    entries = [re.sub(r"^(\w+): ", r"- `\1`: ", line) for line in lines]
    continued = [f"  {line.strip()}" if line.startswith(" ") else line for line in entries]
    return f"{found[1]}:\n\n" + "\n".join(continued) + "\n"


def section(name: str, module: str) -> str:
    """What the page says of one name."""
    found = find(name, module)
    if found is None:
        return ""
    match found.node:
        case ast.ClassDef() as node:
            return f"\n### `{name}`\n\n{found.doc}\n" + members(node, module)
        case ast.FunctionDef() | ast.AsyncFunctionDef() as node:
            return f"\n### `{signature(node)}`\n\n{found.doc}\n"
        case ast.Assign(value=value) | ast.AnnAssign(value=value):
            short = ast.unparse(value) if value and not isinstance(value, ast.Call) else ""
            text = f"`{name} = {short}`" if 0 < len(short) < 80 else f"`{name}`"
            return f"\n### {text}\n" + (f"\n{found.doc}\n" if found.doc else "")


def members(node: ast.ClassDef, module: str) -> str:
    """The fields, properties and methods of a class, with those of bases that are not public."""
    lines: list[str] = []
    for base in node.bases:
        name = ast.unparse(base)
        hidden = find(name, module) if name.startswith("_") else None
        if hidden and isinstance(hidden.node, ast.ClassDef):
            lines.append(members(hidden.node, module))
    for member, doc in [*documented(attributes_of(node)), *documented(node.body)]:
        name = named(member) or "_"
        # What settings a model of Pydantic's has is no business of its users.
        if name.startswith("_") or name == "model_config":
            continue
        lines.append(f"\n- {spelled(member, name)}" + indented(doc))
    return "".join(line if line.endswith("\n") else line + "\n" for line in lines)


def attributes_of(node: ast.ClassDef) -> list[ast.stmt]:
    """What `__init__` sets and documents, as if it stood in the class."""
    init = next((each for each in node.body if named(each) == "__init__"), None)
    if not isinstance(init, ast.FunctionDef):
        return []
    body: list[ast.stmt] = []
    for each in init.body:
        match each:
            case ast.AnnAssign(target=ast.Attribute(attr=name), annotation=annotation):
                target = ast.Name(name)
                body.append(ast.AnnAssign(target=target, annotation=annotation, simple=1))
            case _:
                body.append(each)
    return body


def spelled(member: Documented, name: str) -> str:
    """A member as one would write it."""
    match member:
        case ast.FunctionDef(decorator_list=decorators, returns=returns) if any(
            ast.unparse(each) in ("property", "cached_property") for each in decorators
        ):
            return f"`{name}: {ast.unparse(returns)}`" if returns else f"`{name}`"
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return f"`{signature(member)}`"
        case ast.AnnAssign(annotation=annotation, value=None):
            return f"`{name}: {ast.unparse(annotation)}`"
        case ast.AnnAssign(annotation=annotation, value=ast.Constant(value=value)):
            return f"`{name}: {ast.unparse(annotation)} = {value!r}`"
        case ast.AnnAssign(annotation=annotation):
            return f"`{name}: {ast.unparse(annotation)}`"
        case ast.Assign(value=value):
            return f"`{name} = {ast.unparse(value)}`"
        case ast.ClassDef():
            return f"`{name}`"


def signature(node: Function) -> str:
    """A function's head, without `self`."""
    arguments = ast.unparse(node.args)
    arguments = re.sub(r"^(self|cls)(, |$)", "", arguments).removeprefix("/, ")
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"{how_to_call(node)}{node.name}({arguments}){returns}"


def how_to_call(node: Function) -> str:
    """What stands before a call."""
    decorators = {ast.unparse(each) for each in node.decorator_list}
    if "asynccontextmanager" in decorators:
        return "async with "
    if isinstance(node, ast.FunctionDef):
        return ""
    generates = any(isinstance(each, ast.Yield) for each in ast.walk(node))
    return "async for … in " if generates else "await "


def indented(doc: str) -> str:
    """A docstring as the text of a list's entry."""
    if not doc:
        return ""
    return "\n" + "\n".join(f"  {line}".rstrip() for line in doc.splitlines())


if __name__ == "__main__":
    PAGE.write_text(page())

"""What the documents show of Python compiles, and what it imports is there."""

import ast
import importlib

import pytest
from binary import ROOT

PAGES = [ROOT / "README.md", ROOT / "python/README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCKS_MIN = 9


def blocks():
    """Every block of Python: where it begins, and what is in it."""
    found = []
    for page in PAGES:
        begin, lines = None, []
        for number, line in enumerate(page.read_text().splitlines(), 1):
            if line == "```python":
                begin, lines = f"{page.relative_to(ROOT)}:{number}", []
            elif line == "```" and begin:
                found.append(pytest.param("\n".join(lines), id=begin))
                begin = None
            else:
                lines.append(line)
    return found


BLOCKS = blocks()


def test_there_are_blocks():
    assert len(BLOCKS) >= BLOCKS_MIN


@pytest.mark.parametrize("text", BLOCKS)
def test_a_block_compiles_and_imports_what_is_there(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                importlib.import_module(alias.name)
        elif isinstance(node, ast.ImportFrom):
            module = importlib.import_module(node.module)
            for alias in node.names:
                assert hasattr(module, alias.name), f"{node.module} has no {alias.name}"

"""docs/python-reference.md is made of the docstrings as they are."""

import importlib.util
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "reference.py"


def reference():
    specification = importlib.util.spec_from_file_location("reference", SCRIPT)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_page_is_what_the_docstrings_say():
    made = reference()
    assert made.PAGE.read_text() == made.page(), "run `python python/reference.py`"


def test_every_public_name_is_documented():
    made = reference()
    nameless = [
        f"{module}.{name}"
        for module in made.MODULES
        for name in made.public_names(module)
        if not (found := made.find(name, module)) or not found.doc
    ]
    assert nameless == []

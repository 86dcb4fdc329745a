"""The rules of the house that no tool checks. Import floors are held by `lint-imports`, in `tests/run.sh`."""

from __future__ import annotations

import ast
import re
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "fonoteca"
TOP_LEVEL = {
    ".ci",
    ".gitignore",
    "LICENSE",
    "README.md",
    "config.example.toml",
    "docs",
    "pyproject.toml",
    "src",
    "tests",
}
LONGEST_MODULE = 350
"""Lines. A room over three hundred is asking to be two; past this it has to be."""


def _modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def _test_modules() -> list[Path]:
    return sorted((ROOT / "tests").rglob("test_*.py"))


def _pages() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def _named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _ignored(name: str) -> bool:
    patterns = (ROOT / ".gitignore").read_text().split()
    return name == ".git" or any(fnmatch(name, pattern.rstrip("/")) for pattern in patterns)


def test_no_module_is_longer_than_a_reader_can_hold():
    """A module that grew too long has two subjects."""
    lengths = {_named(path): len(path.read_text().splitlines()) for path in _modules()}

    assert {name: length for name, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_the_top_level_holds_only_what_a_newcomer_expects():
    """A stranger's first look at the project shows nine names, each of them known."""
    names = {path.name for path in ROOT.iterdir() if not _ignored(path.name)}

    assert names == TOP_LEVEL


def test_a_package_says_what_it_is_and_imports_nothing():
    """An import in a package's `__init__` is paid for by every command, whether it needs it or not."""
    wrong = []
    for path in SOURCE.rglob("__init__.py"):
        tree = ast.parse(path.read_text())
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
        if imports or not ast.get_docstring(tree):
            wrong.append(_named(path))

    assert wrong == []


def test_every_test_says_why_anyone_would_care():
    """A rule without its reason is the first to be thrown out."""
    wrong = []
    for path in _test_modules():
        for node in ast.walk(ast.parse(path.read_text())):
            is_test = isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
            if is_test and not ast.get_docstring(node):
                wrong.append(f"{_named(path)}::{node.name}")

    assert wrong == []


def test_no_file_names_the_machine_it_was_written_on():
    """A path of somebody's own machine means nothing to the next reader."""
    here = "|".join(re.escape(str(path)) for path in (ROOT, Path.home()))
    mine = re.compile(rf"(?<![\w./-])(?:{here})/")
    texts = [*_pages(), *_modules(), *_test_modules(), ROOT / "config.example.toml", ROOT / "pyproject.toml"]

    assert [_named(path) for path in texts if mine.search(path.read_text())] == []


def test_links_between_pages_lead_somewhere():
    """A dead link in the documentation costs the reader's trust in the rest of it."""
    dead = []
    for page in _pages():
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
            if "://" not in target and not (page.parent / target).exists():
                dead.append(f"{_named(page)}: {target}")

    assert dead == []


def test_the_index_leads_to_every_page():
    """A page that the index does not name is a page that nobody reads."""
    index = (ROOT / "docs" / "index.md").read_text()
    pages = [page.name for page in (ROOT / "docs").glob("*.md") if page.name != "index.md"]

    assert [name for name in sorted(pages) if f"({name})" not in index] == []

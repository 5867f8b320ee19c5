"""The shape of the source: sizes, and the contracts between the packages."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("bot", "domain", "sender", "locales", "sandbox")
MOST_LINES = 400
NAMES_THAT_SAY_NOTHING = {"utils", "helpers", "base", "manager", "common"}


def _modules() -> list[Path]:
    found = [file for package in PACKAGES for file in (ROOT / package).rglob("*.py") if "migrations" not in file.parts]
    return [ROOT / "pregon.py", *found]


@pytest.mark.parametrize("module", _modules(), ids=lambda module: str(module.relative_to(ROOT)))
def test_a_module_is_short_and_says_what_lives_in_it(module: Path) -> None:
    """Beyond this size a module holds two things; without a first sentence nobody knows which."""
    lines = module.read_text().splitlines()

    assert len(lines) <= MOST_LINES
    assert not lines or lines[0].startswith('"""')
    assert module.stem not in NAMES_THAT_SAY_NOTHING


def test_the_packages_keep_to_their_contracts() -> None:
    """Who may import whom is written in pyproject.toml."""
    command = Path(sys.executable).with_name("lint-imports")
    found = subprocess.run([command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert found.returncode == 0, found.stdout


def test_the_locks_name_versions_only() -> None:
    """No index, no download address, no registry host."""
    for lock in ROOT.glob("requirements*.lock"):
        text = lock.read_text()
        assert "://" not in text
        assert "--index-url" not in text
        assert "--hash=sha256:" in text


def test_every_parameter_of_a_route_is_documented() -> None:
    """The table of the manual is the one beside the parser."""
    rules = (ROOT / "domain" / "rules" / "route.py").read_text()
    table = rules[rules.index("| Parameter") : rules.index('"""', 10)].strip()

    assert table in (ROOT / "docs" / "operations.md").read_text()

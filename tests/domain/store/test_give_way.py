"""Between two slices of an import SQLite's only writer is for whoever else wants it."""

import time
from types import SimpleNamespace

import pytest

from domain.models import Account
from domain.store import current
from domain.store.sqlite import imports
from domain.store.sqlite.imports import SqliteImports


class _Clock:
    """Moves while something sleeps; ``asks_until``: others use the database up to then, as the fake client says."""

    def __init__(self, asks_until: float) -> None:
        self.now, self.asks_until = 1_000.0, 1_000.0 + asks_until

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    @property
    def used_s(self) -> float:
        return min(self.now, self.asks_until)


@pytest.mark.parametrize(
    ("asks_for_s", "least_s", "most_s"),
    [
        pytest.param(-60.0, 0.01, 0.011, id="nobody asks: only the pause"),
        pytest.param(0.1, 0.1, 0.13, id="until they have their answer"),
        pytest.param(60.0, 0.2, 0.23, id="but not for ever"),
    ],
)
async def test_an_import_waits_while_others_ask(
    monkeypatch: pytest.MonkeyPatch, asks_for_s: float, least_s: float, most_s: float
) -> None:
    """A tap is a dozen statements, each of which would wait for a slice."""
    clock = _Clock(asks_for_s)
    monkeypatch.setattr(imports, "time", clock)
    monkeypatch.setattr(imports, "asyncio", clock)
    await SqliteImports.give_way(SimpleNamespace(import_pause_s=0.01, _client=clock))  # type: ignore[arg-type]

    assert least_s <= clock.now - 1_000.0 + 1e-6
    assert clock.now - 1_000.0 <= most_s


@pytest.mark.usefixtures("account")
async def test_every_statement_is_noted(database_url: str) -> None:
    """Also one that only reads: it waits for the same connection."""
    if not database_url.startswith("sqlite"):
        pytest.skip("PostgreSQL has many writers")
    client = current()._client  # type: ignore[attr-defined]
    before = time.monotonic()
    await Account.all().count()

    assert client.used_s >= before

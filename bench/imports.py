"""
Rows a second from the bytes of an upload to committed contacts and memberships, with the dry run and the journal that
undoes it; beside it, in the same run and from the same file: reading and validating with no database, and Tortoise's
own ``bulk_create`` and ``add``.

    python -m bench.imports [--rows N]

Each part is a process of its own, so that its memory is its own. Ratios are to the goals.
"""

import argparse
import asyncio
import contextlib
import io
import logging
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import structlog
from tortoise import Tortoise
from tortoise.transactions import in_transaction

from bench.contact_file import contact_file
from bench.orm import Group, Person
from bench.postgres import NoPostgres, postgres
from domain.database import migrate_database, open_database, tortoise_config
from domain.models import Account, Contact, ContactGroup, ImportState
from domain.rules.contact_csv import Row, preview_text, read_rows
from domain.rules.csv_records import records_of
from domain.rules.msisdn import NumberPlan
from domain.rules.upload import open_part, parts_of
from domain.store.sqlite import connection
from domain.store.sqlite.client import SteadySqliteClient
from domain.usecases import imports

_PARTS = ("read", "bulk_create", "sqlite", "postgres")
_BATCH = 2_000  # rows that go in by bulk_create at once
_GOAL_SHARE, _GOAL_TIMES, _GOAL_POSTGRES = 1 / 3, 6, 45_000
_GOAL_MB, _GOAL_WRITE_MS = 250, 60


def rows_of(content: bytes) -> Any:
    """Every row, read and validated."""
    (part,) = parts_of(content, "contactos.zip")
    plan = NumberPlan("PE", countries=frozenset({"PE"}))
    seen = preview_text(open_part(content, part), open_part(content, part), plan)
    records = records_of(io.BufferedReader(open_part(content, part)), seen.layout)  # type: ignore[arg-type]
    return read_rows(records, columns=seen.columns, plan=plan)


class Memory:
    """Peak of this process, and of the largest that it started: by the kernel's own mark, which ``exec`` resets."""

    def __init__(self) -> None:
        self.child_mb = 0
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while True:
            for child in Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split():
                self.child_mb = max(self.child_mb, _peak_mb(child))
            time.sleep(0.1)

    def __str__(self) -> str:
        return f"peak {_peak_mb('self')} MB + reader {self.child_mb} MB (goal {_GOAL_MB})"


def _peak_mb(pid: str) -> int:
    with contextlib.suppress(OSError):
        for line in Path("/proc", pid, "status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) >> 10
    return 0


def cpu_s() -> float:
    """What this process and those that it waited for have used: less than the wall clock swayed by what else runs."""
    own, others = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def read(content: bytes, rows: int) -> None:
    """No database."""
    began, cpu_began_s = time.perf_counter(), cpu_s()
    count = sum(1 for _ in rows_of(content))
    rate, used_s = count / (time.perf_counter() - began), cpu_s() - cpu_began_s
    print(
        f"rate {rate:.0f}\n{'reading and validating, no database':<44}{rate:>9,.0f}/s  (CPU {used_s:.1f} s)", flush=True
    )


async def into_group() -> tuple[Account, ContactGroup]:
    """An account with an empty group."""
    account = await Account.create(name="bench", region="PE", time_zone="America/Lima", sender_id="BENCH")
    return account, await ContactGroup.create(account=account, title="bench")


async def bulk_create(url: str, content: bytes) -> tuple[float, float, float]:
    """
    The same file as Tortoise alone would write it: models, an upsert a batch, the relation's ``add``; no dry run, and
    nothing that undoes it. Returns rows a second, what they would be without the memberships, and seconds of CPU.
    """
    await migrate_database(url)
    config = tortoise_config(url)
    config["apps"]["orm"] = {"models": ["bench.orm"], "default_connection": "default"}
    await Tortoise.init(config=config)
    try:
        account, group = await into_group()
        members = (await Group.get(id=group.id)).contacts
        began, cpu_began_s, count, joining_s = time.perf_counter(), cpu_s(), 0, 0.0
        rows = rows_of(content)
        fields = Row._fields[2:]
        while batch := list(islice(rows, _BATCH)):
            # Of the rows with one number the last: they go in one statement.
            good = {row.msisdn: row for row in batch if isinstance(row, Row)}
            people = [
                Person(
                    account_id=account.id,
                    created_ms=1,
                    updated_ms=1,
                    **dict(zip(Row._fields[1:], row[1:], strict=True)),
                )
                for row in good.values()
            ]
            async with in_transaction():
                await Person.bulk_create(
                    people, on_conflict=["account_id", "msisdn"], update_fields=[*fields, "updated_ms"]
                )
                written = time.perf_counter()
                # It does not fill in the keys of what it writes.
                await members.add(*await Person.filter(account_id=account.id, msisdn__in=list(good)))
                joining_s += time.perf_counter() - written
            count += len(batch)
        took_s, used_s = time.perf_counter() - began, cpu_s() - cpu_began_s
    finally:
        await Tortoise.close_connections()
    return count / took_s, count / (took_s - joining_s), used_s


class Locks:
    """How long SQLite's one writer was held."""

    def __init__(self) -> None:
        self.longest_s = 0.0

    def watch(self) -> None:
        """Both ways to it."""
        alone, insert = connection._alone, SteadySqliteClient.execute_insert  # noqa: SLF001

        def timed_alone(db: Any, fn: Callable[[Any], Any]) -> Any:
            began = time.perf_counter()
            try:
                return alone(db, fn)
            finally:
                self.longest_s = max(self.longest_s, time.perf_counter() - began)

        async def timed_insert(client: SteadySqliteClient, query: str, values: list[Any]) -> int:
            began = time.perf_counter()
            try:
                return await insert(client, query, values)
            finally:
                self.longest_s = max(self.longest_s, time.perf_counter() - began)

        connection._alone = timed_alone  # noqa: SLF001
        SteadySqliteClient.execute_insert = timed_insert  # type: ignore[method-assign]


async def whole_import(content: bytes, rows: int) -> tuple[float, str]:
    """Upload, look, dry run, confirmation, slices: as the chat does it. Returns rows a second and the stages."""
    account, group = await into_group()
    began, cpu_began_s = time.perf_counter(), cpu_s()
    job = await imports.receive(account.id, "contactos.zip", content, person_id=1, chat_id=1, group_id=group.id)
    looked = time.perf_counter()
    counts = (await imports.review(account.id, job)).counts
    reviewed = time.perf_counter()
    await imports.confirm(account.id, job)
    await imports.run_job(job)
    ended = time.perf_counter()
    done = await imports.get(account.id, job)
    if counts is None or done.state is not ImportState.DONE or done.counts is None or counts.rows != rows:
        raise RuntimeError(f"not all rows came in: {done}")
    if await Contact.all().count() != counts.contacts or done.counts.created != counts.contacts:
        raise RuntimeError("contacts are missing")
    stages = f"CPU {cpu_s() - cpu_began_s:.1f} s; look {looked - began:.1f} s, dry run {reviewed - looked:.1f} s"
    stages += f", writing {ended - reviewed:.1f} s"
    return rows / (ended - began), stages


async def with_database(url: str, work: Any) -> Any:
    """Open, work, close."""
    async with open_database(url):
        return await work


def part(name: str, content: bytes, arguments: argparse.Namespace) -> None:
    """One of ``_PARTS``, in this process."""
    if name == "read":
        read(content, arguments.rows)
        return
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="pregon-bench-"))
        url = stack.enter_context(postgres()) if name == "postgres" else f"sqlite:///{folder}/bench.db"
        if name == "bulk_create":
            rate, alone, used_s = asyncio.run(bulk_create(url, content))
            print(
                f"rate {rate:.0f}\n{'Tortoise: bulk_create, memberships, SQLite':<44}{rate:>9,.0f}/s"
                f"  (CPU {used_s:.1f} s; {alone:,.0f}/s without the memberships)",
                flush=True,
            )
            return
        locks, memory = Locks(), Memory()
        locks.watch()
        rate, stages = asyncio.run(with_database(url, whole_import(content, arguments.rows)))
        if name == "postgres":
            print(
                f"{'import, PostgreSQL':<44}{rate:>9,.0f}/s  {rate / _GOAL_POSTGRES:.2f} of {_GOAL_POSTGRES:,}"
                f"  ({stages}; {memory})",
                flush=True,
            )
            return
        print(
            f"{'import, SQLite':<44}{rate:>9,.0f}/s  {rate / arguments.read:.2f} of reading alone"
            f" (goal {_GOAL_SHARE:.2f}), {rate / arguments.bulk:.1f} x bulk_create (goal {_GOAL_TIMES})"
            f"  ({stages}; {memory}; longest write {locks.longest_s * 1e3:.0f} ms (goal {_GOAL_WRITE_MS}))",
            flush=True,
        )


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--part", choices=_PARTS)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--read", type=float, default=1.0)
    parser.add_argument("--bulk", type=float, default=1.0)
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    if arguments.part is not None:
        try:
            part(arguments.part, arguments.file.read_bytes(), arguments)
        except NoPostgres as error:
            print(f"PostgreSQL is not measured: {error}")
        return
    with tempfile.TemporaryDirectory(prefix="pregon-bench-") as folder:
        file = Path(folder, "contactos.zip")
        file.write_bytes(contact_file(arguments.rows))
        print(f"{arguments.rows:,} rows of 8 columns, {file.stat().st_size / 1e6:.1f} MB zipped", flush=True)
        rates: dict[str, str] = {}
        for name in _PARTS:
            command = [sys.executable, "-m", "bench.imports", "--part", name, "--rows", str(arguments.rows)]
            command += ["--file", str(file), "--read", rates.get("read", "1"), "--bulk", rates.get("bulk_create", "1")]
            answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
            for line in answer.splitlines():
                if line.startswith("rate "):
                    rates[name] = line.removeprefix("rate ")
                else:
                    print(f"{line}  load {os.getloadavg()[0]:.1f}", flush=True)


if __name__ == "__main__":
    main()

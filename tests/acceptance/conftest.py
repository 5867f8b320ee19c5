"""Programs under way: the sandbox, and ours on either database."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from tests.acceptance.programs import OWNER, TOKEN, Program, Sandbox, free_port, until


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    """The sandbox as a process, with its data in a folder."""
    port, smsc_port = free_port(), free_port()
    arguments = ["sandbox", "--port", str(port), "--smsc-port", str(smsc_port), "--data", str(tmp_path / "sandbox")]
    program = Program(arguments, {}, tmp_path / "sandbox.log")
    await program.start()
    sandbox = Sandbox(f"http://127.0.0.1:{port}", smsc_port)

    async def up() -> bool:
        try:
            return (await sandbox.http.get("/sim/state")).status_code == 200
        except httpx.TransportError:
            return False

    await until(up, saying="the sandbox is up")
    await sandbox.post("/sim/smsc/behaviour", receipt_delay_s=0.1)
    try:
        yield sandbox
    finally:
        await sandbox.http.aclose()
        await program.stop()


Starter = Callable[..., Awaitable[Program]]


@pytest.fixture
async def start(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Starter]:
    """Starts a command of ours against the sandbox; ends it after the test."""
    async with AsyncExitStack() as stack:

        async def start(*arguments: str, database_url: str, **environment: str) -> Program:
            program = Program(
                list(arguments),
                {
                    "PREGON_BOT_TOKEN": TOKEN,
                    "PREGON_BOT_API_URL": sandbox.url,
                    "PREGON_BOT_FILE_URL": sandbox.url,
                    "PREGON_DATABASE_URL": database_url,
                    "PREGON_SMSC_URL": f"smpp://pregon:test@127.0.0.1:{sandbox.smsc_port}?window=10",
                    "PREGON_OWNERS": str(OWNER),
                    "PREGON_SEGMENT_PRICE": "0.05 PEN",
                    **environment,
                },
                tmp_path / f"{arguments[0]}.log",
            )
            await program.start()
            stack.push_async_callback(_end, program)
            return program

        yield start


async def _end(program: Program) -> None:
    if program.process is not None and program.process.returncode is None:
        try:
            await program.stop()
        except TimeoutError:
            await program.kill()
            raise

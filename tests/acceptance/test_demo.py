"""``pregon demo`` and the other commands, as a person at a terminal sees them."""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

import httpx
import pytest

from tests.acceptance.conftest import Starter
from tests.acceptance.programs import DEADLINE_S, OWNER, Sandbox, free_port, until

pytestmark = pytest.mark.acceptance


async def _command(*arguments: str, folder: Path, **environment: str) -> tuple[int, str, str]:
    """Run a command to its end in a folder without a ``.env``. Returns its code, stdout and stderr."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PREGON_")}
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "pregon",
        *arguments,
        cwd=folder,
        env={**clean, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await program.communicate()
    return program.returncode or 0, out.decode(), err.decode()


async def _demo(folder: Path, port: int, smsc_port: int) -> asyncio.subprocess.Process:
    """Start it and wait until it says where to look."""
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "pregon",
        "demo",
        "--port",
        str(port),
        "--smsc-port",
        str(smsc_port),
        "--data",
        str(folder),
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert program.stdout is not None
    async with asyncio.timeout(2 * DEADLINE_S):
        while f"http://127.0.0.1:{port}" not in (line := (await program.stdout.readline()).decode()):
            assert line, "it ended before it was ready"
    return program


async def _ended(program: asyncio.subprocess.Process) -> int:
    program.send_signal(signal.SIGINT)
    async with asyncio.timeout(DEADLINE_S):
        return await program.wait()


async def test_the_demo_starts_ends_and_continues(tmp_path: Path) -> None:
    """Nothing to configure; Ctrl-C ends it with code 0; a second start has the chat of the first."""
    port, smsc_port = free_port(), free_port()
    first = await _demo(tmp_path, port, smsc_port)
    sandbox = Sandbox(f"http://127.0.0.1:{port}", smsc_port)
    page = await sandbox.http.get("/")
    owner = sandbox.person(OWNER)
    await owner.say("/start")
    await owner.sees("Propietario", "Campañas")
    code = await _ended(first)
    second = await _demo(tmp_path, port, smsc_port)
    await owner.sees("Propietario", "Campañas")
    await owner.tap("Contactos")
    await owner.sees("Aún no hay ningún grupo")
    await sandbox.http.aclose()

    assert page.status_code == 200
    assert "Pregón" in page.text
    assert code == 0
    assert await _ended(second) == 0


async def test_the_demo_names_the_port_that_is_taken(tmp_path: Path) -> None:
    """Code 2, and what to do."""
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    code, _, err = await _command("demo", "--port", str(port), folder=tmp_path)
    server.close()

    assert code == 2
    assert f"port {port} is taken" in err


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        pytest.param({}, "PREGON_BOT_TOKEN", id="no token"),
        pytest.param({"PREGON_BOT_TOKEN": "1:x"}, "PREGON_SMSC_URL", id="no route"),
        pytest.param({"PREGON_BOT_TOKEN": "1:x", "PREGON_SMSC_URL": "http://x"}, "PREGON_SMSC_URL", id="bad route"),
        pytest.param({"PREGON_TIMEZONE": "Lima"}, "PREGON_TIMEZONE", id="bad zone"),
        pytest.param({"PREGON_DATABASE_URL": "mysql://x"}, "PREGON_DATABASE_URL", id="other engine"),
        pytest.param({"PREGON_OWNERS": "ana"}, "PREGON_OWNERS", id="bad owner"),
    ],
)
async def test_what_is_misconfigured_is_said_in_one_line(
    tmp_path: Path, environment: dict[str, str], says: str
) -> None:
    """Code 2; the variable is named; no traceback."""
    code, _, err = await _command("run", folder=tmp_path, **environment)

    assert code == 2
    assert says in err
    assert len(err.strip().splitlines()) == 1


async def test_check_says_a_line_a_check(sandbox: Sandbox, tmp_path: Path) -> None:
    """All well against the sandbox; a wrong port fails that line only, with code 1."""
    environment = {
        "PREGON_BOT_TOKEN": "42:check",
        "PREGON_BOT_API_URL": sandbox.url,
        "PREGON_DATABASE_URL": f"sqlite:///{tmp_path / 'c.db'}",
    }
    good = f"smpp://a:b@127.0.0.1:{sandbox.smsc_port}"
    code, out, _ = await _command("check", folder=tmp_path, PREGON_SMSC_URL=good, **environment)
    assert code == 0
    assert re.findall(r"^(\w+) +([\w ]+)", out, re.MULTILINE) == [
        ("ok", "settings"),
        ("ok", "database"),
        ("ok", "token"),
        ("ok", "route default"),
    ]
    code, out, _ = await _command(
        "check", folder=tmp_path, PREGON_SMSC_URL=f"smpp://a:b@127.0.0.1:{free_port()}", **environment
    )

    assert code == 1
    assert "FAIL  route default" in out


async def test_an_invitation_of_the_command_line_lets_in(sandbox: Sandbox, start: Starter, tmp_path: Path) -> None:
    """Before the first start too: the account is made from the settings."""
    url = f"sqlite:///{tmp_path / 'pregon.db'}"
    environment = {"PREGON_BOT_TOKEN": "42:x", "PREGON_BOT_API_URL": sandbox.url, "PREGON_DATABASE_URL": url}
    code, out, err = await _command("invite", "--account", "Pregón", "--role", "viewer", folder=tmp_path, **environment)
    assert code == 0, err
    link = re.fullmatch(r"https://t\.me/\w+\?start=(inv_[\w-]{22})\n", out)
    assert link is not None
    await start("run", database_url=url)
    await until(sandbox.polling, saying="the bot asks for updates")
    guest = sandbox.person(1003)
    await guest.say(f"/start {link[1]}")

    await guest.sees("Observador", "Campañas")
    code, _, err = await _command("invite", "--account", "Otra", folder=tmp_path, **environment)
    assert code == 2


async def test_monitoring_answers(sandbox: Sandbox, start: Starter, tmp_path: Path) -> None:
    """/healthz is well once the link is bound; /metrics counts."""
    port = free_port()
    await start("run", database_url=f"sqlite:///{tmp_path / 'p.db'}", PREGON_METRICS_ADDRESS=f"127.0.0.1:{port}")

    async def well() -> bool:
        try:
            return (await sandbox.http.get(f"http://127.0.0.1:{port}/healthz")).status_code == 200
        except httpx.TransportError:
            return False

    await until(well, saying="healthy")
    metrics = (await sandbox.http.get(f"http://127.0.0.1:{port}/metrics")).text

    assert "pregon_submitted_total" in metrics
    assert "pregon_links_bound 1.0" in metrics

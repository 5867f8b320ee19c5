"""A browser and a sandbox for each module of tests of the chat page."""

from collections.abc import AsyncIterator, Callable

import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.sandbox.page.driver import Sandbox, open_page, started_browser, started_sandbox


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def running(unused_tcp_port_factory: Callable[[], int]) -> AsyncIterator[Sandbox]:
    async with started_sandbox(smsc_port=unused_tcp_port_factory()) as sandbox:
        yield sandbox


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with started_browser() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox(running: Sandbox) -> Sandbox:
    for path in ("/sim/reset", "/sim/smsc/reset"):
        await running.http.post(path, json={})
    await running.bot("deleteMyCommands")
    return running


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, sandbox: Sandbox) -> AsyncIterator[Page]:
    page = await open_page(browser, sandbox)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    await page.context.close()

    assert errors == []

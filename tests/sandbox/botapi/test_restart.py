"""With a data folder a restart goes on where it was, also after a kill."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import httpx

from sandbox.botapi.updates import Updates

OWNER = 1001
TOKEN = "7000000001:secret"
ROOT = Path(__file__).parents[3]

PROGRAM = textwrap.dedent(
    """
    import asyncio, sys
    from pathlib import Path
    from aiohttp import web
    from sandbox.botapi import BotApi

    async def main():
        api = BotApi(data=Path(sys.argv[1]))
        application = web.Application()
        application.add_routes(api.routes())
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        print(runner.addresses[0][1], flush=True)
        await asyncio.Event().wait()

    asyncio.run(main())
    """
)


async def test_chats_files_updates_and_settings_survive_a_kill(start, tmp_path):
    """Killed without warning right after the answers; nothing that was answered is lost."""
    child = subprocess.Popen([sys.executable, "-c", PROGRAM, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT)
    try:
        port = int(await asyncio.to_thread(child.stdout.readline))
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            form = {"chat_id": "1001", "user_id": "1001"}
            said = (await client.post("/sim/document", data=form, files={"file": ("a.csv", b"1;2")})).json()
            bot = f"/bot{TOKEN}"
            sent = (await client.post(f"{bot}/sendMessage", json={"chat_id": OWNER, "text": "card"})).json()["result"]
            at = {"chat_id": OWNER, "message_id": sent["message_id"]}
            await client.post(f"{bot}/pinChatMessage", json=at)
            await client.post(f"{bot}/setMyCommands", json={"commands": [{"command": "a", "description": "b"}]})
            await client.post(f"{bot}/setWebhook", json={"url": "http://127.0.0.1:9/", "secret_token": "s"})
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()

    again = await start(data=tmp_path)
    upload, card = await again.chat()
    info = await again.result("getWebhookInfo")
    await again.result("deleteWebhook")
    pending = await again.result("getUpdates")
    file = await again.result("getFile", file_id=upload["document"]["file_id"])
    content = await again.client.get(f"/file/bot{TOKEN}/{file['file_path']}")
    edited = await again.result("editMessageText", **at, text="card, later")
    new = await again.act("message", chat_id=OWNER, user_id=OWNER, text="new")

    assert card["text"] == "card"
    assert card["sim"]["pinned"]
    assert info["url"] == "http://127.0.0.1:9/"
    assert [one["update_id"] for one in pending] == [said["update_id"]]
    assert content.content == b"1;2"
    assert edited["message_id"] == sent["message_id"]
    assert new["update_id"] > said["update_id"]
    assert new["message_id"] > sent["message_id"]
    assert await again.result("getMyCommands") == [{"command": "a", "description": "b"}]


async def test_a_bot_that_outlived_a_sandbox_in_memory_still_gets_updates(sandbox):
    """Its offset is ahead of the new sandbox's first id."""
    ahead = 900_000_000
    await sandbox.result("getUpdates", offset=ahead)
    await sandbox.say("new")
    (update,) = await sandbox.result("getUpdates", offset=ahead)

    assert isinstance(sandbox.api.world.updates, Updates)
    assert update["update_id"] == ahead

"""getUpdates and the webhook methods."""

import re
from typing import Final
from urllib.parse import urlsplit

from aiogram.methods import DeleteWebhook, GetUpdates, GetWebhookInfo, SetWebhook
from aiogram.types import WebhookInfo

from sandbox.botapi.errors import ApiError, bad_request
from sandbox.botapi.schema import Json
from sandbox.botapi.updates import WEBHOOK_SET
from sandbox.botapi.webhook import Target
from sandbox.botapi.world import World

_SECRET: Final = re.compile(r"[A-Za-z0-9_-]*")
WEBHOOK_ACTIVE: Final = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)


async def get_updates(world: World, call: GetUpdates) -> list[Json]:
    """Long poll."""
    if world.webhook.target is not None:
        raise ApiError(409, WEBHOOK_ACTIVE)
    world.updates.allow(call.allowed_updates)
    limit = min(max(call.limit if call.limit is not None else 100, 1), 100)
    return await world.updates.poll(offset=call.offset or 0, limit=limit, timeout_s=max(call.timeout or 0, 0))


async def set_webhook(world: World, call: SetWebhook) -> bool:
    """Point the webhook at an address; http is taken too, for the bot is on this machine."""
    if not call.url:
        return await _remove(world, drop=bool(call.drop_pending_updates))
    parts = urlsplit(call.url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise bad_request("invalid webhook URL specified")
    secret = call.secret_token or ""
    if len(secret) > 256:
        raise bad_request("secret token is too long")
    if not _SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    connections = min(max(call.max_connections or 40, 1), 100)
    world.updates.end_poll(WEBHOOK_SET)
    world.updates.allow(call.allowed_updates)
    if call.drop_pending_updates:
        world.updates.clear()
    await world.webhook.point(Target(call.url, call.secret_token, connections, call.ip_address))
    return True


async def delete_webhook(world: World, call: DeleteWebhook) -> bool:
    """Back to getUpdates."""
    return await _remove(world, drop=bool(call.drop_pending_updates))


async def _remove(world: World, *, drop: bool) -> bool:
    if drop:
        world.updates.clear()
    await world.webhook.point(None)
    return True


def get_webhook_info(world: World, _: GetWebhookInfo) -> WebhookInfo:
    """Where updates go, how many wait, what went wrong last."""
    return world.webhook.info()

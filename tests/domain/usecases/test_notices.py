"""The outbox's rows, on both engines."""

import asyncio
from datetime import UTC, datetime, timedelta

from domain.models import LiveView, Notice, NoticeKind, NoticeState
from domain.usecases import conversations, notices


async def post(key: str, *, next_at: datetime | None = None) -> None:
    """Write news for chat 1."""
    await notices.post(
        key, chat_id=1, person_id=1, kind=NoticeKind.SUMMARY, subject_id=7, detail={"key": key}, next_at=next_at
    )


async def test_the_same_news_is_written_once(database: str):
    """However often, and by how many, it is found."""
    await asyncio.gather(*(post("summary:7") for _ in range(5)))
    [row] = await Notice.all()

    assert (row.state, row.tries, row.detail) == (NoticeState.PENDING, 0, {"key": "summary:7"})


async def test_news_is_due_at_its_time_in_the_order_it_was_written(database: str):
    """Not before."""
    now = datetime.now(UTC)
    for number, wait_s in enumerate((0, 60, -5)):
        await post(f"news:{number}", next_at=now + timedelta(seconds=wait_s))

    assert [row.key for row in await notices.due(now, limit=9)] == ["news:0", "news:2"]
    assert len(await notices.due(now + timedelta(seconds=61), limit=2)) == 2


async def test_one_takes_a_notice_and_only_that_one_decides_it(database: str):
    """Guarded updates: a word that comes late changes nothing."""
    await post("news")
    [row] = await Notice.all()
    taken = await asyncio.gather(*(notices.claim(row.id) for _ in range(4)))
    await notices.delivered(row.id, 55)
    await notices.undeliverable(row.id)
    await row.refresh_from_db()

    assert sorted(taken) == [False, False, False, True]
    assert (row.state, row.message_id, row.tries) == (NoticeState.SENT, 55, 1)


async def test_a_group_that_moved_takes_its_news_along(database: str):
    """The messages it followed have other ids there."""
    await post("news")
    await conversations.follow(1, 5, person_id=1, kind="import", subject_id=1, digest="")
    await notices.move_chat(1, -100)

    assert [row.chat_id for row in await Notice.all()] == [-100]
    assert not await LiveView.all().exists()

"""Ten moments at which a crash would hurt most: a program is gone exactly there, starts again, and runs to the end."""

import pytest

from tests.acceptance.crash.points import BOT_POINTS, SENDER_POINTS
from tests.acceptance.crash.side_by_side import on_each_engine
from tests.acceptance.crash.siege import Siege

pytestmark = pytest.mark.acceptance

_CONTACTS = 200
_FILE = 300
#: Where the first passage would be too early to have a middle.
_PASSAGES = {"mid-expand": 3, "mid-import": 3, "summary-posted": 1, "scheduler-fired": 1}


@pytest.mark.parametrize("point", [*SENDER_POINTS, *BOT_POINTS])
@on_each_engine
async def test_nothing_is_lost_or_sent_twice_by_a_kill(siege: Siege, point: str) -> None:
    """None twice, none lost, none to the blacklist, one window a bind in doubt at the most."""
    group = siege.add_group(_CONTACTS, blacklisted=5)
    await siege.launch((group, False, True), (group, True, False), upload=_FILE if point == "mid-import" else 0)
    ground = siege.ground
    victim = ground.sending[0] if point in SENDER_POINTS else ground.chatting
    for name in {victim, ground.sending[0], ground.chatting}:
        siege.start(name, ground.arms(point, _PASSAGES.get(point, 2)) if name == victim else None)

    assert await ground.died(victim) == -9, "it ended otherwise than at the point"
    await siege.fell(victim)
    siege.start(victim)
    await siege.finish()

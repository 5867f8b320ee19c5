"""The blacklist: what is read from a typed text, what is on the list, and taking off."""

import pytest

from domain.errors import NotFound
from domain.models import Account
from domain.rules.msisdn import NumberPlan, NumberProblem
from domain.usecases import blacklist
from domain.usecases.blacklist import Source

NUMBER = 51_987_763_010


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("987 763 010", ["987 763 010"], id="one number with blanks"),
        pytest.param("987763010\n987763011", ["987763010", "987763011"], id="lines"),
        pytest.param("987763010, 987763011;987763012", ["987763010", "987763011", "987763012"], id="commas"),
        pytest.param("987763010 987763011", ["987763010", "987763011"], id="blanks between numbers"),
        pytest.param("hola a todos", ["hola a todos"], id="words"),
        pytest.param(" \n , ", [], id="nothing"),
    ],
)
def test_numbers_are_found_in_a_text_as_people_write_them(text: str, found: list[str]) -> None:
    """Blanks may part numbers, or be within one."""
    assert list(blacklist.pieces(text, NumberPlan("PE"))) == found


async def test_adding_tells_what_is_new_what_was_there_and_what_cannot_be_read(account: Account) -> None:
    """A number that comes twice in a text counts once."""
    await blacklist.put(account.id, [NUMBER], source=Source.OPTOUT, by=None)
    text = "987763010\n987763011, +51 987 763 011\n12"
    added = await blacklist.add(account.id, text, source=Source.MANUAL, by=7)

    assert (added.added, added.already) == ((NUMBER + 1,), 1)
    assert added.refused == (("12", NumberProblem.TOO_SHORT),)
    entry = await blacklist.find(account.id, NUMBER)
    assert entry is not None
    assert entry.source is Source.OPTOUT


async def test_the_list_comes_by_pages_the_newest_first(account: Account) -> None:
    """A page past the end is the last one."""
    for n in range(3):
        await blacklist.put(account.id, [NUMBER + n], source=Source.MANUAL, by=1)
    first = await blacklist.page(account.id, index=0, size=2)
    last = await blacklist.page(account.id, index=7, size=2)

    assert [entry.msisdn for entry in first.entries] == [NUMBER + 2, NUMBER + 1]
    assert ([entry.msisdn for entry in last.entries], last.index, last.total) == ([NUMBER], 1, 3)
    assert (await blacklist.page(account.id + 1, index=0, size=2)).total == 0


async def test_a_number_taken_off_may_be_written_to_again(account: Account) -> None:
    """Twice is refused: the button was old."""
    await blacklist.put(account.id, [NUMBER], source=Source.MANUAL, by=1)
    entry = await blacklist.find(account.id, NUMBER)
    assert entry is not None
    with pytest.raises(NotFound):
        await blacklist.remove(account.id + 1, entry.id, by=1)

    assert (await blacklist.remove(account.id, entry.id, by=1)).msisdn == NUMBER
    assert await blacklist.listed(account.id, [NUMBER]) == frozenset()
    with pytest.raises(NotFound):
        await blacklist.remove(account.id, entry.id, by=1)

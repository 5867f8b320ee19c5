"""In flight, timers, pauses: with the time as an argument."""

import pytest

from sender.smpp.window import Hold, InFlight, Window


def entry(number: int, written_s: float) -> InFlight:
    """A message of one part."""
    return InFlight(number, 1, 1, written_s)


def test_an_answer_in_any_order_frees_its_place():
    """SMSCs answer out of order."""
    window = Window(2, timeout_s=10)
    window.add(1, entry(1, 0.0))
    window.add(2, entry(2, 0.0))

    assert window.room == 0
    assert window.answer(2) == entry(2, 0.0)
    assert window.room == 1
    assert window.answer(2) is None


def test_what_times_out_leaves_the_window_and_is_remembered():
    """A late response is the truth all the same."""
    window = Window(2, timeout_s=10)
    window.add(1, entry(1, 0.0))
    window.add(2, entry(2, 5.0))

    assert window.expire(9.9) == []
    assert window.expire(10.0) == [entry(1, 0.0)]
    assert window.room == 1
    assert window.answer(1) == entry(1, 0.0)
    assert window.expire(15.0) == [entry(2, 5.0)]


def test_the_memory_of_timed_out_submits_is_bounded():
    """An SMSC that never answers does not fill our memory."""
    window = Window(100, timeout_s=1, remembered=10)
    for number in range(100):
        window.add(number, entry(number, 0.0))
    window.expire(1.0)

    assert [number for number in range(100) if window.answer(number)] == list(range(90, 100))


def test_the_end_hands_back_what_is_in_flight_only():
    """What timed out was reported when it did."""
    window = Window(5, timeout_s=1)
    window.add(1, entry(1, 0.0))
    window.expire(1.0)
    window.add(2, entry(2, 2.0))

    assert window.drain() == [entry(2, 2.0)]
    assert window.drain() == []
    assert window.answer(1) is None


def test_a_sequence_number_that_comes_round_again_is_the_new_submit():
    """After 2,147,483,647 submits the old meaning is gone."""
    window = Window(5, timeout_s=1)
    window.add(1, entry(1, 0.0))
    window.expire(1.0)
    window.add(1, entry(2, 2.0))

    assert window.answer(1) == entry(2, 2.0)
    assert window.answer(1) is None


def test_pauses_double_only_for_submits_written_after_the_last_one():
    """A whole window is throttled at once: that is one pause, not two hundred."""
    hold = Hold(first_s=0.1, longest_s=0.3)

    assert hold.throttled(0.0, now_s=1.0) == pytest.approx(0.1)
    assert hold.throttled(0.0, now_s=1.05) is None
    assert hold.throttled(0.0, now_s=9.0) is None  # answered late, written before the pause
    assert hold.throttled(1.2, now_s=1.3) == pytest.approx(0.2)
    assert hold.throttled(1.6, now_s=1.7) == pytest.approx(0.3)
    assert hold.active(1.9)
    assert not hold.active(2.1)


def test_an_accepted_submit_after_the_pause_starts_over():
    """The ceiling is found again from the beginning."""
    hold = Hold(first_s=0.1, longest_s=5)
    hold.throttled(0.0, now_s=0.0)
    hold.throttled(0.2, now_s=0.2)
    hold.accepted(0.25)  # written before the second pause ended
    second = hold.throttled(0.5, now_s=0.5)
    hold.accepted(2.0)

    assert second == pytest.approx(0.4)
    assert hold.throttled(3.0, now_s=3.0) == pytest.approx(0.1)

"""Several senders share a limit: never more of it than there is, whoever joins, leaves, stalls or dies."""

from hypothesis import given
from hypothesis import strategies as st

from domain.rules.share import fair, next_share


@given(st.floats(0.1, 10_000), st.integers(1, 20))
def test_fair_shares_add_up_to_the_limit(limit: float, count: int) -> None:
    """Whole numbers, but for what is left of a limit that is none."""
    shares = [fair(limit, rank, count) for rank in range(count)]

    assert abs(sum(shares) - limit) < 1e-6
    assert max(shares) - min(shares) < 2
    assert all(share == int(share) for share in shares[1:])


class _Senders:
    """As they are after any number of rounds: what is written of each, and what each uses."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.written: dict[str, float] = {}
        self.using: dict[str, float] = {}

    def join(self, name: str) -> None:
        self.written.setdefault(name, 0.0)
        self.using.setdefault(name, 0.0)

    def leave(self, name: str) -> None:
        self.written.pop(name, None)
        self.using.pop(name, None)

    def round(self, name: str) -> None:
        """One look of one of them."""
        if name not in self.written:
            return
        names = list(self.written)
        granted = next_share(
            self.limit, names, [self.written[one] for one in names], sender=name, using=self.using[name]
        )
        self.written[name] = granted
        self.using[name] = min(granted, fair(self.limit, names.index(name), len(names)))

    def check(self) -> None:
        assert sum(self.written.values()) <= self.limit + 1e-9
        assert all(self.using[name] <= self.written[name] + 1e-9 for name in self.written)


_STEPS = st.lists(st.tuples(st.sampled_from(["join", "leave", "round", "round"]), st.sampled_from("abcd")), max_size=60)


@given(st.floats(0.5, 1_000), _STEPS)
def test_what_is_used_never_adds_up_to_more_than_the_limit(limit: float, steps: list[tuple[str, str]]) -> None:
    """Whatever happens in whatever order: one that stands still keeps what it had, and the others wait for it."""
    senders = _Senders(limit)
    for what, name in steps:
        getattr(senders, what)(name)
        senders.check()


@given(st.floats(0.5, 1_000), _STEPS)
def test_after_a_few_rounds_everybody_has_a_fair_share(limit: float, steps: list[tuple[str, str]]) -> None:
    """And all of it is used."""
    senders = _Senders(limit)
    for what, name in steps:
        getattr(senders, what)(name)
    for _ in range(4):
        for name in list(senders.written):
            senders.round(name)

    names = list(senders.written)
    for rank, name in enumerate(names):
        assert abs(senders.using[name] - fair(limit, rank, len(names))) < 1e-6

"""
How several senders share what they together have only so much of: messages a second, of a route or of a campaign, and
binds of a route. What they may use at the same time never adds up to more than the limit, not even while one joins or
leaves. Who came first keeps what does not come out even, so nobody gives up its last bind to one that joins.

A sender that has too much first uses less, then says so; only what it has given up so may be given to another.
"""

from collections.abc import Sequence


def fair(limit: float, rank: int, count: int) -> float:
    """
    The share of the sender with ``rank`` (from 0) of ``count``: whole numbers, for a second's worth is a whole number
    of messages; what is left of a limit that is none goes to the first.
    """
    whole = int(limit)
    share, rest = divmod(whole, count)
    return share + (rank < rest) + (limit - whole if rank == 0 else 0.0)


def next_share(limit: float, senders: Sequence[str], shares: Sequence[float], *, sender: str, using: float) -> float:
    """
    What the row of ``sender`` becomes; it may use that much. A fall is only written when it has come to pass.

    Args:
        senders: All that want some of it, in an order that all of them agree on.
        shares: Of each, as it is written.
        using: What the sender uses at the moment, or soon will.
    """
    rank = senders.index(sender)
    mine = shares[rank]
    others = sum(shares) - mine
    wanted = fair(limit, rank, len(senders))
    if wanted < mine:
        return max(wanted, using)
    return max(mine, min(wanted, limit - others))

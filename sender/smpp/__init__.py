"""
SMPP 3.4 for the engine: links, what goes out over them and what comes in. The only package that imports aiosmpplib.

``Link`` is one bind of a route; ``Encoder`` makes what it sends; ``probe`` tries a bind.
"""

from sender.smpp.backoff import RetryDelays
from sender.smpp.binding import BindFailed
from sender.smpp.check import probe
from sender.smpp.encoder import EncodedText, Encoder, References
from sender.smpp.link import Link
from sender.smpp.messages import (
    AckHandle,
    Answer,
    AnswerKind,
    Concatenation,
    DownReason,
    Incoming,
    LinkState,
    LinkStateKind,
    Outgoing,
)
from sender.smpp.statuses import Consequence, consequence, status_name

__all__ = [
    "AckHandle",
    "Answer",
    "AnswerKind",
    "BindFailed",
    "Concatenation",
    "Consequence",
    "DownReason",
    "EncodedText",
    "Encoder",
    "Incoming",
    "Link",
    "LinkState",
    "LinkStateKind",
    "Outgoing",
    "References",
    "RetryDelays",
    "consequence",
    "probe",
    "status_name",
]

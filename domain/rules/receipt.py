"""
What a receipt says, in every dialect, and the forms that its message id may have. Never raises over what an operator
wrote: what cannot be read is left out. No PDUs: optional parameters come as values.

Source: SMPP 3.4 appendix B (text), §5.3.2.12 receipted_message_id, §5.3.2.35 and §5.2.28 message_state.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final, NamedTuple

from domain.rules.message_state import MessageEvent

_EVENTS: Final[Mapping[str, MessageEvent]] = {
    "DELIVRD": MessageEvent.RECEIPT_DELIVERED,
    "EXPIRED": MessageEvent.RECEIPT_EXPIRED,
    "UNDELIV": MessageEvent.RECEIPT_REJECTED,
    "REJECTD": MessageEvent.RECEIPT_REJECTED,
    "DELETED": MessageEvent.RECEIPT_REJECTED,
}

#: message_state by number; 0 and 9 are SMPP 5's.
_STATES: Final[Mapping[int, str]] = {
    0: "SCHEDLD",
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
    9: "SKIPPED",
}

_WORDS: Final = frozenset(_STATES.values()) - {"SCHEDLD", "SKIPPED"}

#: Operators spell these out, or differently; the longer beginning first.
_SPELLINGS: Final = (
    ("DELIV", "DELIVRD"),
    ("DELET", "DELETED"),
    ("EXPIR", "EXPIRED"),
    ("UNDEL", "UNDELIV"),
    ("NOTDELIV", "UNDELIV"),
    ("FAIL", "UNDELIV"),
    ("REJ", "REJECTD"),
    ("ACC", "ACCEPTD"),
    ("ENROUTE", "ENROUTE"),
    ("BUFFER", "ENROUTE"),
    ("UNK", "UNKNOWN"),
)

_KEY: Final = re.compile(
    r"(?:^|(?<=[\s,;|]))(id|sub|dlvrd|submit[ _]?date|done[ _]?date|stat|err|text)\s*:", re.IGNORECASE
)
# Appendix B to the letter, as nearly every receipt is: read in one go. No value has in it what parts or names a key, so
# this gives what the tolerant reading below gives.
_VALUE: Final = r"([^\s,;|:\0]*)"
_STANDARD: Final = re.compile(
    rf"id:{_VALUE} sub:[^\s,;|:]* dlvrd:[^\s,;|:]* submit date:{_VALUE} done date:{_VALUE}"
    rf" stat:{_VALUE} err:{_VALUE} [Tt]ext:(.*)",
    re.DOTALL,
)
_MAX_TEXT: Final = 2_000  # characters looked at; a receipt has less than 255


class IdForm(StrEnum):
    """How the ids in a route's receipts relate to those in its responses."""

    AUTO = "auto"  #: not known: every form is tried
    SAME = "same"  #: letter by letter the same
    HEX = "hex"  #: hexadecimal in the response, decimal in the receipt
    DECIMAL = "decimal"  #: decimal in the response, hexadecimal in the receipt


class IdSource(StrEnum):
    """Where an id was read."""

    RESPONSE = "response"
    RECEIPT = "receipt"


class PartsReceipt(StrEnum):
    """For which parts of a long message an operator sends receipts."""

    EACH = "each"  #: for each part its own; the message is done when all have theirs
    ONE = "one"  #: one, for whichever part: it stands for all
    FIRST = "first"  #: that of the first part stands for all
    LAST = "last"  #: that of the last part stands for all

    def stands_for_all(self, part: int, parts: int) -> bool:
        """Whether the receipt of ``part`` (from 1) of ``parts`` is the whole message's."""
        match self:
            case PartsReceipt.EACH:
                return False
            case PartsReceipt.ONE:
                return True
            case PartsReceipt.FIRST:
                return part == 1
            case PartsReceipt.LAST:
                return part == parts


#: What a pattern of a route's own may name; ``id``, ``stat`` or both must be among them.
PATTERN_GROUPS: Final = frozenset({"id", "stat", "err", "submitted", "done", "text"})


@dataclass(frozen=True, slots=True)
class Dialect:
    """
    How a route's receipts are written, where they are not as everybody's.

    Attributes:
        pattern: Looked for in the text, with ``PATTERN_GROUPS`` as named groups; where it does not fit, the usual
            reading is tried.
        date_format: Of its dates, as ``strptime`` has it; empty: the usual forms.
        zone: Of its clocks; None: not known.
    """

    pattern: re.Pattern[str] | None = None
    date_format: str = ""
    zone: tzinfo | None = None


def receipt_pattern(text: str) -> re.Pattern[str]:
    """
    A pattern of a route's own.

    Raises:
        ValueError: It is no regular expression, names a group that means nothing, or neither ``id`` nor ``stat``.
    """
    try:
        pattern = re.compile(text, re.IGNORECASE | re.DOTALL)
    except re.error as error:
        raise ValueError(str(error)) from error
    groups = set(pattern.groupindex)
    if not groups <= PATTERN_GROUPS or not groups & {"id", "stat"}:
        raise ValueError(f"groups {sorted(groups)}")
    return pattern


class Receipt(NamedTuple):
    """
    The operator's word on one part.

    Attributes:
        smsc_message_id: As the SMSC wrote it; None: it carried none.
        event: What it does to the message; None: nothing (on its way, or a word that nobody knows).
        stat: One of SMPP's seven-letter words, else the operator's own in capitals; empty: none.
        err: The operator's code. SMPP 3.4 appendix B: three characters of text, not a number; often more, or none.
        final: No other receipt is to be expected.
        submit_date, done_date: As written, in the SMSC's own zone; see ``receipt_time``.
        text: The beginning of the message, if it is told.
    """

    smsc_message_id: str | None
    event: MessageEvent | None
    stat: str
    err: str
    final: bool
    submit_date: str = ""
    done_date: str = ""
    text: str = ""


def parse_receipt(
    text: str | None,
    *,
    receipted_message_id: str | None = None,
    message_state: int | None = None,
    network_error: bytes | None = None,
    dialect: Dialect | None = None,
) -> Receipt | None:
    """
    Read a receipt: its optional parameters first, then its text.

    Args:
        text: Decoded text, of short_message or message_payload; None or empty where there is none.
        receipted_message_id: That optional parameter, without its NUL.
        message_state: That optional parameter; a number that SMPP does not define counts as none.
        network_error: network_error_code (SMPP 3.4 §5.3.2.31): kind of network, and its code in two octets.
        dialect: The route's own; None: everybody's.

    Returns:
        None where there is neither a state nor an id in it.
    """
    own = dialect is not None and dialect.pattern is not None
    standard = _STANDARD.fullmatch(text) if text and not own else None
    if standard is not None:  # nearly every one: word by word as SMPP 3.4 appendix B has it
        smsc_id, submitted, done, word, err, rest = standard.groups()
        if word in _EVENTS and (message_state is None or _STATES.get(message_state) == word):
            smsc_id = (receipted_message_id or "").strip("\0 \t\r\n") or smsc_id or None
            rest = rest[:_MAX_TEXT].strip("\0\r\n")
            err = err or _network_error(network_error)
            return Receipt(smsc_id, _EVENTS[word], word, err, True, submitted, done, rest)
    said = _read(text[:_MAX_TEXT], dialect) if text else {}
    stat = _STATES.get(message_state, "") if message_state is not None else ""
    if stat in ("", "UNKNOWN"):
        stat = _stat(said.get("stat", "")) or stat
    smsc_message_id = (receipted_message_id or "").strip("\0 \t\r\n") or said.get("id") or None
    if not stat and smsc_message_id is None:
        return None
    event = _EVENTS.get(stat)
    return Receipt(
        smsc_message_id=smsc_message_id,
        event=event,
        stat=stat,
        err=said.get("err") or _network_error(network_error),
        final=event is not None,
        submit_date=said.get("submitdate", ""),
        done_date=said.get("donedate", ""),
        text=said.get("text", ""),
    )


def _network_error(octets: bytes | None) -> str:
    """``3:45``, the kind of network and its code; empty where it is neither."""
    return f"{octets[0]}:{int.from_bytes(octets[1:], 'big')}" if octets and len(octets) == 3 else ""


def _read(text: str, dialect: Dialect | None) -> dict[str, str]:
    found = dialect.pattern.search(text) if dialect and dialect.pattern else None
    if found is None:
        return _read_text(text)
    said = {key: (value or "").strip("\0 \t\r\n") for key, value in found.groupdict().items()}
    return {{"submitted": "submitdate", "done": "donedate"}.get(key, key): value for key, value in said.items()}


def _read_text(text: str) -> dict[str, str]:
    """Each key's words, up to the next key; the first of each counts, and nothing behind ``text:`` is a key."""
    standard = _STANDARD.fullmatch(text)
    if standard is not None:
        smsc_id, submitted, done, stat, err, rest = standard.groups()
        return {
            "id": smsc_id,
            "submitdate": submitted,
            "donedate": done,
            "stat": stat,
            "err": err,
            "text": rest.strip("\0\r\n"),
        }
    found: dict[str, str] = {}
    matches = list(_KEY.finditer(text))
    ends = [*(match.start() for match in matches[1:]), len(text)]
    for match, end in zip(matches, ends, strict=False):
        key = re.sub(r"[ _]", "", match[1].lower())
        if key == "text":
            found.setdefault(key, text[match.end() :].strip("\0\r\n"))
            break
        found.setdefault(key, text[match.end() : end].strip("\0 \t\r\n,;|"))
    for key in ("id", "stat", "err"):  # one word each: an SMSC that goes on without keys must not spoil them
        found[key] = (found.get(key, "").split() or [""])[0]
    return found


def _stat(word: str) -> str:
    """The seven-letter word for what an operator wrote; its own, in capitals, where nobody knows it."""
    if word in _WORDS:
        return word
    plain = re.sub(r"[\s_-]", "", word.upper())
    if plain.isascii() and plain.isdigit():
        return _STATES.get(int(plain[:3]), plain)
    for beginning, stat in _SPELLINGS:
        if plain.startswith(beginning):
            return stat
    return plain


_TIME_FORMATS: Final = {10: "%y%m%d%H%M", 12: "%y%m%d%H%M%S", 14: "%Y%m%d%H%M%S"}


def receipt_time(text: str, *, zone: tzinfo = UTC, date_format: str = "") -> datetime | None:
    """
    A receipt's date in UTC; None where it is none (zeros, other formats).

    Args:
        text: 10, 12 or 14 digits, or the 16 characters of an absolute SMPP time, which name their own zone.
        zone: The SMSC's, for those that name none.
        date_format: Tried first, as ``strptime`` has it; empty: none.

    Source: SMPP 3.4 appendix B, §7.1.1.
    """
    if date_format:
        try:
            told = datetime.strptime(text, date_format)  # noqa: DTZ007 - the zone follows, unless it is in it
            return (told if told.tzinfo else told.replace(tzinfo=zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    quarter_hours = None
    if _NAMES_ZONE.fullmatch(text):
        text, quarter_hours = text[:12], int(text[15] + text[13:15])
    if not re.fullmatch(r"\d+", text, re.ASCII) or len(text) not in _TIME_FORMATS:
        return None
    try:
        local = datetime.strptime(text, _TIME_FORMATS[len(text)]).replace(
            tzinfo=UTC if quarter_hours is not None else zone
        )
        if quarter_hours is not None:
            return local - timedelta(minutes=15 * quarter_hours)
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def names_zone(text: str, *, date_format: str = "") -> bool:
    """Whether a receipt's date says in which zone it is."""
    return "%z" in date_format or _NAMES_ZONE.fullmatch(text) is not None


# A 64-bit number has 16 digits in hexadecimal and 20 in decimal; a UUID has 32 and is a name, not a number.
_HEX: Final = re.compile(r"[0-9a-fA-F]{1,16}")
_NAMES_ZONE: Final = re.compile(r"\d{15}[+-]", re.ASCII)
_DECIMAL: Final = re.compile(r"[0-9]{1,20}")
_LONG_HEX: Final = re.compile(r"[0-9a-f]{1,31}")
#: With ``AUTO`` an id of these letters is its own key: nothing to strip, to lower, or to leave out in front.
is_canonical: Final = re.compile(r"[1-9a-z][0-9a-z-]*").fullmatch


def _as_decimal(smsc_id: str) -> str | None:
    """A hexadecimal id in decimal."""
    return str(int(smsc_id, 16)) if _HEX.fullmatch(smsc_id) else None


def _as_hex(smsc_id: str) -> str | None:
    """A decimal id in hexadecimal, lower case."""
    return f"{int(smsc_id):x}" if _DECIMAL.fullmatch(smsc_id) else None


def _plain(smsc_id: str) -> str:
    """Lower case, without the zeros in front of a number."""
    lower = smsc_id.lower()
    return lower.lstrip("0") or lower[-1:] if _LONG_HEX.fullmatch(lower) else lower


def canonical_id(smsc_id: str, *, form: IdForm | str = IdForm.AUTO, source: IdSource = IdSource.RESPONSE) -> str:
    """
    The key under which a message is found by its SMSC id.

    With ``HEX`` and ``DECIMAL`` a number gives the same key from a response and from its receipt; with ``AUTO`` see
    ``receipt_keys``. What is no number of that notation keeps its letters, in lower case.
    """
    if form == IdForm.AUTO and is_canonical(smsc_id):
        return smsc_id
    smsc_id = smsc_id.strip("\0 \t\r\n")
    if form == IdForm.SAME:
        return smsc_id
    hexadecimal = (form == IdForm.HEX) is (source is IdSource.RESPONSE)
    if form != IdForm.AUTO and hexadecimal:
        return _as_decimal(smsc_id) or _plain(smsc_id)
    return _plain(smsc_id)


def receipt_keys(smsc_id: str, *, form: IdForm | str = IdForm.AUTO) -> tuple[str, ...]:
    """The canonical keys that a receipt's id may belong to, the likeliest first; one, unless ``form`` is ``AUTO``."""
    first = canonical_id(smsc_id, form=form, source=IdSource.RECEIPT)
    return other_bases(first) if form == IdForm.AUTO else (first,)


def other_bases(key: str) -> tuple[str, ...]:
    """A canonical key, and what it is in the other base where it may be a number."""
    others = (_as_hex(key), _as_decimal(key))
    return tuple(dict.fromkeys([key, *(other for other in others if other)]))


def id_forms(smsc_id: str) -> tuple[str, ...]:
    """
    Every way in which an SMSC may write the same id: as it is, in either case, without leading zeros, and in the other
    base where it is a number of at most 64 bits. The likeliest first; never a UUID's digits in another base.
    """
    smsc_id = smsc_id.strip("\0 \t\r\n")
    plain = _plain(smsc_id)
    other_base = [form for form in (_as_hex(plain), _as_decimal(plain)) if form]
    forms = [smsc_id, smsc_id.lower(), smsc_id.upper(), plain, plain.upper(), *other_base]
    return tuple(dict.fromkeys([*forms, *(form.upper() for form in other_base)]))

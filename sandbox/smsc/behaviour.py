"""
What the simulated operator can be told to do, as values and as JSON. Who it applies to is decided in ``rulebook``.

``POST /sim/smsc/behaviour`` takes an object with any of these keys; an absent key keeps what was set before, and
``GET`` shows all:

- ``default``: the behaviour for numbers that nothing else names
- ``numbers``: ``{"51987763010": behaviour}``, looked at first
- ``rules``: a list of behaviours with a condition in the same object: ``number``, ``suffix``, ``prefix``, ``every``
  (each Nth submit that reaches the rule), ``part`` (of a long SMS); several conditions must all hold; the first rule
  that fits is used
- ``builtin``: whether the table of last digits (``BUILTIN``) comes after the rules
- ``receipt_delay_s``, ``receipt_jitter_s``: the wait before a receipt where the behaviour names none

A behaviour is an object with the fields of ``Behaviour`` (``receipt``: of ``ReceiptStyle``), or an outcome alone::

    {"numbers": {"51987763010": "expired"},
     "rules": [{"every": 100, "answer": "close", "times": 1, "count_by": "rule"},
               {"prefix": "51", "receipt": {"id_form": "hex", "err": "0B3"}}]}
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from string import Formatter
from typing import Annotated, ClassVar, Final

from pydantic import BeforeValidator, ConfigDict, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

_STRICT: Final = ConfigDict(extra="forbid")
RECEIPT_FIELDS: Final = frozenset({"id", "dlvrd", "submitted", "done", "stat", "err", "text"})


class BehaviourError(ValueError):
    """A behaviour that cannot be: the message says which field and why."""


class Outcome(StrEnum):
    """What becomes of a message."""

    DELIVERED = "delivered"
    EXPIRED = "expired"
    UNDELIVERABLE = "undeliverable"
    REJECTED = "rejected"
    DELETED = "deleted"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"  # taken, and no receipt ever comes
    REFUSED = "refused"  # answered with ``status``
    THROTTLED = "throttled"  # answered ESME_RTHROTTLED
    QUEUE_FULL = "queue_full"  # answered ESME_RMSGQFUL
    SILENT = "silent"  # never answered, never delivered


class Answer(StrEnum):
    """How the submit_sm_resp goes out, and what happens to the link."""

    NORMAL = "normal"
    NONE = "none"  # the message is taken all the same: its receipt comes
    TWICE = "twice"
    SWAPPED = "swapped"  # after the answer to the next submit
    HALF = "half"  # half of its octets, then the link is cut
    CLOSE = "close"  # the link is cut before the answer; submits behind this one are not read
    THEN_CLOSE = "then_close"
    THEN_UNBIND = "then_unbind"


class IdForm(StrEnum):
    """How a message id is written."""

    SAME = "same"
    DECIMAL = "decimal"
    HEX = "hex"
    HEX_UPPER = "hex_upper"
    DECIMAL_PADDED = "decimal_padded"
    HEX_PADDED = "hex_padded"
    UUID = "uuid"


class Stat(StrEnum):
    """The states of a receipt's text (SMPP 3.4 appendix B); ``state`` is the same as message_state (§5.2.28)."""

    state: int

    ENROUTE = "ENROUTE"
    DELIVRD = "DELIVRD"
    EXPIRED = "EXPIRED"
    DELETED = "DELETED"
    UNDELIV = "UNDELIV"
    ACCEPTD = "ACCEPTD"
    UNKNOWN = "UNKNOWN"
    REJECTD = "REJECTD"


for _state, _stat in enumerate(Stat, start=1):
    _stat.state = _state


class Carrier(StrEnum):
    """Where a receipt says what it says: in its text, in its TLVs, or in both."""

    BOTH = "both"
    TEXT = "text"
    TLV = "tlv"


class Parts(StrEnum):
    """Which parts of a long SMS get a receipt."""

    EACH = "each"
    FIRST = "first"
    LAST = "last"


class CountBy(StrEnum):
    """Whether ``times`` counts the submits to one number, or all that fall under the rule."""

    NUMBER = "number"
    RULE = "rule"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptStyle:
    """
    The dialect of a receipt.

    ``delay_s`` and ``jitter_s`` are seconds after the answer (None: the table's; 0 with ``before_response``). ``text``
    replaces the usual text; it may hold ``{id} {dlvrd} {submitted} {done} {stat} {err} {text}``, the two dates with a
    strftime format: ``{done:%y%m%d%H%M%S}``.
    """

    delay_s: float | None = None
    jitter_s: float | None = None
    before_response: bool = False
    copies: int = 1
    intermediate: tuple[Stat, ...] = ()  # sent evenly within the delay
    contradiction: Stat | None = None  # a second final receipt that says otherwise
    carrier: Carrier = Carrier.BOTH
    payload: bool = False  # the text in message_payload, short_message empty
    id_form: IdForm = IdForm.SAME
    tlv_id_form: IdForm | None = None  # None: as ``id_form``
    err: str | None = None  # text, letters allowed; None: by stat
    text: str | None = None
    parts: Parts = Parts.EACH
    esm_class: int = 0x04
    data_coding: int = 0
    vendor_tlv: bool = False  # adds tag 0x1401 with four octets

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    def __post_init__(self) -> None:
        if self.copies < 1 or not (0 <= self.esm_class <= 255 and 0 <= self.data_coding <= 255):
            raise BehaviourError("copies, esm_class or data_coding out of range")
        if min(self.delay_s or 0, self.jitter_s or 0) < 0:
            raise BehaviourError("a delay is at least 0 seconds")
        if self.text is not None:
            _check_template(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """
    What happens to a submit.

    ``times`` and ``above_tps`` limit it: the first so many submits, or those beyond so many a second; the others have
    the outcome ``afterwards`` and a normal answer. ``answer_delay_s`` is in seconds from the read of the submit.
    """

    outcome: Outcome = Outcome.DELIVERED
    status: int | None = None  # None: the outcome's own (refused: ESME_RINVDSTADR)
    answer: Answer = Answer.NORMAL
    answer_delay_s: float = 0.0
    id_form: IdForm = IdForm.DECIMAL
    receipt: ReceiptStyle = field(default_factory=ReceiptStyle)
    times: int | None = None
    count_by: CountBy = CountBy.NUMBER
    above_tps: float | None = None
    afterwards: Outcome = Outcome.DELIVERED

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    def __post_init__(self) -> None:
        if self.answer_delay_s < 0:
            raise BehaviourError("a delay is at least 0 seconds")
        if self.status is not None and not 0 < self.status <= 0xFFFFFFFF:
            raise BehaviourError("status is between 1 and 0xFFFFFFFF")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Behaviour):
    """A behaviour with its condition; None means any."""

    number: str | None = None
    suffix: str | None = None
    prefix: str | None = None
    every: int | None = None
    part: int | None = None

    def __post_init__(self) -> None:
        # Not super(): with slots the class is made anew, and the bare form looks at the one before.
        Behaviour.__post_init__(self)
        if self.every is not None and self.every < 1:
            raise BehaviourError("every is at least 1")


# The demo's table, by the last two digits of a number: one of each fate on screen without configuring anything.
BUILTIN: Final[tuple[Rule, ...]] = (
    Rule(suffix="99", outcome=Outcome.REFUSED),
    Rule(suffix="98", outcome=Outcome.UNDELIVERABLE),
    Rule(suffix="97", outcome=Outcome.EXPIRED),
    Rule(suffix="96", outcome=Outcome.REJECTED),
    Rule(suffix="95", outcome=Outcome.ACCEPTED),
    Rule(suffix="94", outcome=Outcome.THROTTLED, times=2),
    Rule(suffix="93", outcome=Outcome.SILENT),
    Rule(suffix="92", answer_delay_s=3.0),
    Rule(suffix="91", receipt=ReceiptStyle(delay_s=15.0)),
    Rule(suffix="90", receipt=ReceiptStyle(copies=2)),
)


def _outcome_alone(value: object) -> object:
    return {"outcome": value} if isinstance(value, str) else value


Short = Annotated[Behaviour, BeforeValidator(_outcome_alone)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """The whole table: see the module's text."""

    default: Short = field(default_factory=Behaviour)
    numbers: Mapping[str, Short] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    builtin: bool = True
    receipt_delay_s: float = 1.5
    receipt_jitter_s: float = 0.5

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


_SCRIPT: Final = TypeAdapter(Script)


def script_from_json(value: object, *, current: Script) -> Script:
    """
    Read the JSON form; keys that are absent keep what ``current`` has.

    Raises:
        BehaviourError: An unknown key, a wrong type or value: the message names the place.
    """
    if not isinstance(value, dict):
        raise BehaviourError("an object is wanted")
    kept = {item.name: getattr(current, item.name) for item in fields(current)}
    try:
        return _SCRIPT.validate_python(kept | value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise BehaviourError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def script_to_json(script: Script) -> dict[str, object]:
    """The JSON form in full, with the built-in table under ``builtin_rules``."""
    try:
        shown: dict[str, object] = _SCRIPT.dump_python(script, mode="json")
    except PydanticSerializationError as error:
        raise BehaviourError(str(error)) from None
    return shown | {"builtin_rules": [{"suffix": rule.suffix} | _unusual(rule) for rule in BUILTIN]}


def _unusual(rule: Rule) -> dict[str, object]:
    usual = asdict(Rule())
    return {key: value for key, value in asdict(rule).items() if value != usual[key] and key != "suffix"}


def _check_template(text: str) -> None:
    try:
        names = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError as error:
        raise BehaviourError(f"receipt text: {error}") from None
    if not names <= RECEIPT_FIELDS:
        raise BehaviourError(f"receipt text knows only {', '.join(sorted(RECEIPT_FIELDS))}")

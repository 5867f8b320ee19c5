"""
A route: a named SMSC account and how it wants to be spoken to, read from one URL. No sockets.

``smpp://system_id:password@host:2775?bind=transceiver&binds=1&window=50``; ``smpps://`` is TLS, default port 3550.
System id, password and parameters are percent-encoded where they hold ``: / ? # @ & % +``.

| Parameter | Default | Meaning |
|---|---|---|
| bind | transceiver | or transmitter_receiver (a pair), transmitter, receiver |
| binds | 1 | sessions at once over all senders, 1 to 100 |
| window | 50 | unanswered submits allowed at once, for each bind, 1 to 10000 |
| tps | 0 | submits a second over all binds and all senders; 0: no limit of ours |
| prefixes | empty | numbers that begin so go over this route, as in 51,593; the longest wins; empty: those left over |
| failover | empty | name of the route that takes over new submits while this one cannot; what is in flight stays |
| failover_s | 30 | seconds without a bind before that |
| alphabet | gsm | data_coding 0: gsm, gsm_es (Spanish shift table; udh or udh16 only), strict, latin1, ascii, ucs2 |
| segments | udh | of a long message: udh (8-bit reference), udh16, sar, payload (the SMSC cuts; billed as it cuts) |
| packed | false | eight septets in seven octets |
| ids | auto | ids in receipts: auto, same, hex (response hex, receipt decimal), decimal (the reverse) |
| receipts | each | of a long message's parts: each has its own, one stands for all, or that of the first, of the last |
| receipt_pattern | empty | regular expression with groups id, stat, err, submitted, done, text; tried first |
| receipt_date | empty | format of a receipt's dates, as in %d/%m/%Y %H:%M:%S; empty: the usual forms |
| receipt_zone | empty | IANA zone of a receipt's dates; empty: not known, and quarters of an hour are not looked at |
| message_reference | false | send user_message_reference, which some SMSCs echo in receipts |
| system_type, service_type | empty | as the operator says |
| source_ton, source_npi, dest_ton, dest_npi | auto | a number; auto: by the address itself |
| validity_s | 0 | seconds the SMSC keeps trying; 0: its own default |
| validity_until_close | false | it stops trying at the campaign's closing hour, where there is one |
| registered_delivery | 1 | octet asking for receipts, 0 to 255; 1: the final one, 0: none |
| enquire_link_s | 30 | seconds of silence before asking whether the link lives |
| response_timeout_s | 30 | seconds to wait for a response |
| throttle_statuses, temporary_statuses | empty | more statuses, as in 0x58,1375: slow down; try again later |
| number_statuses, sender_statuses | empty | more statuses that condemn the number; the sender ID (campaign stops) |
| route_statuses, account_statuses | empty | that condemn the route (it rests); everything (campaigns stop) |
| data_coding | auto | number for default-alphabet text instead of 0 |
| ca_file | empty | smpps: certificates to trust instead of the system's |
| insecure | false | smpps: do not check the certificate |
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.rules.gsm import Alphabet, Carriage
from domain.rules.receipt import Dialect, IdForm, PartsReceipt, receipt_pattern

__all__ = [
    "Alphabet",
    "BadRoute",
    "Bind",
    "Dialect",
    "IdForm",
    "PartsReceipt",
    "Route",
    "Segments",
    "check_routes",
    "parse_route",
]

_T = TypeVar("_T")
_E = TypeVar("_E", bound=StrEnum)
_PORTS: Final = {"smpp": 2775, "smpps": 3550}
_MAX_VALIDITY_S: Final = 99 * 86_400
_MAX_STATUS: Final = 0xFFFFFFFF
_PREFIX: Final = 15  # digits; a whole number has no more


class BadRoute(ValueError):
    """A route's URL cannot be used; the message is a sentence for the operator, without the password."""


class Bind(StrEnum):
    """Which sessions a bind of the route opens."""

    TRANSCEIVER = "transceiver"
    TRANSMITTER_RECEIVER = "transmitter_receiver"  #: a transmitter and a receiver that serve as one
    TRANSMITTER = "transmitter"
    RECEIVER = "receiver"


class Segments(StrEnum):
    """How the parts of a long message are tied together."""

    UDH = "udh"  #: user data header, 8-bit reference
    UDH16 = "udh16"  #: user data header, 16-bit reference
    SAR = "sar"  #: sar_* parameters
    PAYLOAD = "payload"  #: whole in message_payload; the SMSC cuts it


@dataclass(frozen=True, slots=True)
class Route:
    """An SMSC account. The fields are the parameters of this module's table; a TON or NPI of None: by the address."""

    name: str
    host: str
    port: int = 2775
    system_id: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False
    bind: Bind = Bind.TRANSCEIVER
    binds: int = 1
    window: int = 50
    tps: float = 0.0
    prefixes: tuple[str, ...] = ()
    failover: str = ""
    failover_s: float = 30.0
    alphabet: Alphabet = Alphabet.GSM7
    segments: Segments = Segments.UDH
    packed: bool = False
    ids: IdForm = IdForm.AUTO
    receipts: PartsReceipt = PartsReceipt.EACH
    dialect: Dialect = field(default_factory=Dialect)
    message_reference: bool = False
    system_type: str = ""
    service_type: str = ""
    source_ton: int | None = None
    source_npi: int | None = None
    dest_ton: int | None = None
    dest_npi: int | None = None
    validity_s: int = 0
    validity_until_close: bool = False
    registered_delivery: int = 1
    enquire_link_s: float = 30.0
    response_timeout_s: float = 30.0
    throttle_statuses: frozenset[int] = frozenset()
    temporary_statuses: frozenset[int] = frozenset()
    number_statuses: frozenset[int] = frozenset()
    sender_statuses: frozenset[int] = frozenset()
    route_statuses: frozenset[int] = frozenset()
    account_statuses: frozenset[int] = frozenset()
    data_coding: int | None = None
    ca_file: str = ""
    insecure: bool = False

    @property
    def carriage(self) -> Carriage:
        """What its texts are billed by: with ``payload`` as the SMSC will cut them, at best."""
        return Carriage(self.alphabet, wide=self.segments is Segments.UDH16)


def parse_route(name: str, url: str) -> Route:
    """
    Read a route's URL.

    Raises:
        BadRoute: With a sentence that names the route and the fault.
    """
    try:
        return _parse(name, url)
    except BadRoute:
        raise
    except ValueError as error:
        # urlsplit quotes what it stumbled over, which may hold the password.
        raise BadRoute(f"route {name}: the URL cannot be read ({type(error).__name__})") from None


def check_routes(routes: Sequence[Route]) -> None:
    """
    What routes say of each other.

    Raises:
        BadRoute: One names another as its failover that there is not, or that sends nothing; or two have one prefix.
    """
    by_name = {route.name: route for route in routes}
    prefixes: dict[str, str] = {}
    for route in routes:
        other = by_name.get(route.failover)
        if route.failover and (other is None or other is route or other.bind is Bind.RECEIVER):
            raise BadRoute(f"route {route.name}: failover names {route.failover!r}, which is no other route that sends")
        for prefix in route.prefixes:
            if prefixes.setdefault(prefix, route.name) != route.name:
                raise BadRoute(f"route {route.name}: the prefix {prefix} is {prefixes[prefix]}'s already")


def _parse(name: str, url: str) -> Route:
    parts = urlsplit(url.strip())
    if parts.scheme not in _PORTS:
        raise BadRoute(f"route {name}: the URL must begin with smpp:// or smpps://")
    if not parts.hostname:
        raise BadRoute(f"route {name}: the URL names no host")
    if parts.path not in ("", "/") or parts.fragment:
        raise BadRoute(f"route {name}: nothing may stand between the host and '?'; encode / as %2F and # as %23")
    try:
        port = parts.port or _PORTS[parts.scheme]
    except ValueError:
        raise BadRoute(f"route {name}: the port must be a number from 1 to 65535") from None
    system_id = unquote(parts.username or "")
    if not system_id:
        raise BadRoute(f"route {name}: the URL names no system_id, as in smpp://system_id:password@host")
    parameters = _Parameters(name, parts.query)
    route = Route(
        name=name,
        host=parts.hostname,
        port=port,
        system_id=system_id,
        password=unquote(parts.password or ""),
        tls=parts.scheme == "smpps",
        bind=parameters.choice("bind", Bind.TRANSCEIVER),
        binds=parameters.whole("binds", 1, low=1, high=100),
        window=parameters.whole("window", 50, low=1, high=10_000),
        tps=parameters.number("tps", 0.0, low=0.0, high=1_000_000.0),
        prefixes=parameters.prefixes("prefixes"),
        failover=parameters.text("failover", longest=32),
        failover_s=parameters.number("failover_s", 30.0, low=0.0, high=86_400.0),
        alphabet=parameters.choice("alphabet", Alphabet.GSM7),
        segments=parameters.choice("segments", Segments.UDH),
        packed=parameters.flag("packed"),
        ids=parameters.choice("ids", IdForm.AUTO),
        receipts=parameters.choice("receipts", PartsReceipt.EACH),
        dialect=parameters.dialect(),
        message_reference=parameters.flag("message_reference"),
        system_type=parameters.text("system_type", longest=12),
        service_type=parameters.text("service_type", longest=5),
        source_ton=parameters.octet("source_ton"),
        source_npi=parameters.octet("source_npi"),
        dest_ton=parameters.octet("dest_ton"),
        dest_npi=parameters.octet("dest_npi"),
        validity_s=parameters.whole("validity_s", 0, low=0, high=_MAX_VALIDITY_S),
        validity_until_close=parameters.flag("validity_until_close"),
        registered_delivery=parameters.whole("registered_delivery", 1, low=0, high=255),
        enquire_link_s=parameters.number("enquire_link_s", 30.0, low=0.1, high=3_600.0),
        response_timeout_s=parameters.number("response_timeout_s", 30.0, low=0.1, high=3_600.0),
        throttle_statuses=parameters.statuses("throttle_statuses"),
        temporary_statuses=parameters.statuses("temporary_statuses"),
        number_statuses=parameters.statuses("number_statuses"),
        sender_statuses=parameters.statuses("sender_statuses"),
        route_statuses=parameters.statuses("route_statuses"),
        account_statuses=parameters.statuses("account_statuses"),
        data_coding=parameters.octet("data_coding"),
        ca_file=parameters.text("ca_file", longest=4_096),
        insecure=parameters.flag("insecure"),
    )
    parameters.refuse_rest()
    if route.alphabet is Alphabet.SPANISH and route.segments not in (Segments.UDH, Segments.UDH16):
        # A header names the table, and next to one there are no SAR parameters. Source: SMPP 3.4 §5.3.2.22.
        raise BadRoute(f"route {name}: alphabet=gsm_es needs segments=udh or udh16")
    return route


class _Parameters:
    """The query of a route's URL, taken one by one; what nobody took is a misspelling."""

    def __init__(self, name: str, query: str) -> None:
        self._name = name
        pairs = parse_qsl(query, keep_blank_values=True)
        self._values = dict(pairs)
        if len(self._values) < len(pairs):
            raise BadRoute(f"route {name}: a parameter is given twice")

    def _take(self, key: str, default: _T, *, read: Callable[[str], _T], wanted: str) -> _T:
        value = self._values.pop(key, None)
        if value is None:
            return default
        try:
            return read(value)
        except ValueError:
            raise BadRoute(f"route {self._name}: {key} must be {wanted}, not {value!r}") from None

    def choice(self, key: str, default: _E) -> _E:
        kind = type(default)
        return self._take(key, default, read=kind, wanted=f"one of {', '.join(kind)}")

    def whole(self, key: str, default: int, *, low: int, high: int) -> int:
        def read(value: str) -> int:
            return _within(int(value), low, high)

        return self._take(key, default, read=read, wanted=f"a whole number from {low} to {high}")

    def number(self, key: str, default: float, *, low: float, high: float) -> float:
        def read(value: str) -> float:
            return _within(float(value), low, high)

        return self._take(key, default, read=read, wanted=f"a number from {low:g} to {high:g}")

    def octet(self, key: str) -> int | None:
        def read(value: str) -> int | None:
            return None if value == "auto" else _within(int(value, 0), 0, 255)

        return self._take(key, None, read=read, wanted="auto, or a number from 0 to 255")

    def flag(self, key: str) -> bool:
        def read(value: str) -> bool:
            if value.lower() not in _FLAGS:
                raise ValueError(value)
            return _FLAGS[value.lower()]

        return self._take(key, False, read=read, wanted="true or false")

    def text(self, key: str, *, longest: int) -> str:
        def read(value: str) -> str:
            if len(value) > longest or "\0" in value:
                raise ValueError(value)
            return value

        return self._take(key, "", read=read, wanted=f"at most {longest} characters")

    def statuses(self, key: str) -> frozenset[int]:
        def read(value: str) -> frozenset[int]:
            return frozenset(_within(int(part, 0), 1, _MAX_STATUS) for part in value.split(",") if part.strip())

        return self._take(key, frozenset(), read=read, wanted="statuses by comma, as in 0x58,1375")

    def prefixes(self, key: str) -> tuple[str, ...]:
        def read(value: str) -> tuple[str, ...]:
            found = tuple(dict.fromkeys(part.strip().removeprefix("+") for part in value.split(",") if part.strip()))
            if not all(part.isascii() and part.isdigit() and len(part) <= _PREFIX for part in found):
                raise ValueError(value)
            return found

        return self._take(key, (), read=read, wanted="beginnings of numbers by comma, as in 51,593")

    def dialect(self) -> Dialect:
        def zone(value: str) -> ZoneInfo | None:
            try:
                return ZoneInfo(value) if value else None
            except ZoneInfoNotFoundError as error:
                raise ValueError(value) from error

        def pattern(value: str) -> re.Pattern[str] | None:
            return receipt_pattern(value) if value else None

        return Dialect(
            pattern=self._take("receipt_pattern", None, read=pattern, wanted="an expression that names id or stat"),
            date_format=self.text("receipt_date", longest=64),
            zone=self._take("receipt_zone", None, read=zone, wanted="an IANA zone, as in America/Lima"),
        )

    def refuse_rest(self) -> None:
        """What is left is misspelt."""
        if self._values:
            raise BadRoute(f"route {self._name}: there is no parameter {', '.join(sorted(self._values))}")


_FLAGS: Final = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_N = TypeVar("_N", int, float)


def _within(value: _N, low: _N, high: _N) -> _N:
    """Raises ValueError outside the bounds, and for a number that is none."""
    if not low <= value <= high:
        raise ValueError(value)
    return value

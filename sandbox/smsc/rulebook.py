"""Which behaviour a submit meets: the script compiled so that a plain message costs a few dictionary look-ups."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from sandbox.smsc import pdu
from sandbox.smsc.behaviour import (
    BUILTIN,
    Answer,
    Behaviour,
    CountBy,
    IdForm,
    Outcome,
    ReceiptStyle,
    Rule,
    Script,
    Stat,
)

_FATE: Final = {
    Outcome.DELIVERED: Stat.DELIVRD,
    Outcome.EXPIRED: Stat.EXPIRED,
    Outcome.UNDELIVERABLE: Stat.UNDELIV,
    Outcome.REJECTED: Stat.REJECTD,
    Outcome.DELETED: Stat.DELETED,
    Outcome.UNKNOWN: Stat.UNKNOWN,
}
_REFUSAL: Final = {
    Outcome.REFUSED: pdu.ESME_RINVDSTADR,
    Outcome.THROTTLED: pdu.ESME_RTHROTTLED,
    Outcome.QUEUE_FULL: pdu.ESME_RMSGQFUL,
}
_FORM: Final = {
    IdForm.SAME: "%d",
    IdForm.DECIMAL: "%d",
    IdForm.HEX: "%x",
    IdForm.HEX_UPPER: "%X",
    IdForm.DECIMAL_PADDED: "%020d",
    IdForm.HEX_PADDED: "%016X",
}

Lookup = Callable[[bytes, int], "Plan | None"]


@dataclass(frozen=True, slots=True)
class Step:
    """One receipt of a message: ``delay_s`` seconds after the answer."""

    delay_s: float
    stat: Stat
    final: bool


@dataclass(slots=True, eq=False)
class Plan:
    """
    A behaviour made ready.

    ``status`` is the refusal, 0 when the message is taken; ``steps`` are its receipts; ``plain`` plans go the intake's
    short way; ``counted`` ones apply to some submits only: ask ``resolve``.
    """

    behaviour: Behaviour
    status: int
    steps: tuple[Step, ...]
    jitter_s: float
    silent: bool
    plain: bool
    counted: bool
    id_format: str
    otherwise: "Plan | None" = None
    _seen: dict[bytes, int] = field(default_factory=dict)
    _second: int = 0
    _in_second: int = 0

    @property
    def style(self) -> ReceiptStyle:
        return self.behaviour.receipt

    @property
    def due(self) -> Stat | None:
        """The final state that is planned, None where no receipt will come."""
        return next((step.stat for step in self.steps if step.final), None)

    def resolve(self, destination: bytes) -> "Plan":
        """Count this submit and say whether it is one of those that the behaviour is for."""
        assert self.otherwise is not None
        behaviour = self.behaviour
        if behaviour.above_tps is not None and not self._above(behaviour.above_tps):
            return self.otherwise
        if behaviour.times is not None:
            key = destination if behaviour.count_by is CountBy.NUMBER else b""
            count = self._seen.get(key, 0)
            if count >= behaviour.times:
                return self.otherwise
            self._seen[key] = count + 1
        return self

    def _above(self, tps: float) -> bool:
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._in_second = second, 0
        self._in_second += 1
        if self._in_second > tps:
            # What is turned away does not use up the rate.
            self._in_second -= 1
            return True
        return False


class Rulebook:
    """The compiled script. ``needs_part`` says whether ``find`` wants to know the part of a long SMS."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self._default = self._compile(script.default)
        self._lookups: list[Lookup] = []
        numbers = {number.encode(): self._compile(behaviour) for number, behaviour in script.numbers.items()}
        if numbers:
            self._lookups.append(lambda destination, _part: numbers.get(destination))
        rules = script.rules + (BUILTIN if script.builtin else ())
        self.needs_part = any(rule.part is not None for rule in rules)
        self._add_rules(rules)

    def find(self, destination: bytes, part: int) -> Plan:
        """The plan for a submit to ``destination``; ``part`` counts from 1, 0 when nobody asked."""
        for lookup in self._lookups:
            plan = lookup(destination, part)
            if plan is not None:
                return plan.resolve(destination) if plan.counted else plan
        return self._default.resolve(destination) if self._default.counted else self._default

    def _add_rules(self, rules: tuple[Rule, ...]) -> None:
        # Neighbours that only name a suffix of one length share a dictionary: the built-in table costs one look-up.
        table: dict[bytes, Plan] = {}
        table_length = 0
        for rule in rules:
            plan = self._compile(rule)
            if rule.suffix and (rule.number, rule.prefix, rule.every, rule.part) == (None, None, None, None):
                suffix = rule.suffix.encode()
                if len(suffix) != table_length:
                    table, table_length = {}, len(suffix)
                    self._lookups.append(_by_suffix(table, table_length))
                table.setdefault(suffix, plan)
            else:
                table_length = 0
                self._lookups.append(_by_condition(rule, plan))

    def _compile(self, behaviour: Behaviour) -> Plan:
        counted = behaviour.times is not None or behaviour.above_tps is not None
        plan = self._plan(behaviour, counted)
        if counted:
            rest = Behaviour(outcome=behaviour.afterwards, id_form=behaviour.id_form, receipt=behaviour.receipt)
            plan.otherwise = self._plan(rest, counted=False)
        return plan

    def _plan(self, behaviour: Behaviour, counted: bool) -> Plan:
        refusal = _REFUSAL.get(behaviour.outcome)
        status = 0 if refusal is None else behaviour.status or refusal
        style = behaviour.receipt
        silent = behaviour.outcome is Outcome.SILENT
        normal = behaviour.answer is Answer.NORMAL and not behaviour.answer_delay_s and not style.before_response
        return Plan(
            behaviour=behaviour,
            status=status,
            steps=self._steps(behaviour),
            jitter_s=self._wait(style, style.jitter_s, self.script.receipt_jitter_s),
            silent=silent,
            plain=normal and not status and not silent and behaviour.id_form is not IdForm.UUID,
            counted=counted,
            id_format=_FORM.get(behaviour.id_form, "%d"),
        )

    def _wait(self, style: ReceiptStyle, own_s: float | None, usual_s: float) -> float:
        if own_s is not None:
            return own_s
        return 0.0 if style.before_response else usual_s

    def _steps(self, behaviour: Behaviour) -> tuple[Step, ...]:
        stat = _FATE.get(behaviour.outcome)
        if stat is None:
            return ()
        style = behaviour.receipt
        delay_s = self._wait(style, style.delay_s, self.script.receipt_delay_s)
        share = delay_s / (len(style.intermediate) + 1)
        steps = [Step(share * (place + 1), early, final=False) for place, early in enumerate(style.intermediate)]
        steps += [Step(delay_s, stat, final=True)] * style.copies
        if style.contradiction is not None:
            steps.append(Step(delay_s, style.contradiction, final=True))
        return tuple(steps)


def write_id(number: int, form: IdForm) -> str:
    """Write a message id in one of its forms."""
    return str(UUID(int=number)) if form is IdForm.UUID else _FORM[form] % number


def _by_suffix(table: dict[bytes, Plan], length: int) -> Lookup:
    return lambda destination, _part: table.get(destination[-length:])


def _by_condition(rule: Rule, plan: Plan) -> Lookup:
    number, suffix, prefix = ((text or "").encode() for text in (rule.number, rule.suffix, rule.prefix))
    count = 0

    def lookup(destination: bytes, part: int) -> Plan | None:
        nonlocal count
        if number and destination != number:
            return None
        if not (destination.startswith(prefix) and destination.endswith(suffix)):
            return None
        if rule.part is not None and part != rule.part:
            return None
        if rule.every is not None:
            count += 1
            if count % rule.every:
                return None
        return plan

    return lookup

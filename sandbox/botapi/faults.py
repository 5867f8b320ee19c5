"""Faults on demand: what the next calls of a method suffer instead of, before, or after being carried out."""

from dataclasses import dataclass
from typing import Final, Literal

from sandbox.botapi.errors import ApiError, SimError

Trouble = Literal["drop", "delay", "lost"]
_REASONS: Final = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}


@dataclass(slots=True)
class Fault:
    """
    One rule.

    Attributes:
        method: Lower-case method name, or ``*``: every method but getUpdates, whose polls would use it up unseen.
        code: 429 or 5xx: refused so, not carried out. ``drop``: the connection is cut, not carried out. ``lost``:
            carried out, then cut. ``delay``: carried out ``delay_s`` later.
        retry_after: Seconds told with 429.
        delay_s: Seconds of delay; any fault may have one.
        times: Calls left; negative for ever.
    """

    method: str
    code: int | Trouble
    retry_after: int = 1
    delay_s: float = 0.0
    times: int = 1

    def refusal(self) -> ApiError | None:
        """What the bot is told, or ``None`` when the fault is not an answer."""
        if self.code == 429:
            return ApiError(429, f"Too Many Requests: retry after {self.retry_after}", retry_after=self.retry_after)
        if isinstance(self.code, int):
            return ApiError(self.code, _REASONS.get(self.code, "Internal Server Error"))
        return None


class Faults:
    """The rules in force, the oldest first."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """
        Put a rule in force; ``times=0`` takes the method's rules away instead.

        Raises:
            SimError: A code that is no fault.
        """
        if isinstance(fault.code, int) and fault.code != 429 and not 500 <= fault.code <= 599:
            raise SimError(400, "code must be 429, 5xx, drop, delay or lost")
        fault.method = fault.method.lower()
        if fault.times == 0:
            self._rules = [rule for rule in self._rules if rule.method != fault.method]
        else:
            self._rules.append(fault)

    def next_for(self, method: str) -> Fault | None:
        """The fault that this call suffers, one of its times used up."""
        for rule in self._rules:
            if rule.method == method or (rule.method == "*" and method != "getupdates"):
                rule.times -= 1
                if rule.times == 0:
                    self._rules.remove(rule)
                return rule
        return None

    def clear(self) -> None:
        """Back to good weather."""
        self._rules.clear()

"""Under which name this process holds what it holds, and until when. Renewed in ``worker``."""

from dataclasses import dataclass


@dataclass(slots=True)
class SenderName:
    """
    The lease of this process: the name under which it is held, a new one when it was lost.

    Attributes:
        until_s: It holds until then, monotonic seconds, whatever the database says meanwhile.
    """

    name: str
    until_s: float = 0.0

    def holds(self, name: str, *, now: float) -> bool:
        """Whether what was marked under ``name`` may still be written. After a standstill others may have swept it."""
        return name == self.name and now < self.until_s

"""
The two kinds of refusal. Nothing is decided here.

ApiError   a bot's call is refused, in Telegram's words where Telegram has any
SimError   a person's act is refused by the sandbox itself (`/sim/...`)
"""


class ApiError(Exception):
    """
    A Bot API refusal.

    Args:
        code: The HTTP status, which is also ``error_code``.
        description: Telegram's sentence; one that begins with ``SANDBOX:`` is stricter than Telegram on purpose.
        retry_after: Seconds, for flood control only.
    """

    def __init__(self, code: int, description: str, *, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.retry_after = retry_after

    def body(self) -> dict[str, object]:
        """The JSON that Telegram would answer with."""
        answer: dict[str, object] = {"ok": False, "error_code": self.code, "description": self.description}
        if self.retry_after is not None:
            answer["parameters"] = {"retry_after": self.retry_after}
        return answer


class SimError(Exception):
    """A person's act that cannot be: unknown chat, button not on the screen, malformed body."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status = status
        self.error = error


def bad_request(sentence: str) -> ApiError:
    """400 with Telegram's prefix."""
    return ApiError(400, f"Bad Request: {sentence}")


def not_emulated(what: str) -> ApiError:
    """400 for what Telegram offers and this sandbox does not."""
    return ApiError(400, f"SANDBOX: {what} not emulated")

"""The JSON bodies of the person's side, one class a route; unknown fields are refused."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Act(BaseModel):
    """Who does it, and where."""

    model_config = ConfigDict(extra="forbid")

    chat_id: int
    user_id: int


class Write(Act):
    """POST /sim/message."""

    text: str = Field(min_length=1)
    reply_to_message_id: int | None = None


class Sample(Act):
    """POST /sim/document with JSON."""

    sample: str
    caption: str | None = None


class Card(Act):
    """POST /sim/contact."""

    phone_number: str = Field(min_length=1)
    first_name: str
    last_name: str | None = None


class Tap(Act):
    """POST /sim/callback."""

    message_id: int
    data: str | None = None
    label: str | None = None
    wait: float = Field(default=0.0, ge=0, le=60)


class Rewrite(Act):
    """POST /sim/edit."""

    message_id: int
    text: str = Field(min_length=1)


class Block(BaseModel):
    """POST /sim/block: the person blocks the bot, or lets it in again."""

    model_config = ConfigDict(extra="forbid")

    user_id: int
    blocked: bool = True


class FaultRule(BaseModel):
    """POST /sim/fault."""

    model_config = ConfigDict(extra="forbid")

    method: str
    code: int | Literal["drop", "delay", "lost"]
    retry_after: int = Field(default=1, ge=0)
    delay_s: float = Field(default=0.0, ge=0)
    times: int = 1

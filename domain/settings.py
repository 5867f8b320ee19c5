"""
What the operator may set, read from the environment (and from a ``.env`` file in the working folder). Secrets never
show in a repr.
"""

from functools import cached_property
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from domain.rules.route import BadRoute, Route, check_routes, parse_route


class BadSettings(Exception):
    """The environment cannot be used; the message is one line a fault, for the operator on stderr."""


class Settings(BaseSettings):
    """Every field is an environment variable with the prefix ``PREGON_``."""

    model_config = SettingsConfigDict(env_prefix="PREGON_", env_file=".env", extra="ignore", frozen=True)

    bot_token: SecretStr = Field(default=SecretStr(""), description="the token that BotFather gave")
    bot_api_url: str = Field(default="https://api.telegram.org", description="base URL, without /bot<token>")
    bot_file_url: str = Field(default="", description="base URL, without /file/bot<token>; empty: as bot_api_url")
    database_url: str = Field(default="sqlite:///pregon.db", description="sqlite:///path or postgres://user:pw@host/db")
    smsc_url: SecretStr = Field(default=SecretStr(""), description="the default route, smpp:// or smpps://")
    smsc_routes: dict[str, SecretStr] = Field(default_factory=dict, description="further routes, JSON: name to URL")
    owners: Annotated[tuple[int, ...], NoDecode] = Field(default=(), description="Telegram ids that own the account")
    account: str = Field(default="Pregón", description="name of the first account")
    region: str = Field(default="PE", description="ISO 3166-1: how local numbers are read")
    timezone: str = Field(default="America/Lima", description="IANA zone of schedules and screens")
    language: str = Field(default="es", description="for people who have not chosen")
    sender_id: str = Field(default="PREGON", description="default sender ID of the first account")
    segment_price: str = Field(default="", description="price of a segment and its currency: '0.05 PEN'")
    metrics_address: str = Field(default="", description="host:port for /metrics and /healthz; empty: off")
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR")

    @field_validator("owners", mode="before")
    @classmethod
    def _split_owners(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("region")
    @classmethod
    def _upper_region(cls, value: str) -> str:
        if len(value) != 2 or not value.isalpha():
            raise ValueError("two letters, as in PE")
        return value.upper()

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("an IANA zone, as in America/Lima") from error
        return value

    @field_validator("database_url")
    @classmethod
    def _known_engine(cls, value: str) -> str:
        if not value.startswith(("sqlite:///", "postgres://", "postgresql://")):
            raise ValueError("sqlite:///path/pregon.db or postgres://user:password@host/database")
        return value

    @property
    def on_sqlite(self) -> bool:
        """Whether the database is a file of ours, which only one process may write."""
        return self.database_url.startswith("sqlite:")

    @property
    def sqlite_path(self) -> Path:
        """The database file. Only where ``on_sqlite``."""
        return Path(self.database_url.removeprefix("sqlite:///"))

    @property
    def file_url(self) -> str:
        """Base URL of downloads, without ``/file/bot<token>``."""
        return self.bot_file_url or self.bot_api_url

    @cached_property
    def routes(self) -> tuple[Route, ...]:
        """
        The default route first, then the further ones by name.

        Raises:
            BadRoute: One of the URLs cannot be used.
        """
        urls = {"default": self.smsc_url, **dict(sorted(self.smsc_routes.items()))}
        routes = tuple(
            parse_route(name, url.get_secret_value()) for name, url in urls.items() if url.get_secret_value()
        )
        check_routes(routes)
        return routes


def load_settings() -> Settings:
    """
    Read the environment.

    Raises:
        BadSettings: One line for each variable that cannot be used, with what it should look like.
    """
    try:
        settings = Settings()
        _ = settings.routes
    except ValidationError as error:
        lines = (f"PREGON_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        raise BadSettings("\n".join(lines)) from None
    except BadRoute as error:
        raise BadSettings(f"PREGON_SMSC_URL or PREGON_SMSC_ROUTES: {error}") from None
    return settings

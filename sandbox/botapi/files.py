"""Files that passed through a chat: what they are called, what they are, and their bytes."""

import hashlib
import mimetypes
import struct
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import Final, Literal

from aiogram.types import Document, File, PhotoSize

from sandbox.botapi.errors import ApiError, bad_request
from sandbox.botapi.requests import uploaded
from sandbox.botapi.schema import Json, checked
from sandbox.botapi.store import Store

MAX_DOWNLOAD_BYTES: Final = 20 << 20
MAX_UPLOAD_BYTES: Final = 50 << 20
MAX_PHOTO_BYTES: Final = 10 << 20
MAX_PHOTO_SIDES: Final = 10_000
MAX_PHOTO_RATIO: Final = 20

Kind = Literal["document", "photo"]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file; the ids stay the same for as long as the sandbox remembers. Sizes in bytes, sides in pixels."""

    number: int
    kind: Kind
    name: str
    mime_type: str
    size: int
    digest: str
    width: int = 0
    height: int = 0

    @property
    def file_id(self) -> str:
        """What the bot sends again or downloads by."""
        prefix = "BQACAgEAAx" if self.kind == "document" else "AgACAgEAAx"
        return f"{prefix}{self.number:08d}{self.digest[:16]}"

    @property
    def file_unique_id(self) -> str:
        """The same for the same bytes."""
        return f"{'AQ' if self.kind == 'photo' else 'AgAD'}{self.digest[16:32]}"

    @property
    def path(self) -> str:
        """Below ``/file/bot<token>/``."""
        return f"{self.kind}s/file_{self.number}{PurePosixPath(self.name).suffix}"

    def _ids(self) -> Json:
        return {"file_id": self.file_id, "file_unique_id": self.file_unique_id, "file_size": self.size}

    def document(self) -> Document:
        """As a message carries it."""
        return checked(Document, {**self._ids(), "file_name": self.name, "mime_type": self.mime_type})

    def photo_sizes(self) -> list[PhotoSize]:
        """As a message carries it: one size, the original."""
        return [checked(PhotoSize, {**self._ids(), "width": self.width, "height": self.height})]

    def download(self) -> File:
        """The answer to getFile."""
        return checked(File, {**self._ids(), "file_path": self.path})


class Files:
    """All files of the sandbox."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._by_id: dict[str, StoredFile] = {}
        self._last = 0
        for body in store.files():
            self._index(StoredFile(**body))  # type: ignore[arg-type]  # our own asdict()

    def _index(self, file: StoredFile) -> None:
        self._by_id[file.file_id] = file
        self._last = file.number

    def add(self, name: str, content: bytes, *, kind: Kind = "document", mime_type: str | None = None) -> StoredFile:
        """
        Keep a file.

        Raises:
            ApiError: A photo that Telegram would not take: no PNG or JPEG, too large, too long.
        """
        width, height = _photo_sides(content) if kind == "photo" else (0, 0)
        name = name.replace("\\", "/").rpartition("/")[2] or "file"
        file = StoredFile(
            number=self._last + 1,
            kind=kind,
            name=name,
            mime_type=mime_type or mimetypes.guess_type(name)[0] or "application/octet-stream",
            size=len(content),
            digest=hashlib.sha256(content).hexdigest()[:32],
            width=width,
            height=height,
        )
        self._store.put_file(file.number, asdict(file), content)
        self._index(file)
        return file

    def take(self, value: object, *, kind: Kind) -> StoredFile:
        """
        Resolve a bot's ``document`` or ``photo``: an upload or a file id.

        Raises:
            ApiError: Empty, too big, of the other kind, unknown, or by URL (which the sandbox does not fetch).
        """
        upload = uploaded(value)
        if upload is not None:
            return self._take_upload(upload.filename or "file", upload.data, kind=kind)
        if not isinstance(value, str) or not value:
            raise bad_request(f"there is no {kind} in the request")
        if value.startswith(("http://", "https://")):
            raise ApiError(400, "SANDBOX: sending by URL not emulated")
        file = self._by_id.get(value)
        if file is None:
            raise bad_request("wrong file identifier/HTTP URL specified")
        if file.kind != kind:
            raise bad_request(f"can't use file of type {file.kind.title()} as {kind.title()}")
        return file

    def _take_upload(self, name: str, content: bytes, *, kind: Kind) -> StoredFile:
        if not content:
            raise bad_request("file must be non-empty")
        if len(content) > MAX_UPLOAD_BYTES:
            raise ApiError(413, "Request Entity Too Large")
        if kind == "photo" and len(content) > MAX_PHOTO_BYTES:
            raise bad_request(
                f"file of size {len(content)} bytes is too big for a photo; the maximum size is {MAX_PHOTO_BYTES} bytes"
            )
        return self.add(name, content, kind=kind)

    def by_id(self, file_id: str) -> StoredFile | None:
        """The file behind an id."""
        return self._by_id.get(file_id)

    def for_download(self, file_id: str) -> StoredFile:
        """
        The file that getFile names.

        Raises:
            ApiError: Unknown, or above 20 MB.
        """
        file = self._by_id.get(file_id)
        if file is None:
            raise bad_request("invalid file_id" if file_id else "file_id not specified")
        if file.size > MAX_DOWNLOAD_BYTES:
            raise bad_request("file is too big")
        return file

    def by_path(self, path: str) -> StoredFile | None:
        """The file behind a download path."""
        return next((file for file in self._by_id.values() if file.path == path), None)

    def content(self, file: StoredFile) -> bytes:
        """The bytes."""
        return self._store.file_content(file.number)


def _photo_sides(content: bytes) -> tuple[int, int]:
    width, height = _png_sides(content) or _jpeg_sides(content) or (0, 0)
    if not width or not height:
        raise bad_request("IMAGE_PROCESS_FAILED")
    if width + height > MAX_PHOTO_SIDES or max(width, height) > MAX_PHOTO_RATIO * min(width, height):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return width, height


def _png_sides(content: bytes) -> tuple[int, int] | None:
    if not content.startswith(b"\x89PNG\r\n\x1a\n") or len(content) < 24:
        return None
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def _jpeg_sides(content: bytes) -> tuple[int, int] | None:
    """Walk the segments to the frame header: SOF0…SOF15 but DHT, JPG and DAC."""
    at = 2 if content.startswith(b"\xff\xd8") else len(content)
    while at + 9 < len(content):
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 2 + length
    return None

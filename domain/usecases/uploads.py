"""
The bytes of uploads, in pieces, each written and dropped in a short transaction of its own: in one they would hold
SQLite's only writer for as long as a disk takes for megabytes.
"""

import secrets
import time
from typing import Final

from tortoise.expressions import Q

from domain.models import Change, ChangeState, ImportJob, UploadPiece

PIECE: Final = 256 << 10  #: bytes
_UNNAMED_KEPT_MS: Final = 3_600_000  # an upload takes seconds until a job names it


async def keep(content: bytes) -> int:
    """Write them. Returns the name, for the row that they belong to: until it is there a sweep may delete them."""
    name = secrets.randbits(62)
    now_ms = time.time_ns() // 1_000_000
    for position, start in enumerate(range(0, len(content), PIECE)):
        await UploadPiece.create(
            upload=name, position=position, content=content[start : start + PIECE], created_ms=now_ms
        )
    return name


async def read(name: int) -> bytes:
    """All of them; empty where they are dropped, also in the middle of it."""
    pieces: list[bytes] = []
    while piece := await UploadPiece.filter(upload=name, position=len(pieces)).values_list("content", flat=True):
        pieces.append(bytes(piece[0]))
    whole = await UploadPiece.filter(upload=name, position=0).exists()
    return b"".join(pieces) if whole else b""


async def content_of(job_id: int) -> bytes | None:
    """The bytes of an import's upload; None: they are dropped."""
    job = await ImportJob.get(id=job_id).only("id", "upload")
    if job.upload is not None:
        return await read(job.upload)
    content = (await ImportJob.get(id=job_id).only("id", "content")).content
    return None if content is None else bytes(content)


async def drop(*names: int | None) -> None:
    """Delete what nobody names any more."""
    for name in names:
        if name is not None:
            for piece_id in await UploadPiece.filter(upload=name).order_by("position").values_list("id", flat=True):
                await UploadPiece.filter(id=piece_id).delete()


async def sweep() -> int:
    """
    Delete what no import and no change that is under way names: uploads that were cut short, and drops that were.
    Returns how many uploads.
    """
    before_ms = time.time_ns() // 1_000_000 - _UNNAMED_KEPT_MS
    found = set(await UploadPiece.filter(created_ms__lt=before_ms).distinct().values_list("upload", flat=True))
    named = {
        name
        for names in await ImportJob.filter(Q(upload__isnull=False) | Q(refused__isnull=False)).values_list(
            "upload", "refused"
        )
        for name in names
    }
    under_way = await Change.filter(state=ChangeState.RUNNING, scope__isnull=False).only("id", "scope")
    named |= {(change.scope or {}).get("upload") for change in under_way}
    unnamed = [int(str(name)) for name in found - named]
    await drop(*unnamed)
    return len(unnamed)

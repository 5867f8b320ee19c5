"""Every measurement there is, one after the other, with what they were taken on: ``python -m bench``."""

import os
import platform
import sqlite3
import subprocess
import sys
import tempfile
import time

#: In this order.
PROGRAMS = ("smsc_ceiling", "templates", "dispatch", "million", "imports", "chat", "silence", "pace")


def sync_ms() -> float:
    """Milliseconds that a durable write of 40 KB takes where the databases will lie."""
    with tempfile.TemporaryFile() as file:
        began = time.perf_counter()
        for _ in range(50):
            file.write(b"x" * 40_000)
            file.flush()
            os.fdatasync(file.fileno())
        return (time.perf_counter() - began) / 50 * 1_000


def main() -> None:
    """Entry point."""
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()},"
        f" SQLite {sqlite3.sqlite_version}, sync {sync_ms():.2f} ms, load {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    failed = []
    for name in PROGRAMS:
        print(f"\n{name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode:
            failed.append(name)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()

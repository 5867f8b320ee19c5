"""
How much the simulated SMSC takes: submit_sm a second from one link, ledger off and on, with and without receipts.

    python bench/smsc_ceiling.py [--messages N] [--window N]

The SMSC runs in a process of its own; the client is a blocking socket with prebuilt PDUs, so that the figures are the
SMSC's. Without a window it writes as fast as the SMSC reads; with one it has at most so many unanswered.
"""

import argparse
import json
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HEADER: Final = struct.Struct("!IIII")
TEXT: Final = b"Hola, su pedido llega hoy entre las 9 y las 11. Responda BAJA para no recibir mas."
CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class Figure:
    """One run: submits and receipts a second, and the CPU microseconds that the SMSC's process spent on each submit."""

    name: str
    submits_per_s: float
    receipts_per_s: float
    cpu_us: float


def pdu(command: int, sequence: int, body: bytes) -> bytes:
    return HEADER.pack(16 + len(body), command, 0, sequence) + body


def submit(sequence: int, *, receipts: bool) -> bytes:
    destination = b"519%08d" % (sequence % 100_000_000)
    flags = bytes((0, 0, 0, 0, 0, receipts, 0, 0, 0, len(TEXT)))
    return pdu(0x04, sequence, b"\0\x05\0PREGON\0\x01\x01" + destination + b"\0" + flags + TEXT)


class Client:
    """A blocking ESME: a thread reads and acknowledges, the caller writes."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(pdu(0x09, 1, b"bench\0secret\0\0\x34\0\0\0"))
        self._progress = threading.Condition()
        self._writing = threading.Lock()
        self.answers = 0
        self.receipts = 0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join()
        self._socket.close()

    def send(self, octets: bytes) -> None:
        with self._writing:
            self._socket.sendall(octets)

    def wait(self, *, answers: int = 0, receipts: int = 0) -> None:
        with self._progress:
            done = self._progress.wait_for(lambda: self.answers >= answers and self.receipts >= receipts, timeout=120)
        if not done:
            raise TimeoutError(f"{self.answers} answers, {self.receipts} receipts")

    def _read(self) -> None:
        rest = b""
        while data := self._socket.recv(1 << 20):
            rest += data
            offset, answers, acks = 0, 0, []
            while len(rest) - offset >= 16:
                length, command, _, sequence = HEADER.unpack_from(rest, offset)
                if len(rest) - offset < length:
                    break
                offset += length
                if command == 0x80000004:
                    answers += 1
                elif command == 0x05:
                    acks.append(b"\0\0\0\x11\x80\0\0\x05\0\0\0\0" + sequence.to_bytes(4, "big") + b"\0")
            rest = rest[offset:]
            if acks:
                self.send(b"".join(acks))
            with self._progress:
                self.answers += answers
                self.receipts += len(acks)
                self._progress.notify_all()


def run(name: str, messages: int, *, ledger: Path | None, receipts: bool, window: int | None) -> Figure:
    """Start an SMSC, send ``messages`` to it, and measure until the last answer, or the last receipt, is here."""
    quick = {"builtin": False, "receipt_delay_s": 0, "receipt_jitter_s": 0}
    command = [sys.executable, "-m", "sandbox.smsc", "--port", "0", "--behaviour", json.dumps(quick)]
    if ledger is not None:
        command += ["--ledger", str(ledger)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        client = Client(json.loads(process.stdout.readline())["smsc_port"])
        built = [submit(number, receipts=receipts) for number in range(2, messages + 2)]
        size = min(CHUNK, window // 2) if window else CHUNK
        chunks = [b"".join(built[place : place + size]) for place in range(0, messages, size)]
        cpu, begun = cpu_seconds(process.pid), time.perf_counter()
        for number, chunk in enumerate(chunks):
            if window:
                client.wait(answers=(number + 1) * size - window)
            client.send(chunk)
        client.wait(answers=messages)
        answered_s = time.perf_counter() - begun
        if receipts:
            client.wait(receipts=messages)
        all_s = time.perf_counter() - begun
        cpu = cpu_seconds(process.pid) - cpu
        client.close()
        process.terminate()
    return Figure(name, messages / answered_s, messages / all_s if receipts else 0.0, cpu / messages * 1e6)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process; Linux only, 0 elsewhere."""
    try:
        fields = re.split(r"\) ", Path(f"/proc/{pid}/stat").read_text())[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--window", type=int, default=200)
    options = parser.parse_args()
    print(f"{'run':<34}{'submit_sm/s':>12}{'receipts/s':>12}{'SMSC CPU us':>13}")
    for receipts in (False, True):
        for durable in (False, True):
            for window in (None, options.window):
                with tempfile.TemporaryDirectory() as folder:
                    name = f"{'ledger' if durable else 'memory'}, {f'window {window}' if window else 'no window'}"
                    name += ", receipts" if receipts else ""
                    path = Path(folder, "ledger.jsonl") if durable else None
                    figure = run(name, options.messages, ledger=path, receipts=receipts, window=window)
                print(
                    f"{figure.name:<34}{figure.submits_per_s:>12,.0f}{figure.receipts_per_s:>12,.0f}{figure.cpu_us:>13.1f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()

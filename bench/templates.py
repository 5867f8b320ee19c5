"""
Messages a second on one core from a contact's fields to counted segments, the compiled template reused; and how long
each hostile template takes to be refused.

    python -m bench.templates [--messages N] [--runs N]
"""

import argparse
import random
import statistics
import sys
import time

from domain.rules.gsm import Alphabet, segments
from domain.rules.template import BadTemplate, compile_template
from tests.domain.rules.hostile import HOSTILE

_GOAL = 30_000  # messages a second
_REFUSED_MS = 50.0
_NAMES = ("Ana", "María José", "José", "Íñigo", "Peña", "Núñez", "Rocío del Carmen", "Luis", "Zoë", "Ángel")
_TEXTS = {
    "one token": "Hola {{ nombre }}, su cuota vence manana. Pague en www.ejemplo.pe o llame al 0800-1234.",
    "one token, with a filter": "Hola {{ nombre|title|truncate(20) }}, su cuota vence manana. Pague hoy por favor.",
    "three tokens and an if": "{% if apellido %}Sr. {{ apellido }}{% else %}{{ nombre }}{% endif %}: {{ valor_1 }}",
}


def rate(source: str, contacts: list[dict[str, str]], alphabet: Alphabet) -> float:
    """Messages a second."""
    render = compile_template(source).render
    began = time.perf_counter()
    for fields in contacts:
        segments(render(fields), alphabet=alphabet)
    return len(contacts) / (time.perf_counter() - began)


def refusal_ms(source: str) -> float:
    """Milliseconds until a text is refused; infinite: it is not."""
    began = time.perf_counter()
    try:
        compile_template(source)
    except BadTemplate:
        return (time.perf_counter() - began) * 1_000
    return float("inf")


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    rng = random.Random(1)
    contacts = [
        {
            "first_name": rng.choice(_NAMES),
            "last_name": rng.choice(_NAMES),
            "value_1": str(rng.randrange(1_000)),
        }
        for _ in range(options.messages)
    ]
    failed = False
    for name, source in _TEXTS.items():
        for alphabet in (Alphabet.GSM7, Alphabet.SPANISH):
            found = statistics.median(rate(source, contacts, alphabet) for _ in range(options.runs))
            failed |= name == "one token" and found < _GOAL
            print(f"{name}, {alphabet}: {found:,.0f} messages/s, {found / _GOAL:.1f} x the goal of {_GOAL:,}")
    times = {name: statistics.median(refusal_ms(text) for _ in range(options.runs)) for name, text in HOSTILE.items()}
    for name, taken_ms in times.items():
        print(f"refused in {taken_ms:6.2f} ms: {name}")
    slowest = max(times, key=lambda name: times[name])
    print(f"the slowest refusal: {times[slowest]:.2f} ms ({slowest}), allowed: {_REFUSED_MS:.0f} ms")
    failed |= times[slowest] > _REFUSED_MS
    if failed:
        sys.exit("below the goal")


if __name__ == "__main__":
    main()

"""Alphabets, segments and octets, against 3GPP TS 23.038 and 23.040."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.gsm import (
    GSM_PART,
    GSM_SINGLE,
    UCS2_PART,
    UCS2_SINGLE,
    Alphabet,
    downgrade,
    encode_parts,
    foreign_characters,
    pack_septets,
    segments,
    split,
)
from domain.rules.gsm_tables import BASIC_SET, EXTENSION, GSM_SET, STRICT_SET

GSM_TEXT = st.text(st.sampled_from(sorted(GSM_SET)), max_size=700)
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
MIXED = st.one_of(GSM_TEXT, ANY_TEXT, st.text(st.sampled_from("ab€{ñáΛ😀"), max_size=400))
ALPHABETS = st.sampled_from(list(Alphabet))


def decode_gsm(octets: bytes) -> str:
    """An independent reading of unpacked septets."""
    basic = (
        "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
        "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
    )
    extension = {
        0x0A: "\f",
        0x14: "^",
        0x28: "{",
        0x29: "}",
        0x2F: "\\",
        0x3C: "[",
        0x3D: "~",
        0x3E: "]",
        0x40: "|",
        0x65: "€",
    }
    waiting = iter(octets)
    return "".join(extension[next(waiting)] if octet == 0x1B else basic[octet] for octet in waiting)


@pytest.mark.parametrize(
    ("text", "count", "encoding", "units", "remaining"),
    [
        pytest.param("", 0, Alphabet.GSM7, 0, 0, id="nothing costs nothing"),
        pytest.param("a", 1, Alphabet.GSM7, 1, 159, id="one letter"),
        pytest.param("a" * 160, 1, Alphabet.GSM7, 160, 0, id="160 fit one segment"),
        pytest.param("a" * 161, 2, Alphabet.GSM7, 161, 145, id="161 need two of 153"),
        pytest.param("a" * 306, 2, Alphabet.GSM7, 306, 0, id="two full ones"),
        pytest.param("a" * 307, 3, Alphabet.GSM7, 307, 152, id="one more"),
        pytest.param("€" * 80, 1, Alphabet.GSM7, 160, 0, id="the euro costs two"),
        pytest.param("a" * 152 + "€" + "a" * 10, 2, Alphabet.GSM7, 164, 141, id="a pair is not split at the border"),
        pytest.param("{" * 150, 2, Alphabet.GSM7, 300, 5, id="76 pairs a part, one septet lost"),
        pytest.param("Ñ ñ é É ü ¿ ¡", 1, Alphabet.GSM7, 13, 147, id="what GSM has is not foreign"),
        pytest.param("á" * 70, 1, Alphabet.UCS2, 70, 0, id="70 units of UCS-2"),
        pytest.param("á" * 71, 2, Alphabet.UCS2, 71, 63, id="71 need two of 67"),
        pytest.param("😀" * 35, 1, Alphabet.UCS2, 70, 0, id="an emoji is two units"),
        pytest.param("😀" * 36, 2, Alphabet.UCS2, 72, 61, id="33 emojis a part, one unit lost"),
        pytest.param("`", 1, Alphabet.UCS2, 1, 69, id="the backtick is ASCII, but not GSM"),
        pytest.param("ç", 1, Alphabet.UCS2, 1, 69, id="only the capital Ç is GSM"),
    ],
)
def test_a_text_is_counted_as_the_standard_bills_it(
    text: str, count: int, encoding: Alphabet, units: int, remaining: int
) -> None:
    """160/153 septets, 70/67 units; the borders by hand."""
    found = segments(text)

    assert (found.count, found.encoding, found.units, found.remaining) == (count, encoding, units, remaining)


@given(MIXED, ALPHABETS, st.booleans())
def test_the_parts_joined_are_the_text_and_as_many_as_are_billed(text: str, alphabet: Alphabet, wide: bool) -> None:
    """Counting, cutting and encoding agree."""
    found = segments(text, alphabet=alphabet, wide=wide)
    parts = split(text, alphabet=alphabet, wide=wide)
    encoded = encode_parts(text, alphabet=alphabet, wide=wide)

    assert "".join(parts) == text
    assert len(parts) == len(encoded.parts) == found.count
    assert encoded.encoding is found.encoding


@given(MIXED)
def test_no_part_is_longer_than_a_segment_and_none_could_take_the_next_character(text: str) -> None:
    """Parts are filled as far as pairs allow, so no text is billed one segment too many."""
    found = segments(text)
    parts = split(text)
    gsm = found.encoding is Alphabet.GSM7

    def size(part: str) -> int:
        return sum(2 if c in EXTENSION else 1 for c in part) if gsm else len(part.encode("utf-16-be")) // 2

    single, each = (GSM_SINGLE, GSM_PART) if gsm else (UCS2_SINGLE, UCS2_PART)
    assert sum(map(size, parts)) == found.units
    assert all(size(part) <= (single if len(parts) == 1 else each) for part in parts)
    assert all(size(part + after[0]) > each for part, after in pairwise(parts))
    assert not parts or found.remaining == found.per_segment - size(parts[-1])


@given(GSM_TEXT)
def test_gsm_octets_read_back_are_the_text(text: str) -> None:
    """One septet an octet; an extension character is the escape and its second septet, in the same part."""
    encoded = encode_parts(text)

    assert encoded.data_coding == 0
    assert [decode_gsm(part) for part in encoded.parts] == split(text)
    assert all(octet < 0x80 for part in encoded.parts for octet in part)


@given(ANY_TEXT)
def test_what_gsm_does_not_have_goes_as_ucs2_without_mark(text: str) -> None:
    """data_coding 8, big-endian; a pair is never cut, so each part reads alone."""
    encoded = encode_parts(text + "á")

    assert encoded.data_coding == 8
    assert "".join(part.decode("utf-16-be") for part in encoded.parts) == text + "á"


def test_half_a_surrogate_pair_never_stops_a_message() -> None:
    """Python lets such text exist; the wire does not."""
    assert encode_parts("a\ud83d").parts == (b"\0a\0?",)


@pytest.mark.parametrize(
    ("alphabet", "text", "octets", "data_coding"),
    [
        pytest.param(Alphabet.GSM7, "@ñ_", b"\x00\x7d\x11", 0, id="GSM has its own places"),
        pytest.param(Alphabet.STRICT, "@ñ_", b"\x00\x7d\x11", 0, id="strict flags, and travels as GSM"),
        pytest.param(Alphabet.LATIN1, "@ñ_", b"@\xf1_", 0, id="Latin-1 octets for an SMSC that translates"),
        pytest.param(Alphabet.LATIN1, "€", b"\x20\xac", 8, id="no euro in Latin-1"),
        pytest.param(Alphabet.ASCII, "@_[", b"@_[", 0, id="ASCII octets"),
        pytest.param(Alphabet.ASCII, "ñ", b"\x00\xf1", 8, id="no ñ in ASCII"),
        pytest.param(Alphabet.UCS2, "a", b"\x00a", 8, id="a route without default alphabet"),
        pytest.param(Alphabet.GSM7, "Λ€", b"\x14\x1b\x65", 0, id="Greek and the euro"),
    ],
)
def test_the_octets_are_those_of_the_routes_alphabet(
    alphabet: Alphabet, text: str, octets: bytes, data_coding: int
) -> None:
    """What data_coding 0 means is the operator's habit."""
    encoded = encode_parts(text, alphabet=alphabet)

    assert (encoded.parts, encoded.data_coding) == ((octets,), data_coding)


def test_packed_septets_are_those_of_the_standard() -> None:
    """`hellohello` is the example that every implementation is tried with."""
    assert pack_septets(b"hellohello").hex() == "e8329bfd4697d9ec37"
    assert pack_septets(b"") == b""


def test_seven_spare_bits_are_a_carriage_return() -> None:
    """Seven zero bits would show as an @ at the end."""
    assert pack_septets(b"1234567")[-1] >> 1 == 0x0D


@given(st.binary(max_size=160).map(lambda octets: bytes(octet & 0x7F for octet in octets)), st.integers(0, 6))
def test_packing_keeps_every_septet(septets: bytes, fill_bits: int) -> None:
    """Read back bit by bit."""
    number = int.from_bytes(pack_septets(septets, fill_bits=fill_bits), "little") >> fill_bits

    assert bytes(number >> 7 * at & 0x7F for at in range(len(septets))) == septets


def test_foreign_characters_say_where_and_what_they_cost() -> None:
    """The ñ is in GSM; the euro costs two; the á makes everything UCS-2."""
    found = foreign_characters("ñ €á😀")

    assert [(f.character, f.position, f.cost, f.replacement) for f in found] == [
        ("€", 2, 2, "EUR"),
        ("á", 3, 0, "a"),
        ("😀", 4, 0, None),
    ]


def test_the_strict_alphabet_is_the_manuals() -> None:
    """Its special characters pass, accents and the Ñ do not, although GSM has some of them."""
    allowed = "¡#$%^&()-=+{}[]¿<>/ Hola, ¿todo bien? Son 25.50: sí".removesuffix("í")
    flagged = foreign_characters("Ñandú é@_", alphabet=Alphabet.STRICT)

    assert foreign_characters(allowed, alphabet=Alphabet.STRICT) == []
    assert [(f.character, f.cost, f.replacement) for f in flagged] == [
        ("Ñ", 1, "N"),
        ("ú", 0, "u"),
        ("é", 1, "e"),
        ("@", 1, None),
        ("_", 1, "-"),
    ]


@given(MIXED, ALPHABETS)
def test_a_text_without_foreign_characters_is_one_septet_a_letter(text: str, alphabet: Alphabet) -> None:
    """The list is complete: nothing else makes a text dear."""
    found = foreign_characters(text, alphabet=alphabet)
    plain = STRICT_SET if alphabet is Alphabet.STRICT else BASIC_SET

    assert all(text[f.position] == f.character for f in found)
    assert all(f.cost or f.character not in GSM_SET or alphabet not in ("gsm", "strict") for f in found)
    if not found and alphabet is not Alphabet.UCS2:
        assert set(text) <= plain
        assert segments(text, alphabet=alphabet).encoding is Alphabet.GSM7


@pytest.mark.parametrize(
    ("text", "alphabet", "better"),
    [
        pytest.param("Canción “única” – más…", Alphabet.GSM7, 'Cancion "unica" - mas...', id="accents and quotes"),
        pytest.param("El niño tomó café", Alphabet.GSM7, "El niño tomo café", id="what GSM has stays"),
        pytest.param("El niño tomó café", Alphabet.STRICT, "El nino tomo cafe", id="strict takes those too"),
        pytest.param("nin\u0303o", Alphabet.GSM7, "niño", id="a tilde apart is the same letter"),
        pytest.param("pa\u200bz\u00a0ya", Alphabet.GSM7, "paz ya", id="invisible ones"),
        pytest.param("€ {x}", Alphabet.GSM7, "€ {x}", id="what only costs two is meant"),
        pytest.param("€ ~", Alphabet.STRICT, "EUR -", id="strict has neither"),
        pytest.param("😀 ok", Alphabet.GSM7, "😀 ok", id="nothing reads like an emoji"),
    ],
)
def test_a_downgrade_reads_the_same(text: str, alphabet: Alphabet, better: str) -> None:
    """á→a, typographic marks to plain ones; nothing is dropped that can be seen."""
    assert downgrade(text, alphabet=alphabet) == better


@given(MIXED, ALPHABETS)
def test_a_downgrade_leaves_only_what_nothing_replaces(text: str, alphabet: Alphabet) -> None:
    """And doing it twice changes nothing."""
    once = downgrade(text, alphabet=alphabet)
    left = foreign_characters(once, alphabet=alphabet)

    assert downgrade(once, alphabet=alphabet) == once
    assert all(f.replacement is None or f.cost == 2 for f in left)

"""Mobile-originated SMS: a phone's text as the deliver_sm bodies that carry it. Nothing about receipts here."""

from typing import Final

from sandbox.smsc import alphabet, pdu
from sandbox.smsc.mailbox import Parcel

_HEADER_OCTETS: Final = 6
_MAX_PARTS: Final = 255


def incoming_parcels(sender: str, to: str, text: str, *, reference: int) -> list[Parcel]:
    """
    Encode ``text`` from phone ``sender`` to the number or name ``to``: GSM 03.38 where it can be, UCS-2 otherwise.

    Args:
        reference: The 8-bit concatenation reference, used when one SMS does not hold the text.

    Raises:
        ValueError: More than 255 parts, or an address longer than 20 octets.

    Source: 3GPP TS 23.040 §9.2.3.24.1.
    """
    data_coding, letters = alphabet.encode(text)
    addresses = _address(sender) + _address(to)
    single = b"".join(letters)
    gsm = data_coding == 0
    if len(single) <= alphabet.segment_limit(octets=0, gsm=gsm):
        return [Parcel(pdu.deliver_body(addresses, esm_class=0, data_coding=data_coding, short_message=single))]
    chunks = _split(letters, alphabet.segment_limit(octets=_HEADER_OCTETS, gsm=gsm))
    if len(chunks) > _MAX_PARTS:
        raise ValueError(f"{len(chunks)} parts, at most {_MAX_PARTS}")
    return [
        Parcel(
            pdu.deliver_body(
                addresses,
                esm_class=pdu.ESM_UDHI,
                data_coding=data_coding,
                short_message=bytes((5, 0, 3, reference, len(chunks), number)) + chunk,
            )
        )
        for number, chunk in enumerate(chunks, start=1)
    ]


def _split(letters: list[bytes], limit: int) -> list[bytes]:
    chunks = [b""]
    for letter in letters:
        if len(chunks[-1]) + len(letter) > limit:
            chunks.append(b"")
        chunks[-1] += letter
    return chunks


def _address(text: str) -> bytes:
    octets = text.encode("ascii", "strict")
    if not 0 < len(octets) <= 20 or b"\0" in octets:
        raise ValueError(f"not an address: {text!r}")
    if not text.isdigit():
        return bytes((pdu.TON_ALPHANUMERIC, 0)) + octets + b"\0"
    # Short numbers have no country: TON unknown. The others are international, numbering plan E.164.
    return (b"\x01\x01" if len(text) > 8 else b"\x00\x01") + octets + b"\0"

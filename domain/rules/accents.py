"""Letters without their accents, for words that people type or that a spreadsheet holds. Pure."""

import unicodedata


def without_accents(text: str) -> str:
    """``José`` as ``Jose``; a ligature, a letter in a circle or of full width as the plain ones."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))

"""
Cells that a spreadsheet would compute: made harmless on their way out, and what they were on their way in.

Source: OWASP, CSV injection. The two functions are exact inverses, whatever the text.
"""

import re
from typing import Final

_COMPUTED: Final = re.compile(r"'*\s*[=+\-@\t\r＝＋－＠]")


def protect(text: str) -> str:
    """With an apostrophe in front where a spreadsheet would compute it; also where that may have been done before."""
    return f"'{text}" if _COMPUTED.match(text) else text


def unprotect(text: str) -> str:
    """Without the apostrophe that ``protect`` put in front; any other text as it is."""
    return text[1:] if text.startswith("'") and _COMPUTED.match(text, 1) else text

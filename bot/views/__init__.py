"""
The long texts and the pictures of a campaign, as Jinja2 files beside this one. Everything put in is escaped; the words
come from ``locales`` by way of the values.
"""

from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_FOLDER: Final = Path(__file__).parent
_environment: Final = Environment(
    loader=FileSystemLoader(_FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=False,
)


def render(view: str, /, **values: object) -> str:
    """
    Fill ``<view>.j2``. Values are escaped unless they are ``Markup``.

    Raises:
        jinja2.UndefinedError: The view asks for a value that was not given.
    """
    return _environment.get_template(f"{view}.j2").render(values).strip()

"""
The words of every screen: gettext catalogues by language and area, read at start, and the formats that go with them.
No text lives anywhere else, and nothing here knows what is shown where.
"""

from locales.catalogue import BadCatalogue, Catalogues, load
from locales.texts import Texts
from locales.zones import zones_named

__all__ = ["BadCatalogue", "Catalogues", "Texts", "load", "zones_named"]

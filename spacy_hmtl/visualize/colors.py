"""Colours: one hue per type, which style sheets turn into light and dark shades, and one per cluster."""

from __future__ import annotations

import colorsys
import zlib

from spacy.displacy.render import DEFAULT_LABEL_COLORS

# Degrees on the colour circle. Kinds of the same thing are close: people red, groups blue, places green ...
HUES: dict[str, int] = {
    "PERSON": 350,
    "PER": 350,
    "PEOP": 350,
    "NORP": 325,
    "ORG": 215,
    "CORPORATION": 215,
    "GROUP": 230,
    "COMPANY": 215,
    "GPE": 150,
    "LOC": 165,
    "LOCATION": 165,
    "FAC": 95,
    "VEH": 190,
    "PRODUCT": 260,
    "WORK": 280,
    "WORK_OF_ART": 280,
    "CREATIVE_WORK": 280,
    "EVENT": 300,
    "WEA": 10,
    "LAW": 10,
    "LANGUAGE": 310,
    "DATE": 38,
    "TIME": 30,
    "MONEY": 55,
    "QUANTITY": 60,
    "PERCENT": 60,
    "ORDINAL": 48,
    "CARDINAL": 48,
    "OTHER": 250,
    "MISC": 250,
}
# Labels for which displaCy has colours of its own: installing this package does not change them.
_DISPLACY = frozenset(DEFAULT_LABEL_COLORS)
_GOLDEN_ANGLE = 137.508


def type_hue(label: str) -> int:
    """The hue of a type; for one that is not listed, always the same."""
    return HUES.get(label.upper(), zlib.crc32(label.encode("utf-8")) % 360)


def cluster_hue(number: int) -> int:
    """The hue of a cluster: neighbours in the text are far from each other on the colour circle."""
    return round(25 + number * _GOLDEN_ANGLE) % 360


def _pastel(hue: int) -> str:
    red, green, blue = (round(255 * part) for part in colorsys.hls_to_rgb(hue / 360, 0.82, 0.75))
    return f"#{red:02x}{green:02x}{blue:02x}"


# Entry point of `spacy_displacy_colors`: upper-case label -> background.
COLORS: dict[str, str] = {label: _pastel(hue) for label, hue in HUES.items() if label not in _DISPLACY}

"""Every word a user sees, in English and Khmer.

English labels of numbers and indicators stand in the registries; everything else, and all Khmer, in
``en.yaml`` and ``km.yaml``. Keys are dotted: ``text("app.title", "km")``. In Khmer a zero-width space marks
where a line may break.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from simulator.indicators import INDICATORS
from simulator.parameters import PARAMETERS

LANGUAGES = ("en", "km")
ZERO_WIDTH_SPACE = "\u200b"
NO_BREAK_SPACE = "\u00a0"
MISSING = "–"

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MINUS = "\u2212"
_PERCENT = ("share", "1/year")  # units shown as per cent: these and every "share of …"
_WHOLE = frozenset(
    (
        "persons",
        "operators",
        "factories",
        "buyers",
        "seats/year",
        "USD/month",
        "USD/month of 2024",
        "USD/year",
    )
)
# unit, from which size on, divided by what, in which unit of the catalogue
_SCALES = (
    ("persons", 999_500.0, 1e6, "million persons"),
    ("persons", 1e4, 1e3, "thousand persons"),
    ("USD million", 1e3, 1e3, "USD billion"),
    ("USD million of 2024", 1e3, 1e3, "USD billion of 2024"),
)


@cache
def catalogue(lang: str) -> Mapping[str, str]:
    """All entries of one language, by dotted key. Raises ValueError for a language there is not."""
    if lang not in LANGUAGES:
        raise ValueError(f"language {lang!r} is not one of {', '.join(LANGUAGES)}")
    path = Path(__file__).with_name(f"{lang}.yaml")
    tree = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)
    entries = _flat(tree)
    if lang == "en":
        entries |= {f"parameters.{name}": parameter.label for name, parameter in PARAMETERS.items()}
        entries |= {f"indicators.{name}.label": indicator.label for name, indicator in INDICATORS.items()}
        entries |= {f"indicators.{name}.meaning": indicator.meaning for name, indicator in INDICATORS.items()}
    return MappingProxyType(entries)


def _flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    entries: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            entries |= _flat(value, f"{prefix}{key}.")
        else:
            entries[f"{prefix}{key}"] = value
    return entries


def text(key: str, lang: str, **params: object) -> str:
    """The entry ``key`` with its placeholders filled.

    Raises KeyError for an unknown key, naming the nearest, and for a placeholder without a value; values that
    the entry does not use are left aside, so that one call serves every case of a sentence.

    >>> text("app.progress_running", "en", done=3, total=12)
    'Running the model: 3 of 12 runs done'
    """
    entries = catalogue(lang)
    if key not in entries:
        nearest = "; nearest: ".join(["", *get_close_matches(key, entries, n=1)])
        raise KeyError(f"{key} is not a text of {lang}.yaml{nearest}")
    try:
        return entries[key].format(**params)
    except KeyError as missing:
        raise KeyError(f"{key} needs a value for {missing.args[0]}") from None


def sentence(key: str, lang: str, **params: object) -> str:
    """A whole sentence: ``sentence("jobs_fall", "km", year=2040, level=…, difference=…, low=…, high=…)``."""
    return text(f"sentences.{key}", lang, **params)


def case(
    difference: float, low: float, high: float, reference: float, hardly: float = 0.01, agree: bool | None = None
) -> str:
    """Which sentence tells a difference: ``rise``, ``fall``, ``hardly`` or ``cannot_tell``.

    ``low`` and ``high`` are the 10th and 90th percentile of the paired differences, ``agree`` says whether enough
    pairs have one sign (left out: both percentiles must). Where they do not agree the model cannot tell, unless all
    lies within ``hardly`` of the reference: no change to speak of.

    >>> case(-50.0, -60.0, -40.0, reference=700.0), case(20.0, -5.0, 40.0, reference=700.0)
    ('fall', 'cannot_tell')
    """
    if not all(map(math.isfinite, (difference, low, high))):
        return "cannot_tell"
    small = hardly * abs(reference)
    agree = low * high > 0 if agree is None else agree
    if not agree and max(abs(low), abs(high)) > small:
        return "cannot_tell"
    if abs(difference) <= small:
        return "hardly"
    return "rise" if difference > 0 else "fall"


def label(name: str, lang: str) -> str:
    """The label of a parameter (``wages.minimum_wage_growth``) or an indicator (``employment``)."""
    return text(f"parameters.{name}" if "." in name else f"indicators.{name}.label", lang)


def meaning(indicator: str, lang: str) -> str:
    """What an indicator counts, in a sentence."""
    return text(f"indicators.{indicator}.meaning", lang)


def unit(name: str, lang: str) -> str:
    """A registry's unit as a column or an axis shows it; nothing for a number without unit."""
    if not name:
        return ""
    return catalogue(lang).get(f"units.{name}", name) if lang == "en" else text(f"units.{name}", lang)


def group(name: str, lang: str) -> str:
    """A group such as ``gender=women``; groups by lever take the label of the lever."""
    dimension, _, value = name.partition("=")
    return label(value, lang) if dimension == "lever" else text(f"groups.{name}", lang)


def glossary(lang: str) -> dict[str, tuple[str, str]]:
    """Terms by key: heading and explanation, in the order of the catalogue."""
    keys = [key.partition(".")[2] for key in catalogue(lang) if key.startswith("terms.")]
    return {key: (text(f"terms.{key}", lang), text(f"glossary.{key}", lang)) for key in keys}


def number(
    value: float | None, unit: str = "", lang: str = "en", *, signed: bool = False, digits: int | None = None
) -> str:
    """A number with its unit, in Arabic digits in both languages.

    Shares and yearly rates are shown as per cent, people and money with a word of scale, and the unit stands
    after a no-break space. ``signed`` writes the plus of a difference; ``digits`` fixes the decimals, which
    else keep about three figures. An en dash where there is no number.

    >>> number(1234.5), number(742_310, "persons"), number(0.035, "1/year"), number(-0.125, "share", "km")
    ('1,234.5', '742\\xa0thousand people', '3.5%\\xa0a year', '−12.5%')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    percent = unit.startswith(_PERCENT)
    size, shown = abs(float(value)) * (100.0 if percent else 1.0), unit
    for name, least, divisor, scaled in _SCALES:
        if unit == name and size >= least:
            size, shown = size / divisor, scaled
            break
    if digits is not None:
        figures = f"{size:,.{digits}f}"
    elif unit == "year":
        figures = f"{size:.0f}"
    elif percent:
        figures = _trimmed(size, 1 if size >= 1 else 2)
    elif shown in _WHOLE:
        figures = f"{size:,.0f}"
    else:
        figures = _trimmed(size, _decimals(size, least=0 if shown != unit else 1))
    sign = _MINUS if value < 0 else "+" if signed else ""
    if not figures.strip("0.,"):
        sign = ""
    return _amount(f"{sign}{figures}{'%' if percent else ''}", shown, lang)


def _amount(figures: str, name: str, lang: str) -> str:
    template = catalogue(lang).get(f"amounts.{name}") or "{n} " + unit(name, lang)
    return template.format(n=figures).replace(" ", NO_BREAK_SPACE, 1)


def _decimals(size: float, least: int) -> int:
    """Decimals that keep three figures, six at most."""
    if size >= 10:
        return least if size >= 100 else 1
    return min(2 - math.floor(math.log10(size)), 6) if size else 0


def _trimmed(size: float, decimals: int) -> str:
    figures = f"{size:,.{decimals}f}"
    return figures.rstrip("0").rstrip(".") if "." in figures else figures

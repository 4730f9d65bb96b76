"""Charts as still pictures, in both languages: SVG whose words are outlines, and a picture sized for sharing."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any

from simulator.charts import CHARTS
from simulator.data import observations
from simulator.drawing import INK, PAPER, QUIET, Spec, Tables, amount, wrap
from simulator.outlines import outlined, width_of
from simulator.provenance import Stamp
from simulator.report import VEGA_LITE
from simulator.texts import label, text

if TYPE_CHECKING:
    from simulator.compare import Comparison

WIDE, TALL = 1200, 630  # pixels of the picture, as pages that show a link expect it
_EDGE = 48
_CHART, _CHART_TALL = "employment", 315  # pixels of its drawing with axes


def still(spec: Spec, width: int) -> str:
    """The chart as an SVG of ``width`` pixels that needs no font."""
    import vl_convert

    whole: dict[str, Any] = spec | {"width": width, "autosize": {"type": "fit-x", "contains": "padding"}}
    return outlined(vl_convert.vegalite_to_svg(json.dumps(whole), vl_version=VEGA_LITE))


def picture(comparison: Comparison, lang: str, stamp: Stamp | None = None) -> bytes:
    """A PNG of 1200 × 630: the number of jobs in the futures, what is found, what it is worth, how it was made."""
    import vl_convert

    return vl_convert.svg_to_png(outlined(picture_svg(comparison, lang, stamp or Stamp.now())))


def picture_svg(comparison: Comparison, lang: str, stamp: Stamp) -> str:
    """The same as SVG, its own words not yet outlined."""
    tables = Tables.of_comparison(comparison, observations())
    ends = {s: tables.last(_CHART, s).median for s in tables.titles}
    highest, lowest = max(ends, key=ends.__getitem__), min(ends, key=ends.__getitem__)
    title = text(
        "take.picture_title",
        lang,
        year=tables.years[1],
        highest=tables.title(highest, lang),
        lowest=tables.title(lowest, lang),
        most=amount(ends[highest], _CHART, lang),
        fewest=amount(ends[lowest], _CHART, lang),
    )
    spec = CHARTS[_CHART](tables, lang)
    spec["title"] = {"text": ""}
    data = comparison.metadata
    runs = len(data["draws"]) * len(data["seeds"])
    about = {"model": data["model"], "data": data["data"], "date": stamp.made_on}
    about |= {"draws": len(data["draws"]), "seeds": len(data["seeds"])}
    small = [text("take.picture_worth", lang, n=runs), text("take.picture_made", lang, **about)]
    parts, down = [], 0.0
    step = 60 if lang == "km" else 52  # Khmer reaches further below its line
    for line in fitted(title, 38, True, WIDE - 2 * _EDGE):
        down += step
        parts.append(_words(line, down, 38, INK, "bold"))
    down += step - 18
    parts.append(_words(f"{label(_CHART, lang)} – {text('app.title', lang)}", down, 22, QUIET))
    foot = [line for words in small for line in fitted(words, 17, False, WIDE - 2 * _EDGE)]
    top, bottom = down + 14, TALL - 18 - 25 * len(foot)
    parts.append(
        _chart(
            still(spec, round(_CHART_TALL * (WIDE - 2 * _EDGE) / (bottom - top))),
            _EDGE,
            top,
            WIDE - 2 * _EDGE,
            bottom - top,
        )
    )
    for place, line in enumerate(foot, start=1):
        parts.append(_words(line, bottom + 25 * place, 17, QUIET))
    size = f'width="{WIDE}" height="{TALL}" viewBox="0 0 {WIDE} {TALL}"'
    paper = f'<rect width="{WIDE}" height="{TALL}" fill="{PAPER}"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{paper}{"".join(parts)}</svg>'


def fitted(words: str, size: float, bold: bool, room: float) -> list[str]:
    """Lines no wider than ``room``, broken where words may break."""
    most = len(words) + 1
    while most > 10:
        lines = wrap(words, most)
        if all(width_of(line, size, bold) <= room for line in lines):
            return lines
        most -= 1
    return wrap(words, most)


def _words(words: str, down: float, size: int, colour: str, weight: str = "normal") -> str:
    look = f'font-size="{size}" font-weight="{weight}" fill="{colour}"'
    return f'<text x="{_EDGE}" y="{down:g}" {look}>{escape(words)}</text>'


def _chart(svg: str, left: float, top: float, wide: float, tall: float) -> str:
    """A drawing inside another, as large as its place allows."""
    place = f'x="{left:g}" y="{top:g}" width="{wide:g}" height="{tall:g}" preserveAspectRatio="xMinYMin meet"'
    head, _, rest = svg.partition(">")
    box = head.partition('viewBox="')[2].partition('"')[0]
    return f'<svg {place} viewBox="{box}">{rest}'

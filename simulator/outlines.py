"""Words of a drawing as outlines, so that whatever shows the drawing need not know how Khmer is shaped.

Programs that turn drawings into pictures or PDF place Khmer vowels and subscripts wrongly. Here every word of an SVG
is shaped by HarfBuzz with the shipped fonts and becomes a path.
"""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path

import uharfbuzz as hb
from fontTools.pens.svgPathPen import SVGPathPen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTFont

from simulator.paths import shipped

SVG = "http://www.w3.org/2000/svg"
_UNSEEN = "\u200b\u200c\u200d"  # where lines may break or letters join: they have no shape
_FAMILIES = ("NotoSans", "NotoSansKhmer", "NotoSansMath")  # a letter is taken from the first that has it
_PIXELS = re.compile(r"[-+]?[\d.]+")
_GONE = ("font-family", "font-size", "font-weight", "font-style", "text-anchor", "aria-label", "x", "y")


def font_bytes(name: str) -> bytes:
    """A shipped font as an uncompressed file, which every program reads."""
    return _plain(shipped("fonts") / f"{name}.woff2")


def width_of(words: str, size: float, bold: bool = False) -> float:
    """How wide words are, in the unit of ``size``."""
    return sum(advance for _, advance in _shaped(words, bold)) * size


def outlined(svg: str) -> str:
    """The drawing with every ``text`` as a ``path``; its words stay as its description.

    Raises ``xml.etree.ElementTree.ParseError`` for what is no XML.
    """
    ET.register_namespace("", SVG)
    root = ET.fromstring(svg)
    for parent in list(root.iter()):
        for place, child in enumerate(list(parent)):
            if child.tag == f"{{{SVG}}}text":
                parent[place] = _group(child)
    return ET.tostring(root, encoding="unicode")


def _group(text: ET.Element) -> ET.Element:
    size = _number(text.get("font-size"), 11.0)
    bold = text.get("font-weight", "normal") in ("bold", "600", "700")
    anchor = text.get("text-anchor", "start")
    kept = {k: v for k, v in text.attrib.items() if k not in _GONE}
    group = ET.Element(f"{{{SVG}}}g", kept)
    x, y = _number(text.get("x")), _number(text.get("y"))
    lines = [(text.text or "", x, 0.0)]
    lines += [(part.text or "", _number(part.get("x"), x), _number(part.get("dy"))) for part in text]
    for words, left, down in lines:
        y += down
        path = words_path(words, left, y, size, bold, anchor)
        if path:
            ET.SubElement(group, f"{{{SVG}}}path", {"d": path})
    return group


def words_path(words: str, x: float, y: float, size: float, bold: bool = False, anchor: str = "start") -> str:
    """The commands of a path that draws words with their base line at ``y``; empty where nothing is to be seen."""
    parts = _shaped(words, bold)
    whole = sum(advance for _, advance in parts) * size
    x -= {"middle": whole / 2, "end": whole}.get(anchor, 0.0)
    drawn = []
    for glyphs, advance in parts:
        pen = SVGPathPen(None, ntos=lambda value: f"{value:.2f}".rstrip("0").rstrip("."))
        for font, glyph, right, up, scale in glyphs:
            at = (scale * size, 0, 0, -scale * size, x + right * size, y - up * size)
            font.draw_glyph_with_pen(glyph, TransformPen(pen, at))
        drawn.append(pen.getCommands())
        x += advance * size
    return "".join(drawn)


# ---- shaping

_Glyph = tuple[hb.Font, int, float, float, float]  # font, glyph, right and up in em, em of a unit


@cache
def _shaped(words: str, bold: bool) -> list[tuple[list[_Glyph], float]]:
    """Runs of one script each: their glyphs and how far they lead, in em."""
    found = []
    for family, run in _runs(words):
        font, units = _font(f"{family}-{'Bold' if bold and family != 'NotoSansMath' else 'Regular'}")
        buffer = hb.Buffer()
        buffer.add_str(run)
        buffer.guess_segment_properties()
        hb.shape(font, buffer)
        glyphs: list[_Glyph] = []
        along = 0.0
        for about, place in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
            right, up = (along + place.x_offset) / units, place.y_offset / units
            glyphs.append((font, about.codepoint, right, up, 1 / units))
            along += place.x_advance
        found.append((glyphs, along / units))
    return found


def _runs(words: str) -> list[tuple[str, str]]:
    """Words by font, in order."""
    runs: list[tuple[str, str]] = []
    for letter in words:
        if letter in _UNSEEN:
            continue
        family = next((name for name in _FAMILIES if ord(letter) in _letters(name)), _FAMILIES[0])
        if runs and runs[-1][0] == family:
            runs[-1] = family, runs[-1][1] + letter
        else:
            runs.append((family, letter))
    return runs


@cache
def _letters(family: str) -> frozenset[int]:
    return frozenset(TTFont(io.BytesIO(font_bytes(f"{family}-Regular"))).getBestCmap())


@cache
def _font(name: str) -> tuple[hb.Font, int]:
    face = hb.Face(font_bytes(name))
    return hb.Font(face), face.upem


@cache
def _plain(path: Path) -> bytes:
    font = TTFont(path)
    font.flavor = None
    content = io.BytesIO()
    font.save(content)
    return content.getvalue()


def _number(told: str | None, otherwise: float = 0.0) -> float:
    found = _PIXELS.match(told or "")
    return float(found.group()) if found else otherwise

"""Files to take along: the pocket edition and the factory floor, pages that open from a stick without a network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any

import numpy as np

from simulator.drawing import PALETTE
from simulator.indicators import COLUMNS
from simulator.lessons import pieces
from simulator.lessons.emulator import Emulator
from simulator.lessons.findings import Runs, compared, unit_of
from simulator.lessons.pack import page
from simulator.lessons.plan import LEVERS, SHIPPED, title
from simulator.report import NAMES
from simulator.results import spread
from simulator.texts import LANGUAGES, catalogue, label, number, text
from simulator.version import __version__

FUTURES = SHIPPED[1:]
ROWS = ("employment", "real_wage", "skilled_jobs", "automation", "value_added", "exports")
STEPS = {"skills.training_seats": 1000, "skills.training_months": 1}
_WIDE, _HIGH, _SIDE = 320, 96, 4


def html(runs: Runs, emulator: Emulator) -> str:
    """The pocket edition in both languages."""
    switch = "".join(
        f'<button type="button" data-to="{lang}" lang="{lang}" aria-pressed="false">{NAMES[lang]}</button>'
        for lang in LANGUAGES
    )
    mains = "".join(f'<main lang="{lang}">{_main(runs, emulator, lang)}</main>' for lang in LANGUAGES)
    units = ("persons", "share", "USD/month", "USD million")
    words = {
        lang: {
            "nothing": text("teach.pocket_nothing", lang),
            "amounts": {unit: _amount(unit, lang) for unit in units},
        }
        for lang in LANGUAGES
    }
    body = (
        f'<div class="switch">{switch}</div>\n{mains}\n'
        f'<script type="application/json" id="emulator">{_json(emulator.as_json())}</script>\n'
        f'<script type="application/json" id="words">{_json(words)}</script>'
    )
    style = pieces.asset("pack.css") + pieces.asset("pocket.css")
    return page(text("teach.pocket_title", LANGUAGES[0]), LANGUAGES[0], style, body, pieces.asset("pocket.js"))


def _amount(unit: str, lang: str) -> str:
    if unit == "share":
        return catalogue(lang)["teach.points"]
    return catalogue(lang).get(f"amounts.{unit}") or "{n} " + text(f"units.{unit}", lang)


def _main(runs: Runs, emulator: Emulator, lang: str) -> str:
    def words(key: str, **values: object) -> str:
        return escape(text(f"teach.pocket_{key}", lang, **values))

    cards = "".join(_future(runs, name, PALETTE[i], lang) for i, name in enumerate(FUTURES))
    levers = ""
    for name, (low, high) in LEVERS.items():
        step = STEPS.get(name, 0.05)
        levers += (
            f'<div class="lever"><label>{escape(label(name, lang))}: <output></output>'
            f'<input type="range" data-lever="{name}" min="{low:g}" max="{high:g}" step="{step:g}"></label></div>'
        )
    rows = "".join(
        f'<tr data-output="{name}"><th scope="row">{escape(label(name, lang))}</th><td class="effect"></td>'
        f"<td>± {escape(_told_error(error, name, lang))}</td></tr>"
        for name, error in emulator.errors.items()
    )
    heads = f"<th></th><th>{words('effect')}</th><th>{escape(text('teach.budget_error', lang))}</th>"
    return (
        f"<h1>{words('title')}</h1><p>{words('intro')}</p>"
        f'<p class="pending">{escape(text("app.khmer_pending", lang))}</p>'
        f'<p class="disclaimer">{escape(text("app.disclaimer", lang))}</p>'
        f'<h2>{words("futures")}</h2><p class="note">{words("futures_note", n=len(runs.plan.pairs))}</p>{cards}'
        f'<h2>{words("levers")}</h2><p class="note">{words("levers_note", runs=emulator.runs)}</p>{levers}'
        f'<p>{escape(label("public_cost", lang))}: <span class="spent"></span></p>'
        f'<table class="effects"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
        f'<p class="note">{words("made", runs=runs.number, version=__version__)}</p>'
    )


def _told_error(error: float, name: str, lang: str) -> str:
    unit = unit_of(name)
    return text("teach.points", lang, n=number(100 * error, digits=1)) if unit == "share" else number(error, unit, lang)


def _future(runs: Runs, name: str, tint: str, lang: str) -> str:
    """A future: its numbers in the last year with their spread, and the way of its jobs."""
    last = runs.years[-1], runs.years[-1]
    facts = ""
    for indicator in ROWS:
        ours = runs.window(runs.values[name], indicator, "all", last)
        found = compared(ours, runs.window(runs.values["baseline"], indicator, "all", last), unit_of(indicator))
        facts += f"<dt>{pieces.row_head(indicator, 'all', found, lang)}</dt><dd>{pieces.level_cell(found)}</dd>"
    return (
        f'<article class="future" style="--tint:{tint}"><h3>{escape(title(name, lang))}</h3>'
        f"{_jobs(runs, name, tint, lang)}<dl>{facts}</dl></article>"
    )


def _jobs(runs: Runs, name: str, tint: str, lang: str) -> str:
    """Jobs by year: the line is the median, the band holds the middle 80% of the runs."""
    everyone = np.stack([runs.values[future] for future in FUTURES])
    place = COLUMNS.index(("employment", "all"))
    top = float(everyone[..., place].max())
    _, (low, middle, high) = spread(runs.values[name][:, :, place])
    x = np.linspace(_SIDE, _WIDE - _SIDE, len(middle))

    def points(values: Any) -> list[str]:
        return [f"{a:.1f},{_HIGH - _SIDE - v / top * (_HIGH - 2 * _SIDE):.1f}" for a, v in zip(x, values, strict=True)]

    found = compared(runs.values[name][:, -1:, place][:, 0], runs.values["baseline"][:, -1, place], "persons")
    said = f"{label('employment', lang)}, {runs.years[0]}–{runs.years[-1]}: {found.words(lang)['level']}"
    band = " ".join([*points(low), *reversed(points(high))])
    return (
        f'<svg viewBox="0 0 {_WIDE} {_HIGH}" role="img" aria-label="{escape(said)}">'
        f'<polygon points="{band}" fill="{tint}" opacity=".22"/>'
        f'<polyline points="{" ".join(points(middle))}" fill="none" stroke="{tint}" stroke-width="2.5"/>'
        f'<line x1="0" x2="{_WIDE}" y1="{_HIGH - 1}" y2="{_HIGH - 1}" stroke="#525b66"/></svg>'
        f'<div class="band">{escape(label("employment", lang))}, {runs.years[0]}–{runs.years[-1]}</div>'
    )


def floor_page(recording: Mapping[str, Any]) -> str:
    """The factory floor alone, in both languages."""
    switch = "".join(
        f'<button type="button" data-to="{lang}" lang="{lang}" aria-pressed="false">{NAMES[lang]}</button>'
        for lang in LANGUAGES
    )
    notes = "".join(
        f'<div data-note="{lang}" lang="{lang}"><p>{escape(text("teach.floor_help", lang))}</p>'
        f'<p class="pending">{escape(text("app.khmer_pending", lang))}</p>'
        f'<p class="disclaimer">{escape(text("app.disclaimer", lang))}</p></div>'
        for lang in LANGUAGES
    )
    words = {lang: pieces.floor_words(lang) for lang in LANGUAGES}
    script = f"{pieces.asset('floor.js')}\n{_FLOOR_SWITCH}"
    body = (
        f'<div class="switch">{switch}</div><div class="floor"></div>{notes}'
        f'<script type="application/json" id="floor">{_json(pieces.floor_data(recording))}</script>'
        f'<script type="application/json" id="words">{_json(words)}</script>'
    )
    style = pieces.asset("pack.css") + pieces.asset("floor.css") + "body { max-width: 90rem; }"
    return page(text("teach.part_floor", LANGUAGES[0]), LANGUAGES[0], style, body, script)


_FLOOR_SWITCH = """
(function () {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const data = read("floor"), words = read("words"), place = document.querySelector(".floor");
  let stop = null;
  function show(lang) {
    if (stop) stop();
    document.documentElement.lang = place.lang = lang;
    for (const note of document.querySelectorAll("[data-note]")) note.hidden = note.dataset.note !== lang;
    for (const button of document.querySelectorAll("[data-to]"))
      button.setAttribute("aria-pressed", String(button.dataset.to === lang));
    stop = garmentFloor(place, data, words[lang]);
  }
  for (const button of document.querySelectorAll("[data-to]"))
    button.addEventListener("click", () => show(button.dataset.to));
  show("en");
})();
"""


def _json(content: Any) -> str:
    """JSON that cannot end the element it stands in."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")

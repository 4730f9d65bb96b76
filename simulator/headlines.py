"""What a trial comes to, as HTML: cards of the headline figures and the list of what was tried."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import isfinite

from simulator import tables as html
from simulator.drawing import amount, heading, scaled, short
from simulator.indicators import INDICATORS
from simulator.levers import told
from simulator.outcome import HEADLINES, Figure, Outcome
from simulator.parameters import SHOCKS
from simulator.record import Record, agree, badge
from simulator.texts import MISSING, label, number, text
from simulator.trial import NOTHING, Trial, preset

STYLE = """
.heads { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 215px), 1fr)); gap: .6rem; }
.head { padding: .5rem .75rem .4rem; border: 1px solid #d5dae0; border-radius: 6px; background: #fff; }
.head h3 { margin: 0; padding: 0 !important; font-size: .98rem !important; font-weight: 400; line-height: 1.5; }
.head p { margin: 0; font-size: .92rem; }
.head .value { font-size: 1.3rem; font-weight: 700; line-height: 1.5; }
.head .difference { font-weight: 700; }
.head .quiet { color: #3d4752; }
.head details { font-size: .9rem; }
.head summary { min-height: 1.8rem; cursor: pointer; }
.head small.badge { display: inline-block; padding: 0 .4rem; border-radius: 3px; background: #eceff2; color: #3d4752; }
.head small.badge.tested { background: #e0f2ea; color: #00513d; }
.head small.badge.partly_tested { background: #fdf0d0; color: #6b4a00; }
.stale { opacity: .5; }
"""


def cards(outcome: Outcome, lang: str, record: Record) -> str:
    """A card a headline figure: value, band, difference, and how far it may be trusted."""
    year = outcome.tables.years[1]
    reference = outcome.against.title(outcome.against.baseline, lang)
    made = []
    for name, figure in outcome.figures.items():
        parts = [f'<p class="value">{escape(amount(figure.value, name, lang))}</p>']
        if outcome.pairs:
            parts.append(_line("try.card_band", "quiet", lang, **_ends(figure.low, figure.high, name, lang)))
        else:
            parts.append(_line("try.card_band_pending", "quiet", lang))
        if outcome.compared:
            parts += _difference(figure, name, reference, outcome.pairs, lang)
        if record.judged is not None:
            share = figure.sign_share if outcome.compared and outcome.pairs else None
            found = badge(name, record, share)
            mark = f'<small class="badge {found.level}">{escape(found.name(lang))}</small>'
            parts.append(f"<details><summary>{mark}</summary><p>{escape(found.reason(lang))}</p></details>")
        title = escape(f"{label(name, lang)}, {year}")
        made.append(f'<article class="head"><h3>{title}</h3>{"".join(parts)}</article>')
    about = f'data-of="{outcome.digest[:6]}" data-pairs="{outcome.pairs}"'
    return f'<div class="heads" lang="{lang}" {about}>{"".join(made)}</div>'


def brief(outcome: Outcome, lang: str, earlier: bool) -> str:
    """Jobs and exports in one line, for who looks at the levers."""
    year = outcome.tables.years[1]
    parts = []
    for name in HEADLINES:
        if name in ("employment", "exports"):
            figure = outcome.figures[name]
            told_ = html.band(figure.value, figure.low, figure.high, name)
            told_ = told_ if outcome.pairs else told_.partition(" ")[0]
            parts.append(f"<span>{escape(f'{label(name, lang)}, {year}: {told_} {heading(name, lang)}')}</span>")
    return f'<p class="brief{" stale" if earlier else ""}" lang="{lang}">{"".join(parts)}</p>'


def _difference(figure: Figure, name: str, reference: str, pairs: int, lang: str) -> list[str]:
    kind = INDICATORS[name].unit
    if not isfinite(figure.difference):
        return []
    told_ = number(figure.difference, kind, lang, signed=True)
    points = kind in ("share", "share/year")  # per cent less per cent are no per cent
    if points:
        told_ = text("try.points", lang, n=short(figure.difference / scaled(name), signed=True))
    lines = [_line("try.card_difference", "difference", lang, difference=told_, reference=reference)]
    if not pairs:
        return lines
    ends = _ends(figure.difference_low, figure.difference_high, name, lang, signed=True)
    ends |= {"unit": ""} if points else {}
    lines.append(_line("try.card_difference_band", "quiet", lang, **ends))
    if figure.sign_share > 0 and not agree(figure.sign_share):
        share = {"n": round(figure.sign_share * figure.n), "total": figure.n}
        lines.append(_line("try.card_cannot_tell", "quiet", lang, **share))
    return lines


def _ends(low: float, high: float, name: str, lang: str, *, signed: bool = False) -> dict[str, str]:
    """Both ends of a band in the unit of the chart's axis, and that unit."""
    ends = (short(value / scaled(name), signed=signed) for value in (low, high))
    return dict(zip(("low", "high", "unit"), (*ends, heading(name, lang)), strict=True))


def _line(key: str, kind: str, lang: str, **values: object) -> str:
    return f'<p class="{kind}">{escape(text(key, lang, **values).strip())}</p>'


def changes(trial: Trial, lang: str) -> list[str]:
    """What a trial changes, a line each."""
    lines = [f"{label(name, lang)}: {told(name, steps, lang)}" for name, steps in trial.settings.items()]
    return [*lines, label(SHOCKS, lang)] if trial.events is not None else lines


def base_title(base: str, lang: str) -> str:
    """The title of what a trial starts from."""
    if base == NOTHING:
        return text("try.base_none", lang)
    titles = preset(base).title
    return titles.get(lang) or titles["en"]


def trials(tried: Sequence[tuple[Trial, dict[str, Figure]]], lang: str, year: int) -> str:
    """The list of what was tried with its headline figures, to compare."""
    kinds = [name for name in HEADLINES if name in ("employment", "exports", "real_wage", "public_cost")]
    heads = [
        text("try.history_what", lang),
        *(f"{label(name, lang)}, {year} ({heading(name, lang)})" for name in kinds),
    ]
    bodies = []
    for count, (trial, found) in enumerate(tried, start=1):
        told_ = "; ".join(changes(trial, lang)) or text("try.history_unchanged", lang)
        title = f"{count}. {base_title(trial.base, lang)}"
        cells = [_cell(found.get(name), name) for name in kinds]
        bodies.append([[escape(title)], [escape(told_), *cells]])
    return html.grouped(heads, bodies, lang, text("try.history_table", lang), "stack")


def _cell(figure: Figure | None, name: str) -> str:
    if figure is None:
        return MISSING
    if figure.n == 1:
        return escape(html.band(figure.value, figure.low, figure.high, name).partition(" ")[0])
    return escape(html.band(figure.value, figure.low, figure.high, name))

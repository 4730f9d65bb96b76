"""The page of evidence: fit, the test on kept-out years, targets and sources, assumptions, where the model misses.

Made from the record alone, as HTML for the report and the app; every text is escaped. An indicator's name with a
group in brackets, ``exports[goods=garments]``, is a part of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from simulator.analysis.criteria import CANNOT_TELL, FAIL, PASS
from simulator.analysis.holdout import FIRST, KEPT_OUT, LAST, LAST_FITTED, SERIES
from simulator.analysis.looks import looks
from simulator.drawing import (
    INK,
    PALETTE,
    PAPER,
    QUIET,
    Spec,
    amount,
    axis,
    dot,
    drawing,
    flat_title,
    heading,
    layer,
    round_top,
    scaled,
    short,
    ticks,
    tidy,
)
from simulator.indicators import INDICATORS
from simulator.parameters import PARAMETERS
from simulator.posterior import Posterior
from simulator.record import Record
from simulator.tables import grouped, plain
from simulator.texts import MISSING, catalogue, group, label, number, text

INFORMED = 0.2  # part by which the data must narrow a number to count as informative
TIED = 0.5  # correlation from which two numbers count as told only together
_MOST_TIED = 3
Row = Mapping[str, Any]


def pieces(record: Record, lang: str) -> dict[str, str]:
    """The parts of the page as HTML, by key of their heading; the first, ``intro``, has none."""
    judged = record.judged
    if judged is None:
        return {"intro": _notes(["empty"], lang)}
    about = text("evidence.made_by", lang, draws=len(judged), runs=number(judged.metadata["runs"]))
    intro = _notes(["intro", *(["stale"] if record.stale else [])], lang) + _note(about)
    found = {"intro": intro, "fit": _notes(["fit_help"], lang) + _fit(judged, lang)}
    if record.validation is None:
        found["holdout"] = _notes(["no_validation"], lang)
    else:
        found["holdout"] = _holdout(record, lang)
        found["events"] = "".join(_note(told) for told in _events(record, lang))
    found["targets"] = _notes(["targets_help"], lang) + _targets(judged, lang)
    found["assumptions"] = _list(_assumptions(judged, lang))
    found["misses"] = _list(_misses(record, judged, lang) or [text("evidence.misses_none", lang)])
    return {name: html for name, html in found.items() if html}


def charted(record: Record) -> tuple[str, ...]:
    """The series that have a chart."""
    return SERIES if record.judged is not None and record.judged.metadata["fit"] else ()


def finding(record: Record, series: str, lang: str) -> str:
    """What the chart of a series finds: the test on the kept-out years, or the fit where none was kept out."""
    score = record.score(series)
    if score is not None:
        told: str = score["text"][lang]
        return told
    rows = [row for row in _fitted_rows(record, series) if row["median"] is not None]
    errors = [abs(row["median"] / row["observed"] - 1) for row in rows]
    if not errors:
        return label(series, lang)
    words = {"n": len(errors), "error": number(sum(errors) / len(errors), "share", lang)}
    return text("evidence.fit_found", lang, series=label(series, lang), **words)


def source_keys(record: Record) -> set[str]:
    """Keys of the sources of everything that was fitted or judged by."""
    rows: list[Row] = list(record.judged.metadata["fit"]) if record.judged else []
    return {key for row in (*rows, *record.rows("holdout")) for key in row.get("sources", ())}


def name_of(target: str, lang: str) -> str:
    """What a target or series is called; its key where the catalogue has no name for it."""
    base, _, part = target.rstrip("]").partition("[")
    if base in INDICATORS:
        return f"{label(base, lang)}, {group(part, lang)}" if part else label(base, lang)
    return catalogue(lang).get(f"targets.{target}", target)


# ---- the parts


def _fit(judged: Posterior, lang: str) -> str:
    """How far off the model is for every target, and behind it every year."""
    heads = [text("app.name", lang), text("app.year", lang), text("evidence.mean_error", lang)]
    columns = [
        text("app.year", lang),
        *(text(key, lang) for key in ("app.observed", "evidence.model", "evidence.error")),
    ]
    rows, bodies = [], []
    for target, mine in _by_target(judged.metadata["fit"]).items():
        errors = [abs(row["median"] / row["observed"] - 1) for row in mine if row["median"] is not None]
        years = mine[0]["period"] if len(mine) == 1 else f"{mine[0]['period']}–{mine[-1]['period']}"
        mean = number(sum(errors) / len(errors), "share", lang) if errors else MISSING
        rows.append([name_of(target, lang), years, mean])
        body = [[escape(_titled(target, lang))]]
        for row in mine:
            seen = f"{_value(row['observed'], target)} ± {number(row['sd'], 'share', lang)}"
            body.append([_year(row), seen, _band(row, target, "p2_5", "p97_5"), _error(row["median"], row)])
        bodies.append(body)
    title, more = text("evidence.fit", lang), escape(text("app.show_table", lang))
    return (
        f'{plain(heads, rows, lang, title, "fit")}<details class="more"><summary>{more}</summary>'
        f"{grouped(columns, bodies, lang, title, 'fit')}</details>"
    )


def _holdout(record: Record, lang: str) -> str:
    """The kept-out years, who wins, and the scores of all forecasts."""
    heads = [text("app.year", lang), text("app.observed", lang), text("evidence.model", lang)]
    heads.append(text("evidence.best_naive", lang))
    bodies, verdicts, scores = [], [], []
    for score in record.rows("scores"):
        series, best = score["series"], score["best_benchmark"]["mape"]
        body = [[escape(_titled(series, lang))]]
        for row in record.rows("holdout"):
            if row["series"] != series:
                continue
            year = _year(row)
            if not row["scored"]:
                year += f' <span class="band">{escape(text("evidence.not_scored", lang))}</span>'
            ends = f"({_value(row['observed_low'], series)}–{_value(row['observed_high'], series)})"
            seen = f'{_value(row["observed"], series)} <span class="band">{ends}</span>'
            naive = row["benchmarks"][best]
            ours = f"{_band(row, series, 'p10', 'p90')} {_beside(_error(row['median'], row))}"
            body.append([year, seen, ours, f"{_value(naive, series)} {_beside(_error(naive, row))}"])
        bodies.append(body)
        verdicts.append(_note(f"{score['text'][lang]} {_coverage(score, lang)}"))
        body = [[escape(_titled(series, lang))]]
        for name, found in {"model": score["model"], **score["benchmarks"]}.items():
            told = text("evidence.model", lang) if name == "model" else text(f"benchmarks.{name}", lang)
            body.append([escape(told), number(found["mape"], "share", lang), _value(found["crps"], series)])
        scores.append(body)
    table = grouped(heads, bodies, lang, text("evidence.holdout", lang), "fit")
    heads = [text("evidence.forecast", lang), text("evidence.mean_error", lang), text("evidence.whole_score", lang)]
    compared = grouped(heads, scores, lang, text("evidence.scores", lang), "fit")
    log = looks()
    looked = text("evidence.looks", lang, n=len(log), date=max(look.date for look in log)) if log else ""
    return (
        f"{_notes(['holdout_help'], lang)}{''.join(verdicts)}{table}{_notes(['scores_help'], lang)}{compared}"
        f"{_note(looked) if looked else ''}"
    )


def _coverage(score: Row, lang: str) -> str:
    inside = {f"inside_{k}": round(score["model"][f"coverage_{k}"] * score["n"]) for k in (80, 95)}
    return text("evidence.coverage", lang, n=score["n"], **inside)


def _events(record: Record, lang: str) -> list[str]:
    told = []
    for row in record.rows("events"):
        names = {"median": "median", "p10": "low", "p90": "high", "low": "least", "high": "most"}
        words = {to: number(row[at], "share", lang, signed=True) for at, to in names.items()}
        words |= {"text": text(f"criteria.{row['id']}", lang), "verdict": _verdict(row["verdict"], lang)}
        told.append(text("evidence.event", lang, **words))
    return told


def _verdict(verdict: str, lang: str) -> str:
    return text(f"evidence.{verdict.replace(' ', '_')}", lang)


def _targets(judged: Posterior, lang: str) -> str:
    """Targets with what they are compared with and the keys of their sources."""
    told = []
    for target, rows in _by_target(judged.metadata["fit"]).items():
        keys = sorted({key for row in rows for key in row.get("sources", ())})
        periods = ", ".join(row["period"] for row in rows)
        cited = "".join(f" [{key}]" for key in keys)
        told.append(f"<dt>{escape(name_of(target, lang))}</dt><dd>{escape(periods)}{escape(cited)}</dd>")
    return f"<dl>{''.join(told)}</dl>"


def _assumptions(judged: Posterior, lang: str) -> list[str]:
    """Numbers without a source, numbers that the data inform, numbers that they do not."""
    about = judged.metadata
    free = [name for name in about["free"] if name in PARAMETERS]
    fitted = [name for name in free if PARAMETERS[name].kind == "fitted"]
    informed = [name for name in fitted if about["contraction"].get(name, 0.0) >= INFORMED]
    assumed = [p for p in PARAMETERS.values() if p.source == "assumption"]
    told = [
        text("evidence.assumed", lang, assumed=len(assumed), total=len(PARAMETERS)),
        text("evidence.informed", lang, fitted=len(fitted), informed=len(informed)),
    ]
    if unseen := len(free) - len(fitted):
        told.append(text("evidence.unseen", lang, n=unseen))
    if bounds := [label(name, lang) for name in about["at_bounds"] if name in PARAMETERS]:
        told.append(text("evidence.bounds", lang, names="; ".join(bounds)))
    tied = [pair for pair in about["correlations"] if abs(pair["r"]) >= TIED and {pair["a"], pair["b"]} <= set(free)]
    told += [text("evidence.tied", lang, a=label(p["a"], lang), b=label(p["b"], lang)) for p in tied[:_MOST_TIED]]
    return told


def _misses(record: Record, judged: Posterior, lang: str) -> list[str]:
    """Figures outside the model's band, series lost to a naive forecast, criteria that fail."""
    told = []
    for row in judged.metadata["fit"]:
        slack = row["sd"] * row["observed"]
        if row["median"] is not None and not row["p2_5"] - slack <= row["observed"] <= row["p97_5"] + slack:
            told.append(_miss(row["target"], row, lang))
    told += [_miss(r["series"], r, lang) for r in record.rows("holdout") if r["scored"] and not r["inside_95"]]
    told += [row["text"][lang] for row in record.rows("scores") if not all(row["model_wins"].values())]
    for part in ("statements", "patterns"):
        rows = record.rows(part)
        if rows:
            verdicts = [row["verdict"] for row in rows]
            count = {
                "passed": verdicts.count(PASS),
                "failed": verdicts.count(FAIL),
                "open": verdicts.count(CANNOT_TELL),
            }
            told.append(text(f"evidence.{part}", lang, total=len(rows), **count))
        for row in rows:
            if row["verdict"] == FAIL:
                words = {"id": row["id"], "text": text(f"criteria.{row['id']}", lang)}
                told.append(text("evidence.criterion_fails", lang, **words))
    return told


def _miss(target: str, row: Row, lang: str) -> str:
    words = {
        name: _value(row[at], target) for name, at in (("observed", "observed"), ("low", "p2_5"), ("high", "p97_5"))
    }
    return text("evidence.misses_figure", lang, name=_titled(target, lang), period=row["period"], **words)


# ---- words and numbers


def _by_target(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["target"], []).append(row)
    return found


def _titled(target: str, lang: str) -> str:
    """The name with its unit, where it has one."""
    base = target.partition("[")[0]
    unit = heading(base, lang) if base in INDICATORS else "%" if base.startswith("share_") else ""
    name = name_of(target, lang)
    return f"{name} ({unit})" if unit and unit.casefold() not in name.casefold() else name


def _value(value: float, target: str) -> str:
    """A value in the unit of its title."""
    base = target.partition("[")[0]
    return short(value / (scaled(base) if base in INDICATORS else 0.01 if base.startswith("share_") else 1.0))


def _band(row: Row, target: str, low: str, high: str) -> str:
    if row["median"] is None:
        return MISSING
    ends = f"({_value(row[low], target)}–{_value(row[high], target)})"
    return f'{_value(row["median"], target)} <span class="band">{ends}</span>'


def _error(value: float | None, row: Row) -> str:
    """By how much a value misses what was published, with its sign."""
    return MISSING if value is None else number(value / row["observed"] - 1, "share", signed=True)


def _beside(told: str) -> str:
    """Under the number on a narrow screen."""
    return f'<span class="band">{told}</span>'


def _year(row: Row) -> str:
    """A period that does not break."""
    return f'<span class="year">{escape(row["period"])}</span>'


def _notes(keys: Sequence[str], lang: str) -> str:
    return "".join(_note(text(f"evidence.{key}", lang)) for key in keys)


def _note(told: str) -> str:
    return f'<p class="note">{escape(told)}</p>'


def _list(told: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(one)}</li>' for one in told)}</ul>"


# ---- charts


def chart(record: Record, series: str, lang: str) -> Spec:
    """A series from 2012 on: published points, the model's line and band, the best naive forecast dashed."""
    divisor, tint = scaled(series), PALETTE[0]
    rows = [*_fitted_rows(record, series), *_kept_out_rows(record, series)]
    path = [
        {"year": row["year"]} | {n: tidy(row[n] / divisor) for n in ("median", "p2_5", "p97_5")}
        for row in rows if row["median"] is not None
    ]  # fmt: skip
    seen = [
        {"year": row["year"], "kept_out": row["kept_out"], "told": amount(row["observed"], series, lang)}
        | {n: tidy(row[n] / divisor) for n in ("observed", "low", "high")}
        for row in rows
    ]
    naive = [{"year": row["year"], "naive": tidy(row["naive"] / divisor)} for row in rows if row.get("naive")]
    if naive:
        last = max((row for row in seen if not row["kept_out"]), key=lambda row: row["year"], default=None)
        naive = [{"year": last["year"], "naive": last["observed"]}, *naive] if last else naive
    highest = [*(p["p97_5"] for p in path), *(p["high"] for p in seen), *(p["naive"] for p in naive)]
    top, steps = round_top(max(highest))
    fours = list(range(FIRST, LAST + 1, 4))
    x = axis("year", FIRST, LAST, title=None, grid=False, format="d", values=fours, labelOverlap=False)
    y = axis("median", 0, top, **flat_title(heading(series, lang)), **ticks(0, top, steps))
    tooltip = [
        {"field": "year", "title": text("app.year", lang), "format": "d"},
        {"field": "told", "title": text("app.observed", lang)},
    ]
    at = y | {"field": "observed"}
    layers = [
        layer(
            path, {"type": "area", "opacity": 0.18, "color": tint}, x=x, y=y | {"field": "p2_5"}, y2={"field": "p97_5"}
        ),
        layer(path, {"type": "line", "strokeWidth": 2.2, "color": tint}, x=x, y=y),
        layer(naive, {"type": "line", "strokeDash": [5, 4], "color": QUIET}, x=x, y=y | {"field": "naive"}),
        layer([{"year": LAST_FITTED + 0.5}], {"type": "rule", "color": QUIET, "strokeDash": [2, 3]}, x=x),
        layer(seen, {"type": "rule", "color": INK, "opacity": 0.5}, x=x, y=y | {"field": "low"}, y2={"field": "high"}),
        layer([p for p in seen if not p["kept_out"]], dot(42, fill=INK, stroke=INK), x=x, y=at, tooltip=tooltip),
        layer([p for p in seen if p["kept_out"]], dot(42, fill=PAPER, stroke=INK), x=x, y=at, tooltip=tooltip),
    ]
    return drawing(label(series, lang), lang, 240, layers)


def alternative(record: Record, series: str, lang: str) -> str:
    """What the chart shows, for those who cannot see it."""
    rows = [r for r in (*_fitted_rows(record, series), *_kept_out_rows(record, series)) if r["median"] is not None]
    if not rows:
        return label(series, lang)
    words = {"observed": amount(rows[-1]["observed"], series, lang), "model": amount(rows[-1]["median"], series, lang)}
    years = {"first": rows[0]["year"], "last": rows[-1]["year"]}
    return text("evidence.alt", lang, series=label(series, lang), **years, **words)


def _fitted_rows(record: Record, series: str) -> list[dict[str, Any]]:
    rows = record.judged.metadata["fit"] if record.judged else []
    return [
        {**row, "year": int(row["period"]), "kept_out": False}
        | {"low": row["observed"] * (1 - row["sd"]), "high": row["observed"] * (1 + row["sd"])}
        for row in rows
        if row["target"] == series and row["period"].isdigit() and int(row["period"]) not in KEPT_OUT
    ]


def _kept_out_rows(record: Record, series: str) -> list[dict[str, Any]]:
    score = record.score(series)
    best = score["best_benchmark"]["mape"] if score else ""
    return [
        {**row, "year": int(row["period"]), "kept_out": True, "naive": row["benchmarks"].get(best)}
        | {"low": row["observed_low"], "high": row["observed_high"]}
        for row in record.rows("holdout")
        if row["series"] == series
    ]

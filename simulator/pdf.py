"""A short report as PDF, on A4, in one language: set by Typst, which shapes Khmer and breaks its lines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from simulator import costs, findings_html, people, report_findings
from simulator.charts import CHARTS, LINES
from simulator.charts_people import gains, levers, trade_off
from simulator.data import observations
from simulator.drawing import Spec, Tables, heading
from simulator.findings_words import discovery_words, measure_name, optimum_words, sensitivity_words
from simulator.outlines import font_bytes
from simulator.provenance import Stamp, by_kind, facts, worth
from simulator.record import agree
from simulator.report import FONTS, LIMITS, PEOPLE, title_and_intro
from simulator.report_findings import Findings
from simulator.sentences import first_words, more_words, takeaway
from simulator.stills import still
from simulator.tables import RESULTS, band
from simulator.texts import MISSING, label, text

if TYPE_CHECKING:
    from simulator.compare import Comparison

_WIDE, _HALF = 820, 480  # pixels of a chart across the page, where lines are named at their ends, and of one of two
Part = dict[str, Any]


def pdf(comparison: Comparison, lang: str, stamp: Stamp | None = None, found: Findings | None = None) -> bytes:
    """The report in ``lang``, with stored findings if any. Equal comparisons, stamps and findings give equal files."""
    return typeset(document(comparison, lang, stamp or Stamp.now(), found))


def typeset(content: dict[str, Any]) -> bytes:
    """What :func:`document` gives, as PDF."""
    import typst

    when = datetime.fromisoformat(f"{content['date']}T00:00:00+00:00")
    with TemporaryDirectory(prefix="garment-sim-") as folder:
        for _, name, *_ in FONTS:
            (Path(folder) / f"{name}.ttf").write_bytes(font_bytes(name))
        made: bytes = typst.compile(
            Path(__file__).with_name("report.typ"),
            font_paths=[Path(folder)],
            ignore_system_fonts=True,
            sys_inputs={"data": json.dumps(content, ensure_ascii=False)},
            timestamp=int(when.timestamp()),
        )
    return made


def document(comparison: Comparison, lang: str, stamp: Stamp, found: Findings | None = None) -> dict[str, Any]:
    """What ``report.typ`` lays out, fit for JSON."""
    tables = Tables.of_comparison(comparison, observations())
    account, trade = costs.account(comparison), costs.trade_off(comparison)
    data = comparison.metadata
    foot = f"garment-sim {data['model']} ({data['code']}) · {data['data']} · {stamp.made_on}"
    return {
        "lang": lang,
        "title": text(title_and_intro(comparison)[0], lang),
        "date": stamp.made_on,
        "foot": foot,
        "worth": worth(comparison, lang),
        "facts": facts(comparison, lang, stamp),
        "sections": [
            {"title": text("report.main_results", lang), "parts": _results(comparison, tables, lang)},
            {"title": text("report.charts", lang), "parts": _charts(tables, lang)},
            {"title": text("take.people", lang), "parts": _people(tables, lang)},
            {"title": text("take.cost", lang), "parts": _cost(tables, account, trade, lang)},
            *([{"title": text("report.findings", lang), "parts": _findings(found, lang)}] if found else []),
            {"title": text("report.limits", lang), "parts": _limits(comparison, lang)},
            {"title": text("take.verify_title", lang), "parts": [_words(text("take.verify_help", lang))]},
        ],
    }


def _results(comparison: Comparison, tables: Tables, lang: str) -> list[Part]:
    parts: list[Part] = []
    for scenario in (comparison.baseline, *comparison.scenarios):
        told = first_words(tables, scenario.id, lang)
        told += [] if scenario.id == tables.baseline else more_words(tables, scenario.id, lang)
        parts += [{"kind": "heading", "words": tables.title(scenario.id, lang)}, _words(" ".join(told))]
    heads = [text(f"app.{name}", lang) for name in ("scenario", "median", "difference", "same_sign")]
    rows: list[list[str]] = []
    for indicator in RESULTS:
        rows.append([f"{label(indicator, lang)} ({heading(indicator, lang)})"])
        for scenario_id in tables.titles:
            row = tables.last(indicator, scenario_id)
            cells = [tables.title(scenario_id, lang), band(row.median, row.p10, row.p90, indicator)]
            if scenario_id == tables.baseline:
                cells += [MISSING, MISSING]
            else:
                ends = row.difference, row.difference_p10, row.difference_p90
                pairs = f"{round(row.sign_share * row.n)}/{row.n}" if row.sign_share > 0 else MISSING
                unsure = row.sign_share > 0 and not agree(row.sign_share)
                pairs += f" {text('badges.cannot_tell', lang)}" if unsure else ""
                cells += [band(*ends, indicator, signed=True), pairs]
            rows.append(cells)
    parts.append({"kind": "heading", "words": text("app.table_results", lang)})
    return [*parts, {"kind": "table", "table": {"heads": heads, "rows": rows}}]


def _charts(tables: Tables, lang: str) -> list[Part]:
    drawn = [_whole(CHARTS[name](tables, lang), takeaway(tables, name, lang)) for name in ("map", *LINES)]
    notes = [text("app.map_help", lang), text("app.map_thresholds", lang), text("app.map_note_contradiction", lang)]
    return [drawn[0], _note(" ".join(notes)), *drawn[1:]]


def _people(tables: Tables, lang: str) -> list[Part]:
    parts = [_note(text("people.intro", lang, year=tables.years[1])), _note(text("people.bands", lang))]
    for indicator in PEOPLE:
        found = people.parts(tables, indicator)
        drawn = [
            _chart(gains(tables, found, s, lang), people.finding(tables, mine, s, lang), _HALF)
            for s, mine in found.items()
        ]
        parts += [{"kind": "heading", "words": label(indicator, lang)}, {"kind": "pair", "charts": drawn}]
    return [*parts, _note(f"{text('people.wage_note', lang)} {text('people.composition_note', lang)}")]


def _cost(tables: Tables, account: costs.Account, trade: Any, lang: str) -> list[Part]:
    first, last = account.first, tables.years[1]
    parts = [_note(text("cost.intro", lang, first=first, last=last))]
    for scenario in tables.others:
        told = costs.told(costs.per_job(tables, scenario, account), tables, account, lang)
        parts += [{"kind": "heading", "words": tables.title(scenario, lang)}, _words(" ".join(told))]
    parts.append(_note(text("cost.job_note", lang)))
    spec, said = levers(tables, account, lang), costs.levers_title(tables, account, lang)
    parts += [_whole(spec, said), _note(text("cost.levers_help", lang))]
    goals = [(goal, costs.trade_found(trade, goal, lang)) for goal in costs.GOALS]
    drawn = [_whole(trade_off(tables, trade, goal, lang, title), title) for goal, title in goals]
    return [*parts, *drawn, _note(text("cost.trade_help", lang, last=last))]


def _findings(found: Findings, lang: str) -> list[Part]:
    specs = report_findings.charts(found, lang)

    def drawn(start: str, said: str) -> list[Part]:
        charts = [_chart(spec, said, _HALF) for name, spec in specs.items() if name.startswith(start)]
        return [{"kind": "pair", "charts": charts}] if charts else []

    def part(head: str, said: list[str], start: str, made: str) -> list[Part]:
        whole = " ".join(said)
        return [
            {"kind": "heading", "words": head},
            _words(whole),
            *drawn(start, whole),
            *([_note(made)] if made else []),
        ]

    def origin(about: Mapping[str, Any], key: str, **counted: Any) -> str:
        return findings_html.origin(about, lang, text(f"why.{key}", lang, **counted))

    parts = [_note(text("report.findings_help", lang))]
    for i, one in enumerate(found.explanations):
        parts += part(report_findings.why(one, lang), [one.text[lang]], f"explain_{i}_", "")
    if (depends := found.sensitivity) is not None:
        said = [
            " ".join([f"{measure_name(name, lang)}.", *sensitivity_words(depends, name, lang)])
            for name in depends.about["asked"]["indicators"]
        ]
        made = origin(depends.about, "runs_made", runs=depends.about["runs"])
        parts += part(text("why.sensitivity_title", lang), said, "sensitivity_", made)
    for i, each in enumerate(found.discoveries):
        made = origin(each.about, "worlds_made", n=each.about["worlds"])
        parts += part(report_findings.which(each, lang), discovery_words(each, lang), f"box_{i}_", made)
    if (best := found.optimum) is not None:
        made = origin(best.about, "runs_made", runs=best.about["runs"])
        parts += part(text("cost.curve_title", lang), optimum_words(best, lang), "optimum_", made)
    return parts


def _limits(comparison: Comparison, lang: str) -> list[Part]:
    keys = [by_kind("report.limits_calibration", comparison), *(f"report.limits_{name}" for name in LIMITS)]
    return [{"kind": "list", "items": [text(key, lang) for key in keys]}]


def _chart(spec: Spec, said: str, width: int) -> dict[str, str]:
    return {"svg": still(spec, width), "said": said}


def _whole(spec: Spec, said: str) -> Part:
    return {"kind": "chart", "chart": _chart(spec, said, _WIDE)}


def _words(words: str) -> Part:
    return {"kind": "words", "words": words}


def _note(words: str) -> Part:
    return {"kind": "note", "words": words}

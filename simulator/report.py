"""One stand-alone page about a comparison: question, results with their spread, people, cost, words, sources.

The file holds its fonts, charts and data and asks nothing of the network, so it can be sent by mail, opened from a
stick, and printed on A4. It is read by people who never saw the app.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from html import escape
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import pandas as pd

from simulator import costs, evidence, people, report_findings
from simulator import tables as html
from simulator.charts import CHARTS, LINES
from simulator.charts_people import gains, levers, trade_off
from simulator.compare import COST_PER_JOB
from simulator.data import observations, sources
from simulator.drawing import Spec, Tables, colours, legend, observed, swatch
from simulator.parameters import PARAMETERS
from simulator.paths import shipped
from simulator.provenance import Stamp, about, band_note, by_kind, facts
from simulator.record import Record, load_record
from simulator.report_findings import Findings
from simulator.results import InputError, records, write_together
from simulator.scenario import scenario_ids
from simulator.sentences import first_words, more_words, takeaway
from simulator.texts import LANGUAGES, glossary, label, text

if TYPE_CHECKING:
    from simulator.compare import Comparison
    from simulator.scenario import Scenario

Parts = Mapping[str, Mapping[str, Sequence[people.Part]]]  # by indicator and scenario
NAMES = {"en": "English", "km": "ខ្មែរ"}
GRIDS = ("employment", "exports", "value_added", "skilled_jobs")
VEGA_LITE = "6.4"
PEOPLE = ("employment", "mean_wage", "displaced")
HEADS = {"people": "take.people", "cost": "take.cost"}  # texts of sections that a page has too
LIMITS = ("costs", "exit", "effects", "thresholds", "world")
FONTS = (
    ("Noto Sans", "NotoSans-Regular", 400, ""),
    ("Noto Sans", "NotoSans-Bold", 700, ""),
    ("Noto Sans", "NotoSansMath-Regular", 400, "U+2190-21FF, U+2200-22FF, U+25A0-25FF"),
    ("Noto Sans Khmer", "NotoSansKhmer-Regular", 400, "U+1780-17FF, U+19E0-19FF, U+200B-200D, U+25CC"),
    ("Noto Sans Khmer", "NotoSansKhmer-Bold", 700, "U+1780-17FF, U+19E0-19FF, U+200B-200D, U+25CC"),
)
# Even a fault in this file cannot send a request: the browser is told so. Charts are compiled in the browser.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval'"
POLICY += "; font-src data:; img-src data:"
SCRIPT = """
const charts = JSON.parse(document.getElementById("charts").textContent);
const stored = document.getElementById("findings");
const more = stored ? JSON.parse(stored.textContent) : {};
const drawings = (lang) => ({ ...more[lang], ...charts[lang] });
const mains = [...document.querySelectorAll("main")];
const buttons = [...document.querySelectorAll("[data-to]")];
async function draw(lang) {
  for (const place of document.querySelectorAll(`main[lang="${lang}"] [data-chart]:empty`))
    await vegaEmbed(place, drawings(lang)[place.dataset.chart], { renderer: "svg", actions: false });
}
async function show(lang) {
  document.documentElement.lang = lang;
  for (const main of mains) main.hidden = main.lang !== lang;
  for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.to === lang));
  await draw(lang);
}
for (const button of buttons) button.addEventListener("click", () => show(button.dataset.to));
document.fonts.ready.then(() => show(mains[0].lang)).then(() => { document.body.dataset.drawn = "yes"; });
"""


def write_report(
    comparison: Comparison, path: str | Path, lang: str = "both", findings: Findings | None = None
) -> Path:
    """Write the report in ``en``, ``km`` or both with a switch; whoever reads meanwhile sees all of it or nothing.

    ``findings`` are stored ones to take along: ``simulator.report_findings.stored(comparison, Store())``. Raises
    ValueError for another language and OSError where the file cannot be written.
    """
    page = report_html(comparison, lang, findings=findings)
    write_together({Path(path): lambda temporary: _write(temporary, page)})
    return Path(path)


def _write(path: Path, page: str) -> None:
    path.write_text(page, encoding="utf-8")


def report_html(
    comparison: Comparison, lang: str = "both", stamp: Stamp | None = None, findings: Findings | None = None
) -> str:
    """The report as one HTML document, with a section on stored findings if any. Raises ValueError for a language
    there is not.

    It holds what it was made of and its numbers in full, by which ``simulator.verify`` checks it.
    """
    if lang not in (*LANGUAGES, "both"):
        raise ValueError(f"language {lang!r} is not one of {', '.join(LANGUAGES)}, both")
    langs = LANGUAGES if lang == "both" else (lang,)
    stamp = stamp or Stamp.now()
    tables = Tables.of_comparison(comparison, observations())
    spent, trade = costs.account(comparison), costs.trade_off(comparison)
    found = {name: people.parts(tables, name) for name in PEOPLE}
    record, damage = _record()
    charts = {one: {name: CHARTS[name](tables, one) for name in _charts(tables)} for one in langs}
    for one in langs:
        charts[one] |= {f"evidence_{name}": evidence.chart(record, name, one) for name in evidence.charted(record)}
        charts[one] |= _more_charts(tables, found, spent, trade, one)
    switch = "".join(
        f'<button type="button" data-to="{one}" lang="{one}" aria-pressed="false">{NAMES[one]}</button>'
        for one in langs
    )
    styles = f"{font_faces()}\n{shared_style()}\n{_style()}"
    mains = ""
    for one in langs:
        inside = _main(comparison, tables, found, spent, trade, one, record, damage, stamp, findings)
        mains += f'<main lang="{one}">{inside}</main>'
    title, _ = title_and_intro(comparison)
    more = ""
    if findings:
        drawn = _json({one: report_findings.charts(findings, one) for one in langs})
        more = report_findings.marked(f'<script type="application/json" id="findings">{drawn}</script>\n')
    itself = about(comparison, stamp) | {"lang": lang}
    return (
        f'<!doctype html>\n<html lang="{langs[0]}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(text(title, langs[0]))}</title>\n<style>{styles}</style>\n</head>\n<body>\n"
        f'<div class="switch">{switch if len(langs) > 1 else ""}</div>\n{mains}\n'
        f'<script type="application/json" id="about">{_json(itself)}</script>\n'
        f'<script type="application/json" id="numbers">{_json(numbers(comparison))}</script>\n'
        f'<script type="application/json" id="charts">{_json(charts)}</script>\n{more}'
        f"<script>{_vega()}</script>\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
    )


def title_and_intro(comparison: Comparison) -> tuple[str, str]:
    """The texts for the four named futures, or for another choice of scenarios."""
    named = [name for name in scenario_ids() if name not in ("baseline", "calibrated")]
    if comparison.baseline.id == "baseline" and [s.id for s in comparison.scenarios] == named:
        return "report.title", "app.intro"
    return "report.title_other", "report.intro_other"


def _charts(tables: Tables) -> list[str]:
    """Charts in the order of the page; a comparison may be without a grid."""
    found = set(tables.grid["indicator"]) if len(tables.grid) else set()
    return ["map", *LINES, *(f"grid_{name}" for name in GRIDS if name in found)]


def _everyone(comparison: Comparison) -> tuple[Scenario, ...]:
    return (comparison.baseline, *comparison.scenarios)


def _record() -> tuple[Record, str]:
    """The record, and what is wrong with it: a damaged file costs the report its evidence and nothing else."""
    try:
        return load_record(), ""
    except InputError as error:
        return Record(), str(error)


def numbers(comparison: Comparison) -> dict[str, Any]:
    """The numbers behind what is shown, in full: tables by name, each with its columns and rows."""
    shown = comparison.summary
    last = shown["period"] == comparison.years[-1]
    whole = shown["indicator"].isin({*LINES, *html.RESULTS, COST_PER_JOB}) & (shown["group"] == "all")
    split = shown["group"].astype(str).str.partition("=")[0].isin(people.SPLITS)
    groups = last & shown["indicator"].isin(tuple(people.MEASURES)) & split
    grid, spent = comparison.grid, costs.account(comparison)
    found = {
        "summary": shown[whole | groups],
        "grid": grid[grid["indicator"].isin(GRIDS)],
        "account": spent.sums,
        "trade_off": costs.trade_off(comparison),
    }
    return {
        name: {"columns": list(table.columns), "rows": [list(row.values()) for row in records(table)]}
        for name, table in found.items()
    }


def _more_charts(tables: Tables, found: Parts, spent: costs.Account, trade: pd.DataFrame, lang: str) -> dict[str, Spec]:
    """Charts of people and money by name."""
    made = {f"people_{name}_{s}": gains(tables, parts, s, lang) for name, parts in found.items() for s in parts}
    made["cost_levers"] = levers(tables, spent, lang)
    for goal in costs.GOALS:
        title = costs.trade_found(trade, goal, lang)
        made[f"cost_{'_'.join(goal)}"] = trade_off(tables, trade, goal, lang, title)
    return made


def _people(tables: Tables, found: Parts, lang: str) -> str:
    """Who gains and who loses, by indicator."""
    parts = [f'<p class="note">{escape(text("people.intro", lang, year=tables.years[1]))}</p>']
    for name, groups in found.items():
        figures = "".join(
            _plain_figure(f"people_{name}_{s}", people.finding(tables, mine, s, lang)) for s, mine in groups.items()
        )
        behind = html.folded(people.table(tables, groups, lang), lang)
        cards = people.cards(tables, groups, lang)
        parts.append(f'<h3>{escape(label(name, lang))}</h3>{cards}<div class="pair">{figures}</div>{behind}')
    notes = " ".join(text(f"people.{key}", lang) for key in ("bands", "wage_note", "composition_note"))
    return "".join(parts) + f'<p class="note">{escape(notes)}</p>'


def _cost(tables: Tables, spent: costs.Account, trade: pd.DataFrame, lang: str) -> str:
    """What it costs, by lever and per job, and what goes with it."""
    first, last = spent.first, tables.years[1]
    figures = "".join(
        _plain_figure(f"cost_{'_'.join(goal)}", costs.trade_found(trade, goal, lang)) for goal in costs.GOALS
    )
    tables_ = "".join(costs.trade_table(tables, trade, goal, lang) for goal in costs.GOALS)
    return (
        f'<p class="note">{escape(text("cost.intro", lang, first=first, last=last))}</p>'
        f"{costs.cards(tables, spent, lang)}"
        f'<p class="note">{escape(text("cost.job_note", lang))}</p>'
        f"{_plain_figure('cost_levers', costs.levers_title(tables, spent, lang))}"
        f'<p class="note">{escape(text("cost.levers_help", lang))}</p>'
        f"{costs.lever_table(tables, spent, lang)}"
        f'<p class="note">{escape(text("cost.revenue_help", lang))}</p>'
        f'<h3>{escape(text("cost.trade", lang))}</h3><div class="pair">{figures}</div>'
        f'<p class="note">{escape(text("cost.trade_help", lang, last=last))}</p>{html.folded(tables_, lang)}'
    )


def _plain_figure(chart: str, said: str) -> str:
    """A figure whose title says what it shows, so that nothing stands under it."""
    kind = chart.partition("_")[0]
    drawn = f'<div data-chart="{chart}" role="img" aria-label="{escape(said)}"></div>'
    return f'<figure class="{kind}">{drawn}</figure>'


def _main(
    comparison: Comparison,
    tables: Tables,
    found: Parts,
    spent: costs.Account,
    trade: pd.DataFrame,
    lang: str,
    record: Record,
    damage: str,
    stamp: Stamp,
    findings: Findings | None,
) -> str:
    def words(key: str, **values: object) -> str:
        return escape(text(key, lang, **values))

    title, intro = title_and_intro(comparison)
    lines = "".join(_figure(tables, name, lang) for name in LINES)
    grids = "".join(_figure(tables, name, lang) for name in _charts(tables) if name.startswith("grid_"))
    contradiction = f"{words('report.contradiction')} {words('app.map_note_reading')}"
    failures = "".join(f"<li>{escape(str(failure))}</li>" for failure in comparison.failures)
    failed = f"<p>{words('app.progress_failed')}</p><ul>{failures}</ul>" if failures else ""
    terms = "".join(f"<dt>{escape(term)}</dt><dd>{escape(meaning)}</dd>" for term, meaning in glossary(lang).values())
    sections = {
        "question": f"<p>{words(intro)}</p><dl>{questions(_everyone(comparison), lang)}</dl>",
        "what_compared": _list(facts(comparison, lang, stamp)),
        "main_results": f"{cards(comparison, tables, lang)}{failed}"
        f"{html.results(tables, lang, record)}{html.badges(lang, record)}"
        f'<p class="note">{words(by_kind("report.spread_note", comparison))}</p>',
        "charts": f"{legend(tables, lang)}{_figure(tables, 'map', lang)}"
        f'<p class="note">{words("app.map_help")} {words("app.map_thresholds")}</p>'
        f'<p class="note box">{contradiction}</p><div class="pair">{lines}</div>'
        f'<p class="note">{escape(band_note(comparison, lang))} {words("report.observed_note")}</p>',
        "policy_world": f'<p class="note">{words("app.grid_help")}</p><div class="pair">{grids}</div>',
        "people": _people(tables, found, lang),
        "cost": _cost(tables, spent, trade, lang),
        "findings": report_findings.section(findings, lang) if findings else "",
        "differs": f'<p class="note">{words("app.inputs_help")}</p>{html.inputs(comparison, tables, lang)}',
        "evidence": _evidence(record, damage, lang),
        "words": f"<dl>{terms}</dl>",
        "limits": f"<p>{words('app.disclaimer')}</p><ul>{limits(comparison, lang)}</ul>",
        "sources": f"<ul>{source_list(comparison, tables, record)}</ul>",
        "reproduce": _reproduce(comparison, lang, stamp),
    }
    contents = body = ""
    for name, inside in sections.items():
        if not inside:
            continue
        head = words(HEADS.get(name, f"report.{name}"))
        apart = report_findings.marked if name == "findings" else str
        contents += apart(f'<li><a href="#{lang}-{name}">{head}</a></li>')
        body += apart(f'<section id="{lang}-{name}"><h2>{head}</h2>{inside}</section>')
    return (
        f"<h1>{words(title)}</h1><p>{words('app.subtitle')}</p>"
        f'<p class="pending">{words("app.khmer_pending")}</p>'
        f'<p class="disclaimer">{words("app.disclaimer")}</p>'
        f'<nav aria-label="{words("report.contents")}"><h2>{words("report.contents")}</h2><ul>{contents}</ul></nav>'
        f"{body}"
    )


def cards(comparison: Comparison, tables: Tables, lang: str, ask: bool = False) -> str:
    """What the results say of each scenario, the baseline first; with ``ask`` under the scenario's question."""
    tints = colours(tables)
    made = []
    for scenario in _everyone(comparison):
        title = f"{swatch(tables, scenario.id)} {escape(tables.title(scenario.id, lang))}"
        asked = scenario.question.get(lang) or scenario.question.get("en", "")
        told = f'<p class="ask">{escape(asked)}</p>' if ask else ""
        told += "".join(f"<p>{escape(s)}</p>" for s in first_words(tables, scenario.id, lang))
        if scenario.id != tables.baseline:
            more = "".join(f"<p>{escape(s)}</p>" for s in more_words(tables, scenario.id, lang))
            told += f"<details><summary>{escape(text('app.show_more', lang))}</summary>{more}</details>"
        made.append(f'<article class="card" style="--tint:{tints[scenario.id]}"><h3>{title}</h3>{told}</article>')
    return f'<div class="cards" lang="{lang}">{"".join(made)}</div>'


def observed_help(comparison: Comparison, lang: str) -> str:
    """What the points in the charts are to the model."""
    return text(by_kind("app.observed_help", comparison), lang)


def limits(comparison: Comparison | None, lang: str) -> str:
    """What the model cannot tell, as items of a list."""
    keys = [by_kind("report.limits_calibration", comparison), *(f"report.limits_{name}" for name in LIMITS)]
    return "".join(f"<li>{escape(text(key, lang))}</li>" for key in keys)


def _evidence(record: Record, damage: str, lang: str) -> str:
    """The section of evidence, its charts after its first words."""
    if damage:
        return f'<p class="note">{escape(text("evidence.damaged", lang))}</p><p><small>{escape(damage)}</small></p>'
    parts = []
    for name, inside in evidence.pieces(record, lang).items():
        parts.append(inside if name == "intro" else f"<h3>{escape(text(f'evidence.{name}', lang))}</h3>{inside}")
        if name == "intro" and (names := evidence.charted(record)):
            about = f"{text('evidence.chart_help', lang)} {text('evidence.band', lang)}"
            figures = "".join(
                f'<figure class="lines"><p><strong>{escape(evidence.finding(record, series, lang))}</strong></p>'
                f'<div data-chart="evidence_{series}" role="img" aria-label="{said}"></div>'
                f"<figcaption>{said}</figcaption></figure>"
                for series in names
                if (said := escape(evidence.alternative(record, series, lang)))
            )
            parts.append(f'<p class="note">{escape(about)}</p><div class="pair">{figures}</div>')
    return "".join(parts)


def _figure(tables: Tables, chart: str, lang: str) -> str:
    said = escape(takeaway(tables, chart, lang))
    return (
        f'<figure class="{chart.partition("_")[0]}"><div data-chart="{chart}" role="img" aria-label="{said}"></div>'
        f"<figcaption>{said}</figcaption>{html.folded(html.behind(tables, chart, lang), lang)}</figure>"
    )


def questions(scenarios: Iterable[Scenario], lang: str) -> str:
    """Terms and descriptions: each scenario and what it asks; halves of the policy and world grid are left out."""
    told = ((s, escape(s.question.get(lang) or s.question.get("en", ""))) for s in scenarios if "@" not in s.id)
    return "".join(f"<dt>{escape(s.title.get(lang) or s.id)}</dt><dd>{asked}</dd>" for s, asked in told)


def _list(rows: Iterable[tuple[str, str]]) -> str:
    inside = "".join(f"<dt>{escape(head)}</dt><dd>{escape(told)}</dd>" for head, told in rows)
    return f'<dl class="facts">{inside}</dl>'


def _reproduce(comparison: Comparison, lang: str, stamp: Stamp) -> str:
    data = comparison.metadata
    shipped_ids = scenario_ids()
    names = [quote(s.id if s.id in shipped_ids else f"{s.id}.yaml") for s in _everyone(comparison)]
    command = f"garment-sim compare {' '.join(names[1:])} --baseline {names[0]}"
    command += f" --draws {len(data['draws']) if data['posterior'] else 0} --seeds {len(data['seeds'])}"
    command += f" --people-per-agent {data['people_per_agent']} --until {data['until']} --out out"
    texts = "".join(
        f"<details><summary>{escape(s.id)}.yaml</summary><pre>{escape(s.text)}</pre></details>"
        for s in _everyone(comparison)
    )
    tools = f"python {stamp.python}, numpy {stamp.numpy}, mesa {stamp.mesa}"
    return (
        f"<p>{escape(text('report.command', lang))}</p><pre>{escape(command)}</pre>"
        f"<p>{escape(text('take.verify_help', lang))}</p><pre>garment-sim verify report.html</pre>"
        f"<p><small>{escape(tools)}</small></p><h3>{escape(text('report.scenario_files', lang))}</h3>{texts}"
    )


def source_list(comparison: Comparison, tables: Tables, record: Record | None = None) -> str:
    """Citations of the figures shown: of the scenarios, of the numbers they change, of published points."""
    keys = {key for scenario in _everyone(comparison) for key in scenario.sources}
    keys |= {PARAMETERS[name].source for name in comparison.inputs["name"] if name in PARAMETERS}
    keys |= {point["source"] for name in LINES for point in observed(tables, name)}
    keys |= evidence.source_keys(record) if record is not None else set()
    return citations(sorted(keys & set(sources())))


def citations(keys: Iterable[str]) -> str:
    """Sources in full, as items of a list."""
    known = sources()
    return "".join(
        f"<li><strong>{escape(key)}</strong> {escape(known[key].citation)}. {escape(known[key].address)}</li>"
        for key in keys
    )


# ---- what the file carries


def font_faces() -> str:
    """The shipped fonts as rules that hold them."""
    rules: list[str] = []
    for family, name, weight, letters in FONTS:
        content = base64.b64encode((shipped("fonts") / f"{name}.woff2").read_bytes()).decode()
        only = f";unicode-range:{letters}" if letters else ""
        source = f"url(data:font/woff2;base64,{content}) format('woff2')"
        rules.append(f"@font-face{{font-family:'{family}';font-weight:{weight};src:{source}{only}}}")
    return "\n".join(rules)


def shared_style() -> str:
    """What the app and the report look alike by."""
    return Path(__file__).with_name("page.css").read_text(encoding="utf-8")


def _style() -> str:
    return Path(__file__).with_name("report.css").read_text(encoding="utf-8")


@cache
def _vega() -> str:
    """The chart library as one script."""
    from vl_convert import javascript_bundle

    bundle: Any = javascript_bundle  # its stub asks for an argument that has a default
    return str(bundle(vl_version=VEGA_LITE)).replace("</script", "<\\/script")


def _json(content: Any) -> str:
    """JSON that cannot end the element it stands in."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=_plain).replace("<", "\\u003c")


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else list(value) if isinstance(value, Iterable) else str(value)

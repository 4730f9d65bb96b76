"""The part of a report that rests on stored findings: why futures differ, what results depend on, what costs least.

Other commands made them; a report takes along those that were made with this version and of its own scenarios.
``garment-sim verify`` does not compute them anew, and says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from simulator import findings_html
from simulator import tables as html
from simulator.analysis.explaining import finding, indicator_name, when
from simulator.charts_analysis import CHARTS, parts
from simulator.charts_findings import box_chart, optimum_charts, sensitivity_chart
from simulator.data import digest
from simulator.drawing import Spec
from simulator.findings_words import (
    condition_words,
    discovery_words,
    future_name,
    measure_name,
    optimum_words,
    sensitivity_words,
)
from simulator.store import Store
from simulator.texts import text

if TYPE_CHECKING:
    from simulator.analysis.discover import Discovery
    from simulator.analysis.explained import Explanation
    from simulator.analysis.optimise import Optimum
    from simulator.analysis.sensitivity import Sensitivity
    from simulator.compare import Comparison

MOST = 6  # explanations in one report
_BEGIN, _END = "<!--findings-->", "<!--/findings-->"
# What may be set apart, and nothing else: a line of the contents, the section, its charts.
_PIECES = (
    r'<li><a href="#[a-z]+-findings">[^<]*</a></li>',
    r'<section id="[a-z]+-findings">(?:(?!</?section|<script).)*</section>',
    r'<script type="application/json" id="findings">[^<]*</script>\n',
)
_MARKED = re.compile(f"{re.escape(_BEGIN)}(?:{'|'.join(_PIECES)}){re.escape(_END)}", re.DOTALL)


@dataclass(frozen=True, eq=False)
class Findings:
    """What is stored of each kind; nothing where nothing is."""

    explanations: tuple[Explanation, ...] = ()
    sensitivity: Sensitivity | None = None
    discoveries: tuple[Discovery, ...] = ()
    optimum: Optimum | None = None

    def __bool__(self) -> bool:
        return bool(self.explanations or self.sensitivity or self.discoveries or self.optimum)


def stored(comparison: Comparison, store: Store) -> Findings:
    """Explanations of pairs of the comparison's scenarios, and the newest other findings, all of this version."""

    def newest(kind: str, read: Any) -> Iterator[Any]:
        for folder, _ in findings_html.stored(kind, store):
            found = read(folder)
            if found is not None and not findings_html.stale(found.about):
                yield found

    discoveries: dict[str, Discovery] = {}
    for one in newest("discover", findings_html.discovery):
        discoveries.setdefault(one.about["asked"]["future"], one)
    return Findings(
        tuple(_explanations(comparison, store)),
        next(newest("sensitivity", findings_html.sensitivity), None),
        tuple(discoveries.values()),
        next(newest("optimise", findings_html.optimum), None),
    )


def _explanations(comparison: Comparison, store: Store) -> list[Explanation]:
    """For each question the one with the most pairs of runs, in the order of the comparison's scenarios."""
    digests = {s.id: s.digest for s in (comparison.baseline, *comparison.scenarios)}
    order = list(digests)
    best: dict[tuple[str, ...], Explanation] = {}
    current = store.current()
    for (path, *_), made in store.answers():
        if path.parent != store.explanations or made != current:
            continue
        found = findings_html.explanation(path)
        about = {} if found is None else found.metadata
        known = about.get("scenarios")
        if found is None or about.get("data") != digest() or not isinstance(known, dict):
            continue
        if any(digests.get(name) != mark for name, mark in known.items()):
            continue
        question = (about["a"], about["b"], found.asked, found.period, about["split"])
        before = best.get(question)
        if before is None or before.difference["n"] < found.difference["n"]:
            best[question] = found
    ordered = sorted(best, key=lambda asked: (order.index(asked[1]), order.index(asked[0]), *asked[2:]))
    return [best[asked] for asked in ordered[:MOST]]


# ---- as HTML and charts


def charts(found: Findings, lang: str) -> dict[str, Spec]:
    """Charts by the names under which :func:`section` has places for them."""
    made: dict[str, Spec] = {}
    for i, one in enumerate(found.explanations):
        made |= {f"explain_{i}_{name}": CHARTS[name](one, lang) for name in CHARTS if parts(one, name, lang)}
    if found.sensitivity is not None:
        for i, name in enumerate(found.sensitivity.about["asked"]["indicators"]):
            made[f"sensitivity_{i}"] = sensitivity_chart(found.sensitivity, lang, name)
    for i, each in enumerate(found.discoveries):
        made |= {f"box_{i}_{box}": box_chart(each, lang, box) for box in findings_html.boxes(each)}
    if found.optimum is not None:
        made |= {f"optimum_{name}": spec for name, spec in optimum_charts(found.optimum, lang).items()}
    return made


def section(found: Findings, lang: str) -> str:
    """The whole section without its heading."""
    told = [_note(text("report.findings_help", lang))]
    told += [_explained(i, one, lang) for i, one in enumerate(found.explanations)]
    if found.sensitivity is not None:
        told.append(_depends(found.sensitivity, lang))
    told += [_discovered(i, one, lang) for i, one in enumerate(found.discoveries)]
    if found.optimum is not None:
        told.append(_cheapest(found.optimum, lang))
    return "".join(told)


def why(one: Explanation, lang: str) -> str:
    """What an explanation explains."""
    words = {"indicator": indicator_name(one, lang), "when": when(one.period, lang)}
    return text("report.findings_why", lang, a=one.title("a", lang), b=one.title("b", lang), **words)


def which(one: Discovery, lang: str) -> str:
    """What a discovery looks for."""
    return f"{text('why.discover_title', lang)} {future_name(one.about['asked']['future'], lang)}"


def marked(inside: str) -> str:
    """Set apart from what a check of the report computes anew."""
    return f"{_BEGIN}{inside}{_END}"


def unmarked(page: str) -> str:
    """A report without what was set apart."""
    return _MARKED.sub("", page)


def _explained(i: int, one: Explanation, lang: str) -> str:
    names = [name for name in CHARTS if parts(one, name, lang)]
    figures = "".join(_figure(f"explain_{i}_{name}", finding(one, name, lang)) for name in names)
    behind = "".join(findings_html.explanation_table(one, name, lang) for name in names)
    drawn = f'<div class="pair">{figures}</div>{html.folded(behind, lang)}'
    return f"<h3>{escape(why(one, lang))}</h3><p>{escape(one.text[lang])}</p>{drawn}"


def _depends(one: Sensitivity, lang: str) -> str:
    told = [f"<h3>{escape(text('why.sensitivity_title', lang))}</h3>"]
    figures = behind = ""
    for i, name in enumerate(one.about["asked"]["indicators"]):
        said = sensitivity_words(one, name, lang)
        told.append(f"<p><strong>{escape(measure_name(name, lang))}.</strong> {escape(' '.join(said))}</p>")
        figures += _figure(f"sensitivity_{i}", " ".join(said), caption=False)
        behind += findings_html.indices_table(one, name, lang)
    key = text(f"why.key_{one.method}", lang)
    made = findings_html.origin(one.about, lang, text("why.runs_made", lang, runs=one.about["runs"]))
    return f'{"".join(told)}<div class="pair">{figures}</div>{_note(key)}{html.folded(behind, lang)}{_note(made)}'


def _discovered(i: int, one: Discovery, lang: str) -> str:
    said = discovery_words(one, lang)
    figures = behind = ""
    for box in findings_html.boxes(one):
        rows = one.boxes[one.boxes["box"] == box].to_dict("records")
        figures += _figure(f"box_{i}_{box}", " ".join(f"{condition_words(row, lang)}." for row in rows))
        behind += findings_html.box_table(one, box, lang)
    made = findings_html.origin(one.about, lang, text("why.worlds_made", lang, n=one.about["worlds"]))
    drawn = f'<div class="pair">{figures}</div>{html.folded(behind, lang)}' if figures else ""
    return f"<h3>{escape(which(one, lang))}</h3><p>{escape(' '.join(said))}</p>{drawn}{_note(made)}"


def _cheapest(one: Optimum, lang: str) -> str:
    told = "".join(f"<p>{escape(words)}</p>" for words in optimum_words(one, lang))
    first = optimum_words(one, lang)[0]
    figures = "".join(_figure(f"optimum_{name}", first, caption=False) for name in optimum_charts(one, lang))
    behind = html.folded(findings_html.mixes_table(one, lang), lang)
    made = _note(findings_html.origin(one.about, lang, text("why.runs_made", lang, runs=one.about["runs"])))
    return f'<h3>{escape(text("cost.curve_title", lang))}</h3>{told}<div class="pair">{figures}</div>{behind}{made}'


def _figure(chart: str, said: str, caption: bool = True) -> str:
    under = f"<figcaption>{escape(said)}</figcaption>" if caption else ""
    drawn = f'<div data-chart="{chart}" role="img" aria-label="{escape(said)}"></div>'
    return f'<figure class="findings">{drawn}{under}</figure>'


def _note(told: str) -> str:
    return f'<p class="note">{escape(told)}</p>'

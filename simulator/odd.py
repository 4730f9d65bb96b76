"""ODD.md, the description of the model, made from the code: ``python -m simulator.odd`` writes it.

Tables come from the registries, the schedule and the columns; submodels from docstrings. Only what code cannot
say (purpose, choices, conflicts, findings) is written here.
"""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from simulator import data, state
from simulator.accounts import USES
from simulator.indicators import DIMENSIONS, INDICATORS
from simulator.parameters import PARAMETERS
from simulator.schedule import QUARTER

SUBJECTS = ("wages", "production", "orders", "automation", "hiring", "workers", "closure", "government")

PURPOSE = """\
# ODD: the garment-sector scenario simulator

This page is generated from the code by `python -m simulator.odd`; a test keeps the two equal. It follows the ODD
protocol (2020) with ODD+D for decisions. Every number without a source is marked *assumption*.

## 1. Purpose and patterns

The model explores how wage policy, machine prices, skills, energy, finance and market access jointly decide which
of four futures Cambodia's garment, footwear and travel-goods sector drifts into by 2040: *status quo*, *no garment
sector*, *transition*, *high tech with high skills* (source `seed`), and what each policy lever costs. It is a
conditional projection under stated assumptions, not a forecast.

Patterns it is meant to show, and will be judged by when it is calibrated: exports that doubled from 2012 to 2019
while the minimum wage nearly tripled; a squeeze of margins; 6-14 % of factories leaving each year and as many
coming; 15-30 % of workers changing each year; about 80 % women; machines first in factories tied to large buyers
and in cutting before sewing; buyers' shares that move slowly.

### The four futures, and a contradiction in their source

The 2019 paper describes the futures twice. Its prose puts *no garment sector* where wages are high and automation
and schooling are **lacking**, and *high tech with high skills* where automation is **high**. Its figure puts the two
the other way round. The prose is consistent with the rest of the paper, so the model follows the prose. One reading
reconciles them: in *no garment sector* the automation that is high happens abroad; therefore both automation in
Cambodia and automation abroad are reported.

The map's axes are continuous. Labour cost: operator cost at constant export prices, 2024 = 1. Automation: the part
of automatable work done by machines, weighted by output. Closeness to each future is soft, and two labels beyond
the four are needed: *costly survivor* (high cost, few machines, exports kept) and *forced automation* (high cost,
many machines, without the gain in skills and value added). The baseline itself ends as a costly survivor.
"""

CONCEPTS = """\
## 4. Design concepts

| concept | in the model |
|---|---|
| Basic principles | tasks (stages) that machines take from operators; threshold diffusion with unequal hurdles; discrete choice of origins with slow adjustment; cost-plus prices in the long run, squeezed in the short run |
| Emergence | automation, closures, jobs, wages of the skilled, market share; no scenario sets its own ending, and nothing in the code knows a scenario's name |
| Adaptation and objectives | factories compare a step's saving with its charge; buyers compare landed cost; workers compare pay with the outside wage and their taste |
| Learning and prediction | factories extrapolate wage growth for a few years; new factories learn; no other foresight |
| Sensing | factories know their own books, the coverage of technicians in their goods and tier, and the automation of their tier; buyers know the suppliers they have and a few candidates |
| Interaction | contracts between buyers and factories; one labour market; peers in automation; rivals abroad and makers near the market |
| Stochasticity | every random number is a function of seed, process, step and row, so scenarios with one seed share their luck |
| Collectives | cells of goods and tier; households only as receivers of remittances |
| Observation | the indicators below, once a step |

Decisions (ODD+D): no agent optimises over time. Adoption follows a hurdle with noise (`automate`), sourcing a logit
with partial adjustment (`choose_origins`), quitting and accepting jobs a threshold on relative pay (`quit_jobs`,
`hire`), leaving a hazard that rises as margins fall (`leave`). Their forms are conventional; none is estimated on
Cambodian decisions.
"""

DEVIATIONS = """\
## 8. Where the model leaves its design, and why

| design | model | reason |
|---|---|---|
| orders along links in proportion to capacity times score | in proportion to score alone | links are drawn in proportion to free capacity already; both together make orders grow with the square of capacity and leave a few giants (seen: half the factories below 50 % use by 2035) |
| coverage of a factory = coverage of its cell times its own fill | its own coverage pulled towards the cell's, the cell's towards the sector's (`shrunk`) | the product counts a shortage twice, and a factory that needs ten technicians has either none or fifty where an agent stands for fifty people |
| output limited by staff | by the people needed times the share of posts filled, and 10 % longer hours | posts are whole agents; without it small factories fail only because an agent stands for many people |
| margin from the ledger | from the ledger without pay that stems from rounding to agents | the same; the ledger itself is untouched, and at one person an agent both agree |
| layoffs whenever staff exceeds posts | beyond those who would quit within the quarter anyway | factories do not pay for dismissals that attrition brings; without it layoffs depend on people per agent |
| layoffs by machines: score plus Gumbel noise, the lowest go | minus Gumbel noise | only then are the risks of going in the proportions 1.5, 1.1 and 1.2 that the source states; with plus they depend on how few go |
| wage growth, nominal | real, over the export unit value | all other terms of the adoption rule are real |
| mean capacity of 5.1 million USD in 2012 | 5.8 | at the prices of 2012 the sector's orders need more; 5.1 refuses a tenth of them |
| acceptance of jobs by pay, taste and age | with a liking for the sector and men's better pay outside | without them the sector is short of people in 2012 and has 65 % women, against about 80 % seen |
| loans repaid over eight years | an eighth of what is left each year | no vintages of loans are kept |
| profit margin as reported | before write-offs of factories that close | closures write off plant worth 3 % of sales a year, which says nothing about those that stay |
| near-market makers among destinations of moving factories | only rival countries | owners move plants to where sewing is done |
| displaced: all laid off and not back at work | without those in a course, who are counted apart | states of people exclude each other (first identity) |
| own-brand demand at home | in ASEAN only | there is no home market in the model |
"""

FINDINGS = """\
## 10. What the model cannot tell yet

- It is **not calibrated**. `scenarios/calibrated.yaml` was set by hand and a coarse search against 2012-2019; nothing
  from 2020 on was used. Bands show luck alone; the uncertainty about parameters is larger, 10-40 % by the design's
  feasibility study, and comes with the calibration.
- `garment-sim validate` judges the model by thresholds fixed before any run; several fail. *Status quo* gains more
  jobs than it should, *no garment sector* keeps more exports, *transition* stays below the threshold of automation,
  technicians' pay does not pull away in *high tech* because training outruns demand for them, staff change too often
  and grow too old (no hazard brings older workers home), and the EU answers to a lost preference too slowly. None was
  tuned away.
- Two signs that theory suggests do not show. More automation does not lower women's share of jobs (it rises by a few
  tenths of a point: with fewer posts open, hiring that favours women outweighs their greater risk of displacement). And
  in a crisis as many factories leave whether 8 or 40 % of new ones are Cambodian: those stay longer, but others leave
  in their place, and their owners borrow dearer and have fewer brand links.
- At a hundred people an agent and above, automation in the high-tech scenarios falls short by up to a twentieth,
  because a few agents are too coarse a count of technicians; at fifty and below results agree.
- The years 2012-2019 hold almost no automation, so machine costs, hurdles and noise are assumptions.
- Under the design's assumptions one more step of automation repays itself slowly (`payback`): the baseline automates
  little by 2040. Machine prices, energy use and the technicians machines need decide this, and all are assumptions.
- With the numbers of 0.1.0 *transition* ends just below the threshold of automation, so its label stays nearer to
  *status quo*, and *high tech with high skills* passes its thresholds for value added and skilled jobs by little.
  Thresholds are parameters; neither they nor lever values were moved to change a label.
- The years 2020-2024 were seen on the screen while the model was built. None of them entered a choice, but they are
  no longer a blind test.
- People in a public course count as *in training* and not as *displaced*: a large programme lowers the number
  displaced partly because people sit in courses.
- Total disappearance lies outside the assumed elasticities: *no garment sector* loses most jobs, not all exports.
- Travel goods grew from next to nothing to more than a billion dollars within three years; no tariff times an
  elasticity gives that. An access factor dated 2016 is fitted to it and is evidence for nothing else.
"""


def write(path: Path) -> None:
    """Write the description to ``path``."""
    path.write_text(render(), encoding="utf-8")


def render() -> str:
    """The whole description as Markdown."""
    parts = [
        PURPOSE,
        _entities(),
        _schedule(),
        CONCEPTS,
        _inputs(),
        _submodels(),
        DEVIATIONS,
        _conflicts(),
        FINDINGS,
    ]
    parts += [_parameters(), _indicators(), _identities()]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    head = tuple(head)
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _cell(value: object) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")


def _entities() -> str:
    out = ["## 2. Entities, state variables and scales\n"]
    out.append(
        "One step is a quarter (a month on request), from 2012 to 2040. Factories are one to one; a worker agent stands "
        "for `people_per_agent` people (50 by default, 1 for the whole sector); all people who would consider the sector "
        "are represented. Buyers choose among seven origins: Cambodia, five rivals and automated makers near the market.\n"
    )
    for table in (state.Factories, state.Workers, state.Buyers):
        out.append(f"### {table.__name__}\n\n{inspect.getdoc(table)}\n")
        rows = [(f"`{n}`", c.unit or "-", c.meaning, c.width or 1) for n, c in table.columns().items()]
        out.append(_table(("column", "unit", "meaning", "numbers"), rows))
    out.append(f"### Links\n\n{inspect.getdoc(state.Links)}\n")
    groups = [(d, ", ".join(values)) for d, values in DIMENSIONS.items()]
    out.append("### Groups\n\n" + _table(("dimension", "values"), groups))
    return "\n".join(out)


def _schedule() -> str:
    rows = [(i, f"`{p.name}`", _first(p.run), ", ".join(f"`{c}`" for c in p.changes)) for i, p in enumerate(QUARTER, 1)]
    head = ("", "process", "what happens", "may change")
    return "## 3. Process overview and scheduling\n\n" + _table(head, rows)


def _inputs() -> str:
    status = data.drivers().groupby("series", sort=False)
    rows = [
        (f"`{name}`", f"{f['period_start'].min():%Y}-{f['period_start'].max():%Y}", _count(f["status"]),
         int((f["interpolated"] == "yes").sum()))
        for name, f in status
    ]  # fmt: skip
    structure = data.structure().groupby("entity", sort=False)
    more = [(f"`{name}`", ", ".join(sorted(set(f["quantity"]))), _count(f["status"])) for name, f in structure]
    return (
        "## 5. Initialisation\n\n"
        + (inspect.getdoc(import_module("simulator.population").populate) or "")
        + " All draws are from the stream `opening`.\n\n## 6. Input data\n\n"
        + "Series in time (`data/drivers.csv`):\n\n"
        + _table(("series", "years", "status of rows", "interpolated rows"), rows)
        + "\nTables (`data/structure.csv`):\n\n"
        + _table(("of", "quantities", "status of rows"), more)
        + "\nDuties stand in `data/duties.csv` and `data/tariff_events.csv`, observations of the sector in "
        + "`data/observations.csv`, sources in `data/sources.csv`.\n"
    )


def _count(values: Iterable[str]) -> str:
    return ", ".join(f"{n} {k}" for k, n in Counter(values).most_common())


def _submodels() -> str:
    out = ["## 7. Submodels\n"]
    for subject in SUBJECTS:
        module = import_module(f"simulator.processes.{subject}")
        out.append(f"### {subject.capitalize()}\n\n{inspect.getdoc(module)}\n")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and not name.startswith("_"):
                out.append(f"**`{name}`**: {_prose(function)}\n")
    return "\n".join(out)


def _first(function: object) -> str:
    return (inspect.getdoc(function) or "").split("\n\n")[0].replace("\n", " ")


def _prose(function: object) -> str:
    """A docstring without its worked case, its formula as a display equation."""
    text = re.sub(r"\n+\s*>>>.*", "", inspect.getdoc(function) or "", flags=re.DOTALL)
    return re.sub(r"\.\. math:: ((?:.+\n?)+)", lambda m: "$$" + " ".join(m[1].split()) + "$$\n", text)


def _conflicts() -> str:
    frame = data.drivers()
    rows = [
        (f"`{r.series}` {r.key} {r.period_start:%Y}", f"{r.value:g}", f"{r.low:g} to {r.high:g}", r.source_id)
        for r in frame[frame["status"] == "conflict"].itertuples()
    ]
    head = ("series", "used", "range kept", "sources")
    note = "Where sources disagree the value used and the range of the others (`data/README.md` says why):\n\n"
    return "## 9. Conflicts among sources\n\n" + note + _table(head, rows)


def _parameters() -> str:
    rows = [
        (f"`{p.name}`", p.label, p.unit or "-", p.default if not isinstance(p.default, dict) else "path", p.low, p.high,
         p.kind, p.from_, f"*{p.source}*" if p.source == "assumption" else p.source, p.lag or "", p.cost or "")
        for p in PARAMETERS.values()
    ]  # fmt: skip
    head = (
        "name",
        "label",
        "unit",
        "default",
        "low",
        "high",
        "kind",
        "from",
        "source",
        "lag, years",
        "cost, M USD/year",
    )
    note = (
        "`cost` is what one unit above the default costs the public account a year; effects run in linearly over the lag, "
        "costs from the first day. `trade.eu_preference` is 1 to 2020Q2, 0.8 to 2032Q4, 0.2 after. `world.shocks` lists "
        "dated falls of demand and tariffs.\n\n"
    )
    return "## 11. Parameters\n\n" + note + _table(head, rows)


def _indicators() -> str:
    rows = [(f"`{i.name}`", i.meaning, i.unit, i.over_year, ", ".join(i.groups)) for i in INDICATORS.values()]
    return "## 12. Indicators\n\n" + _table(("name", "meaning", "unit", "over a year", "split by"), rows)


def _identities() -> str:
    uses = ", ".join(name.replace("_", " ") for name in USES)
    return (
        "## 13. Identities\n\nChecked in every quarter of every shipped scenario:\n\n"
        "- people: employed, displaced, in training and outside add up to the labour force; head counts of factories add up "
        "to employment; hires less quits, layoffs, closures and retirements are its change (exact)\n"
        "- orders: each buyer's shares add to one; orders over origins are its demand; Cambodian orders are shipped or "
        "diverted; shipments are revenue (1e-9)\n"
        f"- money: revenue less uses ({uses}) is profit, and profit explains the change of cash, book value and loans; "
        "wages posted are wages paid (1e-9)\n"
        "- public account: each payment is posted at both ends (1e-9)\n"
        "- the nine terms of the change of employment add up to it (1e-6 persons)\n"
        "- the same seed gives the same bytes; no lever changes 2012-2024\n"
    )


if __name__ == "__main__":
    write(Path(__file__).resolve().parent.parent / "ODD.md")

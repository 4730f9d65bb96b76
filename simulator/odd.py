"""ODD.md, the description of the model, made from the code: ``python -m simulator.odd`` writes it.

Tables come from the registries, the schedule, the columns and the data; submodels from docstrings, in the order of the
schedule, each helper under the process that first calls it. Only what code cannot say (purpose, concepts, choices,
conflicts, findings) is written here.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from simulator import accounts, census, data, observe, population, state, streams, world
from simulator.accounts import OTHER, USES
from simulator.fingerprint import model_digest
from simulator.indicators import DIMENSIONS, INDICATORS
from simulator.model import GarmentModel
from simulator.parameters import PARAMETERS, Parameter
from simulator.processes.orders import Orders, _Offer
from simulator.results import records
from simulator.schedule import QUARTER
from simulator.state import ORIGINS

LUCK = ("uniform", "normal", "gumbel", "exponential", "generator", "key")  # a key: uniform, in a compiled loop
OF_MODEL = ("installed", "ceilings", "step_costs", "automation_by_tier", "rival_index", "fob", "landed_by_goods")
METHODS: dict[str, Any] = {
    **{name: getattr(GarmentModel, name) for name in OF_MODEL},
    "ship": Orders.ship,
    "score": _Offer.score,
    "search": _Offer.search,
}

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
| Adaptation | factories change price, posts, machines and capacity, or go; buyers change shares and suppliers; workers quit, look and accept; technicians settle elsewhere |
| Objectives | factories compare a step's saving with its charge; buyers compare landed cost, and suppliers by score; workers compare pay with the outside wage and their taste |
| Learning | new factories learn to work well, and the sector slowly becomes more efficient; no agent changes its rule of decision |
| Prediction | factories expect orders as they smoothed them and, in reviews of machines, wage growth to go on for `automation.foresight` years; no other foresight |
| Sensing | factories know their own books, the coverage of technicians in their goods and tier, and the automation of their tier; buyers know the suppliers they have and a few candidates; nobody errs about what they know |
| Interaction | contracts between buyers and factories; one labour market; peers in automation; rivals abroad and makers near the market |
| Stochasticity | every random number is a function of seed, process, step, label and row, so scenarios with one seed share their luck |
| Collectives | cells of goods and tier; households only as receivers of income and remittances |
| Observation | the indicators of section 12, once a step; lessons show medians over ten paired draws of means of 2036 to 2040, and a quadratic fitted to 64 runs where a group sets five levers of training itself, with the error of runs it has not seen |

### Decisions (ODD+D)

**Theory and evidence.** Adoption is a threshold on discounted saving with unequal hurdles and noise; sourcing a logit with
partial adjustment; quitting and accepting jobs thresholds on relative pay; leaving a hazard that rises as margins fall;
entry a rate that rises with margins and pressure of orders. These forms are conventional. None is estimated on Cambodian
decisions; numbers come from the registry (section 11), where each says whether it has a source or is an *assumption*.

**Individual decision-making.** No agent optimises over time, and none foresees policy. Decisions are made at four
levels: buyers, factories, people, and those who would found a factory (not agents, a queue by goods). Within a process
all decide at once on what they saw before it. Government is no agent: the scenario sets its levers.

| who decides what | knows | wants | chooses by | assumed |
|---|---|---|---|---|
| buyer: where to spend (`choose_origins`) | landed cost and appeal of seven origins | cheap, near, compliant origins with appeal | logit with its own elasticity, then part of the way a step | *assumption*: appeal is fixed by the shares of 2012 but for trends and events; capacity shortages teach nothing |
| buyer: which factories (`review_links`) | price, compliance, automation of its suppliers and of `sourcing.candidates` others; years linked | a better score | the best of those seen, with noise; rarely | *assumption*: weights of the score; candidates met in proportion to free capacity; large buyers shy of Cambodian owners |
| factory: price (`set_quotes`) | its unit cost, the reference price | cost with the usual markup | a fixed mix of both | *assumption*: no factory prices by its own order book |
| factory: staff (`plan_staff`, `lay_off`, `hire`) | its smoothed orders, efficiency, machines | staff that makes planned output | heads needed, nothing else | *assumption*: no hoarding beyond a quarter's usual leavers; no bargaining over pay |
| factory: raising operators (`raise_operators`) | its open posts, scarcity of technicians | technicians | a share of fit operators that grows with scarcity | *assumption*: costless and at once |
| factory: machines (`automate`) | its cost, cash, margin, own coverage of technicians, wage growth, peers' automation, its buyers | a saving above charge and hurdle | the best stage, if affordable, with noise | *assumption*: one step a review; no second-hand sale; machine and hurdle numbers |
| factory: capacity (`adjust_capacity`) | its smoothed use and margin | usual use of capacity | growth in proportion to the gap, within limits | *assumption*: growth is financed whatever it costs |
| factory: staying (`leave`) | its smoothed margin; if foreign with plants elsewhere, landed cost of rivals | a usual margin | a hazard; movers choose by a logit | *assumption*: debts are no reason by themselves; Cambodian owners never move |
| founder: entering (`enter`) | the sector's margin, orders over capacity | margin and orders | a Poisson rate, after a queue for papers | *assumption*: entrants copy incumbents' automation |
| worker: quitting (`quit_jobs`) | own pay, outside wage, own tenure | better relative pay | a hazard | *assumption*: who quits leaves for outside, not for another factory |
| person: looking and accepting (`choose`) | pay of the job, outside wage, own taste, age, schooling | pay above dislike | looks at a hazard, accepts by a threshold | *assumption*: no choice among factories; skilled people take skilled jobs only |
| factories together: whom to hire (`choose`) | who accepted; displaced or not; gender | - | displaced first, then a weighted draw | *assumption*: one common queue; preference for women as operators |
| displaced person: other work, a course (`find_other_work`, `start_courses`) | - | work | hazards; seats by priority and lot | *assumption*: everybody offered a seat takes it |

**Learning** of decision rules, **norms** beyond the pull of peers in automation, and **space** beyond origins and markets
are left out. **Time**: buyers look back to their present shares, factories over `production.smoothing` years; only a
review of machines looks ahead. **Uncertainty** enters decisions as noise (`automation.noise`, `sourcing.score_noise`) and
as hurdles above the cost of capital.

**Heterogeneity.** Rules are the same for all of a kind; agents differ in state and in fixed traits. Factories: goods, tier,
owner, plants elsewhere, compliance, hurdle, size, efficiency, age, machines, money. Tier sets interest, exit, learning and
size. Buyers: market, goods, size, elasticity, weights of lead time and compliance. People: gender, age, schooling, skill,
taste, ability, overtime, migrant or not. Traits are drawn independently of each other where `describe`, `open_buyers` and
`come_of_age` do not say otherwise (*assumption*).

**Individual sensing** costs nothing and has no error. **Interaction** of people goes through the common labour market only;
of factories through buyers, workers, the mean automation of their tier and the reference price.

### Symbols and conventions

| sign | meaning |
|---|---|
| dt | length of a step in years, 1/4 (1/12 on request) |
| UV | export unit value, 2015 = 1: turns 2015 USD of product into nominal USD |
| hazard h | a yearly rate: the event happens in a step with chance 1 - exp(-h dt), if a uniform number is below it |
| smoothed over T | x moves by (1 - exp(-dt / T)) (new - x) each step |
| share of, over | part / whole, 0 where the whole is not above 0 unless said otherwise |
| f, b, o, j, k | factory, buyer, origin, stage, job (0 operator, 1 technician, 2 engineer) |
| a, installed | automation of a stage; sum over stages of weight × automation |
| omega, rho | weight of a stage; operators it saves at full automation |
| c_te, c_en | coverage of technicians, of engineers |
| E, L_15 | efficiency, 1 on average in 2012; operators for a million USD a year |
| K, u | capacity, million USD of 2015 a year; use of it |
| c, q, ref | unit cost, price asked, reference price: USD per USD of 2015 of product |
| mu, m | markup aimed at; smoothed margin |
| C, A, S, eta | landed cost, appeal, share, elasticity |
| w, W | wage a month, nominal; yearly cost of a head, 2015 USD |
| P_R, p_e | price of robots, real; electricity price, nominal |
| sigma(x) | 1 / (1 + exp(-x)) |
| [x] | 1 if x, else 0 |
| N, G, u | normal, Gumbel, uniform number |

- Numbers in code type with a dot are entries of the registry (section 11); `tier exit_factor` is a quantity of section 6.
- A draw from shares takes the first category whose cumulated share reaches a uniform number.
- A number of the registry is what is felt in the step. A change of a lever runs in linearly over its lag: its part after n
  steps is (n + 1/2) dt / lag, at most 1. Only the public account reads settings without lag (`govern`), and the world's
  series do for levers without lag. *From 2025 on* means steps from 2025Q1.
- Posts, staff and seats are counted in agents; "people per agent" turns them into persons.
- Of equals the lower row comes first, unless said otherwise. Sums over nothing are 0.
- *assumption* beside a number or rule means that no source was found for it. Constants of the code without that word are
  definitions.
"""

ECONOMY = {
    "operator_wage": "operators' mean earnings, USD/month",
    "wages": "the same by job",
    "wage_growth": "growth of operators' real wage, 1/year, smoothed",
    "tightness": "premium for a tight labour market, share",
    "unfilled": "operators' posts left open, share",
    "scarcity": "technicians, engineers needed over those there are",
    "coverage": "coverage by cell (goods × 3 + tier) and technicians, engineers",
    "coverage_all": "the same of the sector",
    "long_run": "long-run factor l of the reference price, log",
    "reference": "reference price, USD per USD of 2015",
    "reference_constant": "constant k of the reference price, log",
    "premium": "premium for full service, share of price",
    "chain_before": "upgrading in the step before",
    "upper_secondary": "upper secondary among those who come of age, share; set from `education entrant_share`",
    "mean_margin": "sector's margin, weighted by revenue",
    "gained_appeal": "factor on each origin's appeal from factories that moved there",
    "balance": "public balance so far, million USD",
    "entry_queue": "factories waiting for papers, by goods",
}

CARRIED = (
    ("links, their scores", "`review_links`", "`allocate_orders`, `ship`; links also the next `review_links`"),
    ("landed cost by buyer and origin", "`choose_origins`", "`leave`"),
    ("orders by link and buyer", "`allocate_orders`", "`produce` (`ship`), `enter`"),
    ("sales of each origin a year; market share", "`produce` (`ship`)", "`leave`; the next `choose_origins`"),
    ("plan: output, efficiency, tasks", "`plan_staff`", "`decompose`"),
    ("real wages of all steps", "`set_wages`", "the next `set_wages`"),
    ("people who took seats", "`train`", "`govern`"),
    ("loans at the start of the step", "the clock", "`govern`"),
    ("ledger of the step", "`keep_books` to `enter`", "`enter`, `govern`, indicators"),
)

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
| people leave the force at 60 only | also before, at a hazard that rises by `labour.home_rise` with every year of age | people go home to families and farms; without it the young of 2012 stay for ever and the workforce ages (64 % under 35 in 2012-2019, 37 % by 2040, against 80 % seen). The rise keeps the assumed age structure of 2012 in balance |
| a fixed preference for women in hiring operators | it falls with the manual work that machines leave in the hiring factories, to the power of `labour.risk_women` less one | the source's relative risk (machines take women's work at 1.5 times the hazard of men's) must also hold for posts that are not filled again, since most posts go without a layoff |
| in-house technicians from all eligible operators | with the women's share of `skills.women_in_stem` | the lever is the women's share of all new technicians |
| every factory that moves goes to the origin with the lowest landed cost | a logit over origins with the same response | owners' own plants abroad differ; with the lowest cost alone all of them went to one country for years |
| coverage: technicians employed over those needed | the share of technicians' posts filled | posts are whole agents; a factory that needs 0.4 agents is not short of 0.4 |
| rates convert by 1 - exp(-rate dt), reviews of plant too (60 % a quarter) | reviews: rate × dt, 60 % a quarter | reviews come again, and their number a year must not hang on the length of a step: with the hazard a monthly step automated a sixth more by 2030 in *high tech* |
| everybody looks for a job with the same chance in a step | who left a job within the step looks for the rest of it (`per_rest`) | a quarter is long beside the time a search takes: with the same chance, posts of technicians filled faster the longer the step was, and a monthly step had a fifth less automation in 2040 |
| a row of the table for every factory there ever was | an entrant takes the row of one that closed earlier; luck hangs on the factory's number | nothing but speed: closed rows took a quarter of a run |
| share the US had still to reach: ratio of 1 to 3.2 | 0.5 to 3.2 | exports to the US stood still from 2012 to 2016 while demand there grew: the share was falling, which a ratio of at least 1 cannot show. Decided before any look at the years kept out |
| own-brand demand at home | in ASEAN only | there is no home market in the model |
"""

FINDINGS = """\
## 10. What the model cannot tell yet, and what it tells against its design

- **Fit** (section 15). Misses of exports and jobs are larger than the 5 % aimed at, those of factories are not. Most come
  from 2012-2014: the model's buyers move at once when the EU's rules of origin have changed, and stop in 2015 when world
  demand falls, while exports grew evenly. Slower buyers would help, but their speed stands at the end of its range. Tried:
  a US share gap below one (kept), twice the runs of the first trial (no better). Turnover comes out half as high again as
  published, because closures and people who go home come on top of quits. Travel goods start too low in 2016.
- **Elasticity and pass-through** are hardly told by the record, nor is their product: the two events pull them apart. P7
  wants strong responses within 18 months, P8 weak ones within two years. Both keep nearly their whole ranges.
- **T1.3** (jobs in *status quo*). Wages that grow more slowly than rivals' win orders, with little automation every
  order is jobs, and nothing but a short labour market stops it; it does not become short, because the outside wage
  passes the sector's only late. The feasibility study found the same (1.37).
- **T1.5** fails by arithmetic: from 2030 to 2040 labour cost over export prices grows by (1.035/1.015)^10 = 1.22 from
  a level at or below 1, and 1.25 is needed.
- **T2.3** (exports in *no garment sector*). With long-run elasticities of two to five, the lost preference, dearer
  labour and cheaper rivals take a fifth of real exports, not half; jobs fall faster because what remains is made with
  fewer people. Total disappearance lies outside the assumed elasticities. Median factory size stays: factories that
  leave are of all sizes, and the posts of those that stay shrink no further than an agent.
- **T2.5** has the other sign: near-market makers *lose* in *no garment sector*, because its rivals are highly automated
  and become cheaper than they. Lost orders go to those rivals.
- **T3.1, T3.2** (*transition*). Automation reaches the threshold only near 2040, as payback is long (`payback`), and one
  more step lowers unit cost by little: wages are a quarter of cost and machines must be paid. So the market share gains
  nothing over *status quo*, whose wages are as low.
- **T3.3, T4.2** (technicians). Training starts at once and machines come slowly: by the time they are there, so are the
  technicians, coverage falls short for few quarters and their pay does not pull away. Earlier machines or a smaller
  programme would show the shortage the source expects; neither was set to get it.
- **P2.** Margins shrink in most draws; whether output a worker grew faster after 2016 hangs on how much of efficiency comes
  by itself (`production.trend`) and how much is induced by wages, which exports and jobs of 2012-2019 do not tell apart.
- **P10.** The share in garments is right in the middle of the draws and too high in some, as exports of 2014 are.
- **T4.4.** Jobs fall in *high tech* with and without its skills and infrastructure: wages decide, not the levers.
- **P4** (turnover). Quits alone are about a fifth a year, as in the sources; closures, layoffs and people who go home
  for good come on top. `labour.quit_rate` is now among the fitted numbers.
- **P7** (loss of the EU preference). The right sign, half the size after 18 months: the response is the product of
  elasticity and speed of adjustment, and the speed was left at the low end that the market shares of 2012-2019 ask for.
  A lost preference is also smaller from 2025, when a fifth of it is gone already. It is a target of the calibration.
- **P8** (minimum wage +10 %). Jobs fall by almost four per cent in two years, more than the three allowed: within a year
  most of the rise is in costs, and a quarter of that in prices.
- **P6**: factories of large buyers automate first and payback is long; cutting or finishing comes first in about two
  factories of three, just short of the threshold, because packing is as cheap.
- Women's share of jobs falls where machines come in force (by about two points where six tenths of the work are
  automated), and less where women become technicians. Where few machines come, fewer jobs mean choosier hiring, which favours
  women, and the two cancel.
- Domestic owners do not move away: in a crisis fewer factories relocate when more of them are domestic (a quarter fewer
  at 40 % of entrants). As many factories *leave* as before: demand decides how many the market feeds, domestic ones
  have fewer brand links and dearer finance, and where they stay others close.
- The years 2012-2019 hold almost no automation, so machine costs, hurdles and noise are assumptions.
- Jobs, exports, value added and automation agree at 1, 10, 50 and 100 people an agent within twice the spread over
  seeds. Engineers do not quite: at fifty people an agent a job that a factory needs a fraction of is often empty.
- A monthly step has five per cent more jobs in 2040 than the quarterly one and less automation (.12 against .165 in the
  baseline; exports agree within one per cent), with a tenth more turnover. A quarter hides people who come and go within it,
  and posts of technicians fill more fully in a long step, which the rule of adoption squares. Part of it was the search of
  those who left a job within the step, mended in section 8. Half of what remains goes when factories raise operators only to
  posts that stood empty at the end of the last step (tried, not yet in the model: it asks for another calibration).
- Five times the training seats should do exports no harm; they lose 0.2 % by 2040 (32 seeds, standard error 0.03 %; at 200
  people an agent the change is nil). With technicians at hand more factories take steps that hardly pay, since the choice
  has noise; that this is the cause was not shown.
- Thresholds are parameters; neither they nor lever values were moved to change a label or a verdict.
- The years 2020-2024 were seen on the screen while the model was built. None of them entered a choice, but they are
  no longer a blind test.
- People in a public course count as *in training* and not as *displaced*: a large programme lowers the number
  displaced partly because people sit in courses.
- Travel goods grew from next to nothing to more than a billion dollars within three years; no tariff times an
  elasticity gives that. An access factor dated 2016 is fitted to it and is evidence for nothing else.
"""

VERDICTS = Path(__file__).resolve().parent.parent / "docs" / "verdicts.json"


def judge() -> None:
    """Run what statements and patterns need and keep their verdicts, which section 14 shows."""
    from simulator.analysis.validate import validate

    found = validate(["statements", "patterns"])
    about = found.metadata
    kept = ("id", "text", "verdict", "parts")
    rows = [{k: row[k] for k in kept} for table in (found.statements, found.patterns) for row in records(table)]
    numbers = {"code": model_digest(), "draws": about["draws"], "people_per_agent": about["people_per_agent"]}
    VERDICTS.write_text(json.dumps(numbers | {"rows": rows}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _verdicts() -> str:
    """Section 14: the verdicts as they were last computed."""
    found = json.loads(VERDICTS.read_text(encoding="utf-8"))
    drawn = "; ".join(f"{part}: {draws}" for part, draws in found["draws"].items())
    lines = [
        "## 14. Verdicts",
        "",
        f"Thresholds were fixed before any run. {drawn}; {found['people_per_agent']} people an agent; "
        "`garment-sim validate` computes them anew. What fails is explained in section 10.",
        "",
        "| | what | verdict | measure | value | threshold |",
        "|---|---|---|---|---|---|",
    ]
    for row in found["rows"]:
        head = f"| {row['id']} | {row['text']} | {row['verdict']} |"
        for part in row["parts"]:
            value = "" if part["value"] is None else f"{part['value']:.3g}"
            lines.append(f"{head} {part['measure']} | {value} | {part['threshold']} |")
            head = "| | | |"
    return "\n".join(lines)


POSTERIOR = Path(__file__).resolve().parent.parent / "calibration" / "posterior"
README_PART = ("<!-- record: written by python -m simulator.odd -->\n", "<!-- end of record -->\n")
_COUNTED = ("exports", "employment", "factories")


def record() -> str:
    """How the model fitted and how it did on the years kept out: the table that README and section 15 share."""
    judged = json.loads((POSTERIOR / "judged.json").read_text(encoding="utf-8"))
    validation = json.loads((POSTERIOR / "validation.json").read_text(encoding="utf-8"))
    scores = {row["series"]: row for row in validation["scores"]}

    def fitted(series: str) -> str:
        misses = [abs(row["median"] / row["observed"] - 1) for row in judged["fit"] if row["target"] == series]
        return f"{np.mean(misses):.1%} ({len(misses)} years)"

    def best(series: str) -> str:
        name = scores[series]["best_benchmark"]["mape"]
        return f"{scores[series]['benchmarks'][name]['mape']:.1%} ({name.replace('_', ' ')})"

    def won(rule: str) -> list[str]:
        return ["yes" if scores[series]["model_wins"][rule] else "no" for series in _COUNTED]

    def inside(series: str) -> str:
        row = scores[series]
        return f"{round(row['model']['coverage_80'] * row['n'])} of {row['n']}"

    rows = [
        ("fitted years, 2012-2019: mean miss of the median", *map(fitted, _COUNTED)),
        ("kept-out years, 2020-2024: mean miss of the median",
         *(f"{scores[series]['model']['mape']:.1%}" for series in _COUNTED)),
        ("the best naive forecast of them", *map(best, _COUNTED)),
        ("median better than every naive forecast", *won("mape")),
        ("whole forecast better than every naive one (CRPS)", *won("crps")),
        ("kept-out years within the 80 % band", *map(inside, _COUNTED)),
    ]  # fmt: skip
    words = dict(zip(_COUNTED, ("exports", "jobs", "factories"), strict=True))
    lost = [words[series] for series in _COUNTED if not scores[series]["model_wins"]["mape"]]
    told = f"\nIts median loses to the best naive forecast of {', '.join(lost)}: no forecaster, then, but a way to compare "
    return _table(("", *words.values()), rows) + (told + "what policies and the world would change.\n" if lost else "")


def _record() -> str:
    """Section 15."""
    known = {kind: json.loads((POSTERIOR / f"{kind}.json").read_text(encoding="utf-8")) for kind in ("judged", "refit")}
    rows = [
        (f"`{name}`", f"{p.low:g}-{p.high:g}", f"{known['refit']['best'][name]:.4g}",
         *(f"{found['contraction'][name]:.0%}" + " (at a bound)" * (name in found["at_bounds"]) for found in known.values()))
        for name, p in PARAMETERS.items() if p.kind == "fitted"
    ]  # fmt: skip
    ridge = known["judged"]["ridge"]
    sizes = "; ".join(
        f"`{kind}`: {found['fitted_to'][0]}-{found['fitted_to'][1]}, {found['runs']} runs, effective size "
        f"{found['effective_size']:.0f}" for kind, found in known.items()
    )  # fmt: skip
    return (
        "## 15. Fit and kept-out years\n\n"
        f"Two posteriors are shipped ({sizes}). How they are made stands in `calibration/README.md`; `garment-sim validate` "
        "computes what follows anew. World demand, export prices and minimum wages of the kept-out years are given to "
        "the model, not to the naive forecasts.\n\n"
        + record()
        + "\nWhat history tells of each fitted number, as one less posterior over prior standard deviation. At a bound: "
        "a quarter of the draws lies in the last tenth of the range.\n\n"
        + _table(("number", "range", "best (`refit`)", "told by 2012-2019", "told by all years"), rows)
        + f"\nOf the logarithms of `{ridge['a']}` and `{ridge['b']}` history leaves {ridge['left_a']:.0%} and "
        f"{ridge['left_b']:.0%} of the prior spread, of their product {ridge['left_product']:.0%} "
        f"(correlation {ridge['r']:.2f}).\n"
    )


def write(root: Path) -> None:
    """Write ODD.md, and the table of the record into README.md, both in ``root``."""
    (root / "ODD.md").write_text(render(), encoding="utf-8")
    (root / "README.md").write_text(readme((root / "README.md").read_text(encoding="utf-8")), encoding="utf-8")


def readme(text: str) -> str:
    """The README with the record as it is now."""
    head, _, rest = text.partition(README_PART[0])
    _, _, tail = rest.partition(README_PART[1])
    return head + README_PART[0] + "\n" + record() + "\n" + README_PART[1] + tail


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
    parts += [_parameters(), _indicators(), _identities(), _verdicts(), _record()]
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
        out.append(f"### {table.__name__}\n\n{_prose(table)}\n")
        rows = [(f"`{n}`", c.unit or "-", c.meaning, c.width or 1, _fill(c.fill)) for n, c in table.columns().items()]
        out.append(_table(("column", "unit", "meaning", "numbers", "at first"), rows))
    out.append(f"### Links\n\n{inspect.getdoc(state.Links)} Buyer and factory by row, `since` the step of its start.\n")
    first = state.Economy()
    words = [(f"`{f.name}`", ECONOMY[f.name], _start(getattr(first, f.name))) for f in fields(state.Economy)]
    out.append("### Economy\n\nNumbers of the whole sector that are remembered.\n")
    out.append(_table(("name", "meaning", "at first"), words))
    out.append("### Handed on within a step\n\n" + _table(("what", "made by", "read by"), CARRIED))
    groups = [(d, ", ".join(values)) for d, values in DIMENSIONS.items()]
    out.append("### Groups\n\n" + _table(("dimension", "values"), groups))
    codes = (("market", state.MARKETS), ("origin", ORIGINS), ("goods", state.GOODS), ("stage", state.STAGES),
             ("owner", state.OWNERS), ("job", state.JOBS))  # fmt: skip
    out.append("Columns hold places in these lists, counted from 0:\n")
    out.append(_table(("of", "values"), [(name, ", ".join(values)) for name, values in codes]))
    return "\n".join(out)


def _fill(value: Any) -> str:
    return {state.NEVER: "never", -10_000: "never"}.get(value, f"{value:g}")


def _start(value: Any) -> str:
    return f"{value.flat[0]:g}" if hasattr(value, "flat") else f"{value:g}"


def _schedule() -> str:
    rows = [
        (i, f"`{p.name}`", _first(p.run), ", ".join(f"`{c}`" for c in p.changes) or "-")
        for i, p in enumerate(QUARTER, 1)
    ]
    head = ("", "process", "what happens", "may change")
    about = _prose(import_module("simulator.schedule"))
    return f"## 3. Process overview and scheduling\n\n{about}\n\n" + _table(head, rows)


def _inputs() -> str:
    out = ["## 5. Initialisation\n"]
    opening = list(_reached(population.populate, "simulator.population"))
    out += [f"**`{f.__name__}`**: {_prose(f)}\n" for f in opening]
    out.append("What is named but not described here stands in section 7.\n")
    out += [_numbers(opening), "Random numbers (stream `opening`, step 0):\n", _draws(population.populate)]
    out.append("## 6. Input data\n\nSeries in time (`data/drivers.csv`); (a) *assumption*, (i) interpolated:\n")
    head = ("series", "unit", "values", "status of rows")
    out.append(_table(head, [_series(*item) for item in data.drivers().groupby(["series", "key"], sort=False)]))
    out.append("Tables (`data/structure.csv`):\n")
    cells = data.structure().groupby(["entity", "quantity"], sort=False)
    tables = [
        (f"`{entity} {quantity}`", f["unit"].iloc[0] or "-",
         ", ".join(f"{k} {v:g}" for k, v in zip(f["key"], f["value"], strict=True)), _count(f["status"]))
        for (entity, quantity), f in cells
    ]  # fmt: skip
    out.append(_table(("quantity", "unit", "values", "status of rows"), tables))
    out.append("Duties before events, share of FOB, most-favoured-nation rate in brackets (`data/duties.csv`):\n")
    duties = [
        (market, goods, *(_duty(f[f["origin"] == origin].iloc[0]) for origin in ORIGINS), _count(f["status"]))
        for (market, goods), f in data.duties().groupby(["market", "goods"], sort=False)
    ]
    out.append(_table(("market", "goods", *ORIGINS, "status of rows"), duties))
    out.append("Dated changes of duties, share of FOB; those in force add up (`data/tariff_events.csv`):\n")
    events = [
        (r.kind, r.market, r.origin, r.goods, f"{r.start:%Y-%m-%d}", "" if pd.isna(r.end) else f"{r.end:%Y-%m-%d}",
         f"{r.value:g}", _mark(r.status))
        for r in data.tariff_events().itertuples()
    ]  # fmt: skip
    out.append(_table(("kind", "market", "origin", "goods", "first day", "last day", "rate", "status"), events))
    out.append(
        "Observations of the sector, to judge the model by, stand in `data/observations.csv`, sources in "
        "`data/sources.csv`. `scenarios/calibrated.yaml` sets the fitted numbers of all named scenarios, and a scenario's "
        "file its levers and drivers, both as steps in time; what they do not set keeps the default of section 11.\n"
    )
    out.append("### The world\n\n" + _prose(world) + "\n")
    series = list(_reached(world.build, "simulator.world"))
    out += [f"**`{f.__name__}`**: {_prose(f)}\n" for f in series]
    out.append(_numbers(series))
    return "\n".join(out)


def _series(names: Any, frame: pd.DataFrame) -> tuple[str, str, str, str]:
    days = frame["period_start"]
    form = "%Y" if (days.dt.strftime("%m-%d") == "01-01").all() else "%Y-%m"
    values = [
        f"{r.period_start:{form}} {r.value:g}"
        + " (a)" * (r.status == "assumption")
        + " (i)" * (r.interpolated == "yes")
        for r in frame.itertuples()
    ]
    return f"`{' '.join(names).strip()}`", frame["unit"].iloc[0], ", ".join(values), _count(frame["status"])


def _duty(row: Any) -> str:
    return f"{row['value']:g} ({row['mfn']:g})"


def _count(values: Iterable[str]) -> str:
    return ", ".join(f"{n} {_mark(k)}" for k, n in Counter(values).most_common())


def _mark(status: str) -> str:
    return f"*{status}*" if status == "assumption" else status


def _submodels() -> str:
    out = [
        "## 7. Submodels\n",
        "In the order of the schedule. A helper stands under the process that calls it first. Formulas use the symbols of "
        "section 4.\n",
        f"### Random numbers\n\n{_prose(streams)}\n",
    ]
    told: dict[Any, str] = {}
    for number, process in enumerate(QUARTER, 1):
        parts = list(_reached(process.run, "simulator.processes"))
        new = [part for part in parts if part not in told]
        old = [f"`{part.__name__}` (`{told[part]}`)" for part in parts if part in told]
        told |= dict.fromkeys(new, process.name)
        where = process.run.__module__.rpartition(".")[2]
        out.append(f"### 7.{number} `{process.name}` ({where})\n\n{_prose(process.run)}\n")
        out += [f"**`{part.__name__}`**: {_prose(part)}\n" for part in new if part is not process.run]
        if old:
            out.append(f"*Described earlier*: {', '.join(old)}.\n")
        out.append(_numbers(new))
        draws = _draws(process.run)
        out.append(f"*Random numbers* (stream `{process.name}`):\n\n{draws}" if draws else "*Random numbers*: none.\n")
    return "\n".join(part for part in out if part)


def _reached(function: Callable[..., Any], where: str, seen: list[Any] | None = None) -> Iterator[Any]:
    """The function and what it calls in ``where``, depth first and in order of use, as far as described."""
    seen = [] if seen is None else seen
    if function in seen:
        return
    seen.append(function)
    if inspect.getdoc(function) and not getattr(function, "__name__", "").startswith("__"):
        yield function
    for found in _called(function):
        if found.__module__.startswith(where) or (found in METHODS.values() and where == "simulator.processes"):
            yield from _reached(found, where, seen)


def _called(function: Any) -> Iterator[Any]:
    """Functions and classes of the model that a function names, in the order of its source."""
    if not inspect.isfunction(function):
        return
    own = function.__code__.co_varnames
    for node in _in_order(_tree(function)):
        found = None
        if isinstance(node, ast.Name) and node.id not in own:
            found = function.__globals__.get(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            owner = function.__globals__.get(node.value.id)
            found = getattr(owner, node.attr, None) if inspect.ismodule(owner) else METHODS.get(node.attr)
        elif isinstance(node, ast.Attribute):
            found = METHODS.get(node.attr)
        if (inspect.isfunction(found) or inspect.isclass(found)) and found.__module__.startswith("simulator."):
            yield found


def _tree(function: Any) -> ast.Module:
    """The body of a function without its signature."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    defined = next(node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef))
    return ast.Module(body=defined.body, type_ignores=[])


def _in_order(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _in_order(child)


def _draws(function: Callable[..., Any]) -> str:
    """Table of the random numbers that a process draws: label, distribution, what they are told apart by, where."""
    rows = []
    for part in _reached(function, "simulator."):
        if inspect.isclass(part):
            continue
        for node in _in_order(_tree(part)):
            if not (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and ast.unparse(node.func.value) == "rng"
            ):
                continue
            if node.func.attr == "draws":
                row = ast.unparse(node.args[0])
                for kind in node.keywords:
                    labels = ast.literal_eval(kind.value)
                    rows += [(f"`{label}`", kind.arg, f"`{row}`", f"`{part.__name__}`") for label in labels]
            elif node.func.attr in LUCK:
                looped = node.func.attr == "key"
                named = node.args if looped else node.args[1:]
                label = ast.unparse(named[0]) if named else ""
                given = label.isidentifier()
                row = "row" if looped else ast.unparse(node.args[0])
                row = _spelled(part, re.sub(r"\.ravel\(\)|np\.", "", row))
                shown = "as the caller says" if given else f"`{label.removeprefix('f')[1:-1]}`" if label else "none"
                numbers = "uniform" if looped else node.func.attr
                rows.append((shown, numbers, f"`{row}`", f"`{part.__name__}`"))
    return _table(("label", "numbers", "row", "drawn in"), rows) if rows else ""


def _spelled(function: Any, text: str) -> str:
    """A line of a function with its constants as numbers."""
    known = {name: value for name, value in function.__globals__.items() if isinstance(value, int)}
    return re.sub(r"\b[A-Z][A-Z_]+\b", lambda m: str(known.get(m[0], m[0])), text)


def _numbers(parts: Iterable[Any]) -> str:
    """The numbers of the registry that the descriptions name, each with its default and where it comes from."""
    text = " ".join(inspect.getdoc(part) or "" for part in parts)
    named = dict.fromkeys(n for n in re.findall(r"``([a-z_]+\.[a-z_]+)``", text) if n in PARAMETERS)
    if not named:
        return ""
    return "*Numbers*: " + "; ".join(_number(PARAMETERS[n]) for n in named) + ".\n"


def _number(p: Parameter) -> str:
    default = "path" if isinstance(p.default, dict) else f"{p.default:g}"
    return f"`{p.name}` = {default}{f' [{p.unit}]' if p.unit else ''} ({_mark(p.source)})"


def _first(function: object) -> str:
    return (inspect.getdoc(function) or "").split("\n\n")[0].replace("\n", " ")


def _prose(function: object) -> str:
    """A docstring without its worked case, its formula as a display equation, code in single marks."""
    text = re.sub(r"\n+\s*>>>.*", "", inspect.getdoc(function) or "", flags=re.DOTALL)
    text = re.sub(r"``([^`]*)``", lambda m: f"`{' '.join(m[1].split())}`", text)
    return re.sub(r"\.\. math:: ((?:.+\n?)+)", lambda m: "$$" + " ".join(m[1].split()) + "$$\n", text).rstrip("\n")


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
    parts = [
        *_reached(observe.measure, "simulator.observe"),
        *_reached(census.observe_people, "simulator.census"),
        observe.decompose,
        observe.world_demand,
        *_reached(observe.fill_relative, "simulator.observe"),
    ]
    how = [f"**`{part.__name__}`**: {_prose(part)}\n" for part in dict.fromkeys(parts) if part.__doc__]
    return "\n".join(
        [
            "## 12. Indicators\n",
            _table(("name", "meaning", "unit", "over a year", "split by"), rows),
            "### How they are taken\n",
            *how,
            _numbers(parts),
        ]
    )


def _identities() -> str:
    uses = ", ".join(name.replace("_", " ") for name in USES)
    others = ", ".join(name.replace("_", " ") for name in OTHER)
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
        "- the same seed gives the same bytes; no lever changes 2012-2024\n\n"
        f"Flows that are no uses: {others}.\n\n{_prose(accounts.Books)}\n\n{_prose(accounts.residuals)}\n"
    )


if __name__ == "__main__":
    if "--judge" in sys.argv[1:]:
        judge()
    write(Path(__file__).resolve().parent.parent)

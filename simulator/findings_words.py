"""What sensitivity, discovery and the search for the least cost say, in whole sentences made from their tables."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from simulator.analysis.boxes import wilson
from simulator.analysis.discover import LEAST_CASES, Discovery
from simulator.analysis.goals import Goal, read_goal, read_measure
from simulator.analysis.optimise import Optimum
from simulator.analysis.sensitivity import LUCK, Sensitivity
from simulator.indicators import INDICATORS
from simulator.parameters import PARAMETERS
from simulator.scenario import load_scenario
from simulator.texts import group, label, number, text

_TOLD = 5  # numbers of a sentence


def measure_name(written: str, lang: str) -> str:
    """``Jobs (women)`` for ``employment[gender=women]``."""
    measure = read_measure(written)
    if measure.group == "all":
        return label(measure.indicator, lang)
    words = {"indicator": label(measure.indicator, lang), "group": group(measure.group, lang)}
    return text("findings.measure_group", lang, **words)


def number_name(name: str, lang: str) -> str:
    """The label of a number; luck has its own."""
    return text("findings.luck", lang) if name == LUCK else label(name, lang)


def future_name(future: str, lang: str) -> str:
    """The name of a future."""
    return text(f"terms.{future}", lang)


def _joined(items: list[str], lang: str) -> str:
    return "; ".join(items) if lang == "en" else " / ".join(items)


# Sensitivity


def sensitivity_words(found: Sensitivity, indicator: str, lang: str) -> list[str]:
    """What an indicator depends on, what luck does, and what that is not."""
    rows, morris = found.of(indicator), found.method == "morris"
    words: dict[str, Any] = {"indicator": measure_name(indicator, lang), "year": found.about["asked"]["year"]}
    key = "mu_star" if morris else "total"
    items = []
    for row in rows[rows["verdict"] == "matters"].head(_TOLD).to_dict("records"):
        ends = {"amount": row[key], "low": row[f"{key}_low"], "high": row[f"{key}_high"]}
        told = {name: _effect(max(value, 0.0), row["unit"], morris, lang) for name, value in ends.items()}
        items.append(text("findings.effect_item", lang, name=number_name(row["name"], lang), **told))
    luck = rows[rows["name"] == LUCK].iloc[0]
    amount = _effect(luck[key], luck["unit"], morris, lang)
    if morris:
        told_items = text("findings.morris_told", lang, items=_joined(items, lang), **words)
        told_luck = text("findings.morris_luck", lang, amount=amount)
    else:
        told_items = text("findings.sobol_told", lang, items=_joined(items, lang), **words)
        told_luck = text("findings.sobol_luck", lang, amount=amount)
    first = told_items if items else text("findings.nothing_told", lang, **words)
    return [first, told_luck, text("findings.sensitivity_limits", lang)]


def _effect(value: float, unit: str, morris: bool, lang: str) -> str:
    return number(value, unit if morris else "share", lang)


def verdict_name(verdict: str, lang: str) -> str:
    """A verdict on an index."""
    return text(f"findings.verdict_{verdict.replace(' ', '_')}", lang)


# Discovery


def condition_words(row: dict[str, Any], lang: str) -> str:
    """One condition: at least, at most, or from … to …."""
    unit = row["unit"]
    low, high = (number(row[end], unit, lang) for end in ("low", "high"))
    words = {"name": label(row["name"], lang), "low": low, "high": high}
    if math.isnan(row["high"]):
        return text("findings.at_least", lang, name=words["name"], value=low)
    if math.isnan(row["low"]):
        return text("findings.at_most", lang, name=words["name"], value=high)
    return text("findings.between", lang, **words)


def discovery_words(found: Discovery, lang: str) -> list[str]:
    """The conditions of a future for a reader in a hurry, and what the runs cannot tell."""
    about = found.about
    words = {"future": future_name(about["asked"]["future"], lang), "n": about["worlds"], "cases": about["cases"]}
    if about["cases"] == 0:
        high = number(about["share_even_high"], "share", lang)
        return [text("findings.future_never", lang, even=about["even"], high=high, **words)]
    share = text("findings.future_share", lang, share=number(about["share"], "share", lang))
    if about["cases"] == about["worlds"]:
        return [text("findings.future_always", lang, **words)]
    told = []
    if about["cases"] < LEAST_CASES:
        told.append(text("findings.future_few", lang, **words))
    elif found.summary.empty:
        told.append(text("findings.box_none", lang))
    for row in found.summary.to_dict("records"):
        told += _box_words(found, row, words["future"], lang)
    on_purpose = int((found.worlds["stage"] == "on purpose").sum())
    sampled = text("findings.future_sampled", lang, n=on_purpose, total=about["worlds"])
    return [*told, share, *([sampled] if on_purpose else [])]


def _box_words(found: Discovery, row: dict[str, Any], future: str, lang: str) -> list[str]:
    mine = found.boxes[found.boxes["box"] == row["box"]]
    items = _joined([condition_words(one, lang) for one in mine.to_dict("records")], lang)
    shares = {name: number(row[name], "share", lang) for name in ("density", "coverage", "outside")}
    ends = [
        number(row[name], "share", lang) for name in ("density_low", "density_high", "coverage_low", "coverage_high")
    ]
    told = [text("findings.box_told", lang, future=future, items=items, density=shares["density"],
                 low=ends[0], high=ends[1])]  # fmt: skip
    if row["density"] < found.about["asked"]["density"]:
        told.append(text("findings.box_thin", lang, asked=number(found.about["asked"]["density"], "share", lang)))
    if row["checked"]:
        told.append(text("findings.box_checked", lang, n=row["checked"], cases=row["checked_cases"]))
    told.append(text("findings.box_coverage", lang, coverage=shares["coverage"], outside=shares["outside"],
                     low=ends[2], high=ends[3]))  # fmt: skip
    return told


# Least cost


def goal_words(goal: Goal, lang: str) -> str:
    """``Jobs at least 450 thousand people``."""
    value = number(goal.value, goal.measure.unit, lang)
    name = measure_name(goal.measure.text, lang)
    if goal.upward:
        return text("findings.at_least", lang, name=name, value=value)
    return text("findings.at_most", lang, name=name, value=value)


def goals_of(found: Optimum) -> list[Goal]:
    """The goals that were asked for."""
    return [read_goal(written) for written in found.about["asked"]["goals"]]


def moved(found: Optimum, mix: pd.Series[Any]) -> list[tuple[str, float, float]]:
    """Name, value and the scenario's value of the levers a mix moves."""
    own = found.mixes[found.mixes["mix"] == 0].iloc[0]
    names = [written.partition("=")[0] for written in found.about["asked"]["levers"]]
    return [(name, float(mix[name]), float(own[name])) for name in names if mix[name] != own[name]]


def optimum_words(found: Optimum, lang: str) -> list[str]:
    """Whether the goal can be kept, at what cost, by which levers, and where the promise breaks."""
    about, mix = found.about, found.winner
    own = found.mixes[found.mixes["mix"] == 0].iloc[0]
    goals = goals_of(found)
    n, met = len(found.verified), int(found.verified["met"].sum())
    asked = number(about["asked"]["share"], "share", lang)
    money = INDICATORS["public_cost"].unit
    words = {
        "goals": _joined([goal_words(goal, lang) for goal in goals], lang),
        "year": about["asked"]["year"], "first": about["start"][:4], "asked": asked,
        "cost": number(mix["cost"], money, lang), "own": number(own["cost"], money, lang),
    }  # fmt: skip
    fresh = _interval(met, n, lang)
    if not found.reached:
        told = [text("findings.goal_missed", lang, n=n, **fresh, **words)]
        items = [
            text("findings.level_item", lang, name=measure_name(goal.measure.text, lang),
                 value=number(goal.level(found.verified[f"value_{k}"].to_numpy(dtype=float),
                                         about["asked"]["share"]), goal.measure.unit, lang))
            for k, goal in enumerate(goals, start=1)
        ]  # fmt: skip
        told.append(text("findings.goal_levels", lang, asked=asked, items=_joined(items, lang)))
    elif met / n >= about["asked"]["share"]:
        told = [text("findings.goal_kept", lang, n=n, **fresh, **words)]
    else:
        told = [text("findings.goal_lost", lang, n=n, **fresh, **words)]
    told.append(_mix_words(found, mix, lang))
    told.append(text("findings.cost_note", lang))
    return [*told, *breaks_words(found, lang)]


def _interval(cases: int, n: int, lang: str) -> dict[str, str]:
    low, high = wilson(cases, n)
    return {"share": number(cases / n, "share", lang)} | {
        name: number(value, "share", lang) for name, value in (("low", low), ("high", high))
    }


def _mix_words(found: Optimum, mix: pd.Series[Any], lang: str) -> str:
    items = []
    for name, value, now in moved(found, mix):
        unit = PARAMETERS[name].unit
        words = {"value": number(value, unit, lang), "now": number(now, unit, lang)}
        items.append(text("findings.lever_item", lang, name=label(name, lang), **words))
    if not items:
        return text("findings.mix_nothing", lang)
    return text("findings.mix_told", lang, items=_joined(items, lang))


def breaks_words(found: Optimum, lang: str) -> list[str]:
    """When the promise breaks: in which worlds, and in which draws."""
    told = []
    mine = found.regret[(found.regret["mix"] == found.about["winner"]) & ~found.regret["keeps"]]
    for row in mine[mine["world"] != found.about["asked"]["scenario"]].to_dict("records"):
        words = {"world": _scenario(row["world"], lang), "share": number(row["share"], "share", lang), "n": row["n"]}
        if row["breaks"]:
            told.append(text("findings.breaks_world", lang, **words))
        else:
            told.append(text("findings.breaks_perhaps", lang, **words))
    if not told:
        told.append(text("findings.breaks_no_world", lang))
    n, broken = len(found.verified), int((~found.verified["met"]).sum())
    if not broken:
        return [*told, text("findings.breaks_never", lang, n=n)]
    if found.breaks.empty:
        return [*told, text("findings.breaks_unknown", lang, n=n, broken=broken)]
    row = found.breaks.iloc[0]
    parts = {side: number(row[f"break_{side}"], "share", lang) for side in ("above", "below")}
    where: dict[str, Any] = {"name": label(row["name"], lang), "at": number(row["at"], row["unit"], lang)}
    where |= {"n": n, "broken": broken}
    if row["side"] == "above":
        return [*told, text("findings.breaks_above", lang, **parts, **where)]
    return [*told, text("findings.breaks_below", lang, **parts, **where)]


def _scenario(name: str, lang: str) -> str:
    titles = load_scenario(name).title
    return titles.get(lang) or titles.get("en") or name

"""What was promised against what was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmarks.measure import Section, number, seconds, times


def _megabytes(value: float) -> str:
    return f"{value:,.0f} MB"


def _minutes(value: float) -> str:
    return f"{number(value)} min"


@dataclass(frozen=True)
class Promise:
    """A limit on a fact; ``at_least`` where more is better."""

    what: str
    fact: str
    limit: float
    form: Callable[[float], str]
    at_least: bool = False

    def verdict(self, measured: float | None) -> str:
        """``met`` or ``missed``, and by how much of the limit; without a measurement, that.

        >>> half = Promise("a run", "run", 0.5, seconds)
        >>> half.verdict(0.4), half.verdict(0.75), half.verdict(None)
        ('met, 20 % to spare', '**missed** by 50 %: 1.50 times the limit', 'not measured')
        >>> Promise("faster", "ratio", 100.0, times, at_least=True).verdict(80.0)
        '**missed** by 20 %: 0.800 times the limit'
        """
        if measured is None:
            return "not measured"
        if measured != measured:
            return "**missed**: not a number"
        off = abs(measured / self.limit - 1)
        if measured >= self.limit if self.at_least else measured <= self.limit:
            return f"met, {100 * off:.0f} % {'above' if self.at_least else 'to spare'}"
        return f"**missed** by {100 * off:.0f} %: {number(measured / self.limit)} times the limit"

    def row(self, facts: Mapping[str, float]) -> list[str]:
        """Promise, limit, measured, verdict."""
        measured = facts.get(self.fact)
        sign = "≥" if self.at_least else "≤"
        told = "" if measured is None else self.form(measured)
        return [self.what, f"{sign} {self.form(self.limit)}", told, self.verdict(measured)]


PROMISES = (
    Promise(
        "baseline 2012–2040 at 50 people per agent, the first after import", "baseline seconds at 50", 0.5, seconds
    ),
    Promise("a further one in the same process, whose compiled code is loaded", "baseline again at 50", 0.5, seconds),
    Promise("a baseline run one to one", "baseline seconds at 1", 15.0, seconds),
    Promise("the same, memory of the whole process", "baseline MB at 1", 600.0, _megabytes),
    Promise(
        "1 million workers against `AgentSet.do`", "times faster than do at 1,000,000", 100.0, times, at_least=True
    ),
    Promise("exponent of growth with workers", "exponent with workers", 1.05, number),
    Promise("exponent of growth with factories", "exponent with factories", 1.05, number),
    Promise("1,000 runs at 50 on 2 cores over the sum of their times by two", "batch wall over own times", 1.05, times),
    Promise("the same over runs that have the machine for themselves", "batch wall over ideal", 1.05, times),
    Promise("1,000 runs at 50 on 2 cores", "batch minutes of 1,000", 5.0, _minutes),
    Promise("app: a preset's charts for a new visitor", "app charts seconds", 1.0, seconds),
    Promise("the same for the first one after a start", "app charts seconds, after a start", 1.0, seconds),
    Promise("the same while the server still warms itself", "app charts seconds, caches empty", 1.0, seconds),
    Promise("app: a changed lever, best draw", "app lever seconds", 2.0, seconds),
    Promise("app: a changed lever, band from paired draws", "app band seconds", 8.0, seconds),
    Promise("app: a page rerun", "app rerun seconds", 0.15, seconds),
    Promise("app: thirty people, each every 10 s: 95 % of interactions", "load p95 seconds", 1.0, seconds),
    Promise("app: thirty people at once: the last one answered", "load together seconds", 5.0, seconds),
)


def section(facts: Mapping[str, float]) -> Section:
    """The table of promises."""
    out = Section("Promises")
    out.say("Promised for two cores of an ordinary machine; medians of this run, memory its maximum.")
    out.table(["what", "promise", "measured", "verdict"], (promise.row(facts) for promise in PROMISES))
    return out

"""The model's record: how it fitted, how it did on the years that were kept out, and what that says of a result.

Read from what ``garment-sim calibrate`` and ``garment-sim validate --out`` left beside each other; nothing is run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from simulator.analysis.criteria import PASS_SHARE
from simulator.data import observations
from simulator.paths import posterior_folder
from simulator.posterior import KINDS, Posterior, is_shipped, load_posterior, stale
from simulator.results import InputError
from simulator.texts import number, text

VALIDATION = "validation.json"
LEVELS = ("tested", "partly_tested", "untested")
GRADES = ("verified", "single-source", "conflict", "assumption")  # of published figures, the best first
_PARTS = ("statements", "patterns", "holdout", "scores", "events", "projection", "drivers")


@dataclass(frozen=True, eq=False)
class Record:
    """Both posteriors, and what ``validate`` said of them; empty where nothing is shipped.

    ``validation`` is None where it is missing or belongs to another posterior.
    """

    posteriors: Mapping[str, Posterior] = field(default_factory=dict)
    validation: Mapping[str, Any] | None = None

    @property
    def judged(self) -> Posterior | None:
        """The posterior that has not seen the kept-out years."""
        return self.posteriors.get("judged")

    @property
    def digest(self) -> str:
        """Changes with anything a badge is read from."""
        validation = json.dumps(self.validation, sort_keys=True, default=str)
        parts = [*sorted(one.digest for one in self.posteriors.values()), validation]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]

    @property
    def stale(self) -> bool:
        """Whether code or data have changed since."""
        return any(map(stale, self.posteriors.values()))

    def rows(self, part: str) -> Sequence[Mapping[str, Any]]:
        """The rows of a part of the validation; none where it is missing."""
        found: Sequence[Mapping[str, Any]] = (self.validation or {}).get(part, [])
        return found

    def score(self, indicator: str) -> Mapping[str, Any] | None:
        """The scores of an indicator on the kept-out years."""
        return next((row for row in self.rows("scores") if row["series"] == indicator), None)

    def fitted(self, indicator: str) -> bool:
        """Whether published figures of an indicator, or of a part of it, were fitted."""
        rows = self.judged.metadata["fit"] if self.judged else []
        return any(row["target"].partition("[")[0] == indicator for row in rows)


def load_record() -> Record:
    """What is shipped. Raises InputError in one line where a file is damaged."""
    posteriors = {kind: load_posterior(kind) for kind in KINDS if is_shipped(kind)}
    path = posterior_folder() / VALIDATION
    try:
        stamp = path.stat()
    except OSError:
        return Record(posteriors)
    validation = _validation(path, (stamp.st_mtime_ns, stamp.st_size))
    judged = posteriors.get("judged")
    belongs = judged is not None and validation["metadata"].get("posteriors", {}).get("judged") == judged.digest
    return Record(posteriors, validation if belongs else None)


@cache
def _validation(path: Path, _stamp: tuple[int, int]) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        lists = all(isinstance(found[part], list) for part in _PARTS)
        if not (lists and isinstance(found["metadata"], dict)):
            raise ValueError("its parts are no lists")
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{path} is damaged ({reason}); garment-sim validate --out writes it anew") from None
    return found if isinstance(found, dict) else {}


@dataclass(frozen=True)
class Badge:
    """How far an indicator may be trusted: a level of ``LEVELS`` and the reasons, keys of texts with their values."""

    level: str
    reasons: tuple[tuple[str, Mapping[str, Any]], ...]

    def name(self, lang: str) -> str:
        """The level in words."""
        return text(f"badges.{self.level}", lang)

    def reason(self, lang: str) -> str:
        """The reasons in sentences."""
        told = []
        for key, values in self.reasons:
            words = {k: number(v, "share", lang) if isinstance(v, float) else v for k, v in values.items()}
            told.append(text(f"badges.{key}", lang, **words))
        return " ".join(told)


def badge(indicator: str, record: Record | None = None, sign_share: float | None = None) -> Badge:
    """The badge of an indicator from its record; ``sign_share`` of paired runs, where it is about a difference.

    ``tested``: on the kept-out years better than every naive forecast, by the error of the middle and by the whole
    forecast. ``partly_tested``: compared with published figures, but not that. ``untested``: never compared.
    """
    record = load_record() if record is None else record
    score, reasons = record.score(indicator), []
    if score is not None:
        wins = all(score["model_wins"].values())
        level = "tested" if wins else "partly_tested"
        reasons.append(("wins" if wins else "loses", {"n": score["n"], "error": float(score["model"]["mape"])}))
    elif record.fitted(indicator):
        level = "partly_tested"
        reasons.append(("fitted", {}))
    else:
        level = "untested"
        reasons.append(("no_figures", {}))
    grade = data_grade(indicator) if level != "untested" else None
    if grade is not None:
        reasons.append((f"grade_{grade.replace('-', '_')}", {}))
    if sign_share is not None and sign_share == sign_share:
        reasons.append(("same_sign" if agree(sign_share) else "no_sign", {"share": float(sign_share)}))
    return Badge(level, tuple(reasons))


def agree(sign_share: float) -> bool:
    """Whether so large a part of the paired runs has one sign that the model can tell the direction."""
    return sign_share >= PASS_SHARE


@cache
def data_grade(indicator: str) -> str | None:
    """The best status among the published figures that are fitted or judged by; None where there are none."""
    table = observations()
    found = set(table[(table["indicator"] == indicator) & table["use"].isin(["fit", "kept_out"])]["status"])
    return next((grade for grade in GRADES if grade in found), None)

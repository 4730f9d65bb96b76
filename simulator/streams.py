"""Luck: one random number for each seed, process, step, label and row.

A number is a pure function of these, so it is the same whoever asks, in any order, and only what is needed is computed.
Two scenarios with one seed therefore meet the same luck. The mixing function is the finaliser of SplitMix64 (Steele,
Lea and Flood 2014), applied to a key plus a Weyl sequence over rows. In whole numbers of 64 bits, which wrap around:

1. The key is the first 8 bytes, little-endian, of BLAKE2b with a digest of 8 bytes, over seed, process, step and label
   as text, joined by the character 1F (hexadecimal). The step counts from 0, the opening has step 0.
2. x is (row + 1) × 9E3779B97F4A7C15 + key. Then three times: x is xored with x shifted right by 30, 27 and 31 bits;
   after the first it is multiplied by BF58476D1CE4E5B9, after the second by 94D049BB133111EB.
3. Uniform u is (x shifted right by 11 bits + 1/2) / 2^53. Normal: its quantile; Gumbel: -ln(-ln u); exponential: -ln u.

Where a row is a person or a buyer it is the row of the table, where it is a factory its number; other rows are spelled
out by process. In labels, braces stand for a number: a job or a stage by its place from 0.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from simulator.compiled import compiled

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_INVERSE = np.uint64(pow(int(_GOLDEN), -1, 2**64))
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)
_BLOCK = 30  # steps whose keys are worked out together
_S30, _S27, _S31, _S11 = (np.uint64(n) for n in (30, 27, 31, 11))


@lru_cache(maxsize=1_024)  # some two runs: those of other scenarios or parameters with the same seed find theirs
def _keys(seed: int, process: str, label: str, block: int) -> NDArray[np.uint64]:
    """Keys of a block of steps."""
    steps = range(block * _BLOCK, (block + 1) * _BLOCK)
    texts = (f"{seed}\x1f{process}\x1f{step}\x1f{label}".encode() for step in steps)
    return np.frombuffer(b"".join(hashlib.blake2b(text, digest_size=8).digest() for text in texts), "<u8")


@lru_cache(maxsize=256)
def _keys_of_labels(seed: int, process: str, labels: tuple[str, ...], block: int) -> NDArray[np.uint64]:
    """The same for several labels, shape [step, label]."""
    return np.stack([_keys(seed, process, label, block) for label in labels], axis=1)


@compiled
def luck(key: np.uint64, row: int) -> float:
    """The uniform number of one row, for compiled loops that want it where it is used."""
    x = (np.uint64(row) + (key * _INVERSE + np.uint64(1))) * _GOLDEN  # is (row + 1) * _GOLDEN + key, six times as fast
    x = (x ^ (x >> _S30)) * _MIX1
    x = (x ^ (x >> _S27)) * _MIX2
    x = x ^ (x >> _S31)
    return (np.float64(x >> _S11) + 0.5) * 2.0**-53


@compiled
def _uniform_first(key: np.uint64, count: int) -> NDArray[np.float64]:
    out = np.empty(count)
    for row in range(count):
        out[row] = luck(key, row)
    return out


@compiled
def _uniform_at(key: np.uint64, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    out = np.empty(len(rows))
    for i in range(len(rows)):
        out[i] = luck(key, rows[i])
    return out


@compiled
def _uniforms_at(keys: NDArray[np.uint64], rows: NDArray[np.int64]) -> NDArray[np.float64]:
    out = np.empty((len(keys), len(rows)))
    for k in range(len(keys)):
        for i in range(len(rows)):
            out[k, i] = luck(keys[k], rows[i])
    return out


class Stream:
    """The luck of one process in one step; ``label`` tells several draws of the process apart."""

    def __init__(self, seed: int, process: str, step: int) -> None:
        self.seed, self.process, self.step = int(seed), process, int(step)

    def uniform(self, rows: int | ArrayLike, label: str = "") -> NDArray[np.float64]:
        """Uniform numbers in (0, 1), one a row; ``rows`` is a count or an array of row numbers."""
        key = self.key(label)
        if isinstance(rows, int):
            return _uniform_first(key, rows)
        return _uniform_at(key, np.ascontiguousarray(rows, np.int64))

    def key(self, label: str = "") -> np.uint64:
        """The key of a label's numbers, for ``luck``."""
        block, place = divmod(self.step, _BLOCK)
        key: np.uint64 = _keys(self.seed, self.process, label, block)[place]
        return key

    def normal(self, rows: int | ArrayLike, label: str = "") -> NDArray[np.float64]:
        """Standard normal numbers."""
        return ndtri(self.uniform(rows, label))

    def draws(
        self, rows: ArrayLike, uniform: tuple[str, ...], normal: tuple[str, ...]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Uniform and standard normal numbers under several labels at once, each of shape [label, row]."""
        block, place = divmod(self.step, _BLOCK)
        keys = _keys_of_labels(self.seed, self.process, uniform + normal, block)
        numbers = _uniforms_at(keys[place], np.ascontiguousarray(rows, np.int64))
        return numbers[: len(uniform)], ndtri(numbers[len(uniform) :])

    def gumbel(self, rows: int | ArrayLike, label: str = "") -> NDArray[np.float64]:
        """Standard Gumbel numbers."""
        return -np.log(-np.log(self.uniform(rows, label)))

    def exponential(self, rows: int | ArrayLike, label: str = "") -> NDArray[np.float64]:
        """Standard exponential numbers."""
        return -np.log(self.uniform(rows, label))

    def generator(self, label: str = "") -> np.random.Generator:
        """A NumPy generator for the rare draw that needs a distribution of its own (Poisson counts)."""
        return np.random.Generator(np.random.Philox(int(self.key(label))))

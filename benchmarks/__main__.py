"""Prints the table of ``benchmarks.baseline``."""

from benchmarks.baseline import main

main()

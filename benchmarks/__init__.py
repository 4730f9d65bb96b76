"""How fast the simulator is, each time against something measured in the same run: ``python -m benchmarks``."""

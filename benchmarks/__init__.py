"""What the simulator's speed is measured with: ``python -m benchmarks``."""

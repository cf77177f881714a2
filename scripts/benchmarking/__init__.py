"""What `scripts/bench` and its sisters are made of; see docs/benchmarks.md."""

"""`make bench`: what the service costs beside the bare model, and how it stands load and overload (docs/benchmarks.md)."""

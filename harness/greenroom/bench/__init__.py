"""Benchmarks: each measures, and holds its figures against the bars that were set for it."""

from greenroom.bench.report import Bar, Report, at_least, at_most

__all__ = ["Bar", "Report", "at_least", "at_most"]

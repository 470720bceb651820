"""Tests of the checks: evidence in, findings out; nothing is loaded or run."""

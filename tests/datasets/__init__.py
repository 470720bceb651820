"""Made data sets: every fault of masks that public threads tell of, and sound sets of every encoding.

`python -m tests.datasets` audits all of them and prints how many faults were found and named, and which
errors were said of sound sets.
"""

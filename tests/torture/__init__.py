"""Every fallible call of the parent and of the worker fails once, and the command must still end well.

One run counts the calls that our own code makes (files, pipes, processes, signals, threads, decoding); then the command
runs once for each of them, and that call raises what a full disk, a spent limit or a broken file raises.
`python -m tests.torture --out FILE` takes every point, the test suite a few.
"""

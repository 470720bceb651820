"""Files that no tool should trust: `python -m tests.bad_files` gives each of them to the real command."""

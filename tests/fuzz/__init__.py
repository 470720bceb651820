"""Damaged and invented inputs for everything that reads what others wrote: `python -m tests.fuzz`, `make fuzz`."""

"""The parts of the terminal report, in the order in which a person reads them.

Each part is a function (Report, Look) that yields Rich renderables; `terminal` puts them one below the other.
"""

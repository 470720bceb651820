"""The preprocessing fingerprint on networks that are trained for real: `python -m tests.fingerprint`."""

"""Trained networks with pictures and masks on disk, sound and with one fault each, for tests and measurements."""

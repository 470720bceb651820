"""What the README promises, each with the tests that keep it and the figures of the last full run."""

"""Tests of loading: from a target to a network, or to one clear sentence."""

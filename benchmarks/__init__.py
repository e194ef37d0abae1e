"""Measurements. They print tables for the docs; they never fail because a machine is slow."""

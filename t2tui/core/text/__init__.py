"""Compiled text output: columns as rows of T2 text."""

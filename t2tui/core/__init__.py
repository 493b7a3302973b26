"""The engine: capture, dissect, flows, text. Imports neither textual nor click."""

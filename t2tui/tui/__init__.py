"""The terminal UI. ``session``, ``opening``, ``arrangement``, ``arranger``, ``faults`` import no textual."""

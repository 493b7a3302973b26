"""Small screens over the others."""

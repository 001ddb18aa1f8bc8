"""Results as text, HTML and JSON."""

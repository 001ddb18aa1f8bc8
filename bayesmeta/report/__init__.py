"""Report room. In: fits and the tables made from them. Out: text for people and JSON for machines."""

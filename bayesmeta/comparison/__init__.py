"""Models against each other: studies left out, weights, validation."""

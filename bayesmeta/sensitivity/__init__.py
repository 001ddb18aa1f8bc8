"""How far answers rest on the priors."""

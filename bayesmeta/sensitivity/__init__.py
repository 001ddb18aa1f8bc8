"""How far answers depend on the priors."""

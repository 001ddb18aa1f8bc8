"""The density of models of survival: medians and landmarks of arms, given their curves."""

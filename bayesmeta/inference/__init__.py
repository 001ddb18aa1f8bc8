"""From a model and its arms to a posterior, by draws or by quadrature, and its diagnosis."""

"""Nested outcomes, fitted. In: a `Design`. Out: a `Fit`, its draws and its density.

The PyMC model of `bayesmeta.model.build` is the definition; a contract test holds the compiled
density to it.
"""

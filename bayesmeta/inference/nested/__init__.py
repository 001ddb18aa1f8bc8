"""The compiled density of several nested outcomes.

The PyMC model of `bayesmeta.model.build` is the definition; a contract test holds the compiled
density to it.
"""

"""The compiled log density of a design, its arrays and its coordinates.

The PyMC model of `bayesmeta.model.build` is the definition; a contract test holds this to it.
"""

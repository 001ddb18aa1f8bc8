"""Density room. In: a design. Out: its log density as compiled code and arrays, and its coordinates.

The PyMC model of `bayesmeta.model.build` is the definition; a contract test holds this to it.
"""

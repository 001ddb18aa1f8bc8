"""Nested outcomes, fitted. In: a `NestedDesign`. Out: a `NestedFit`, its draws and its density.

The PyMC model of `bayesmeta.model.nested` is the definition; a contract test holds the compiled
density to it.
"""

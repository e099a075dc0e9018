"""Reads Bicep files without the compiler, for tests: what they declare, with literal values as Python values.

This knows syntax only. Types, scopes and what Azure accepts are told by `bicep build` and by Azure.
"""

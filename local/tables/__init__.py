"""A table service in memory that finds rows by partition, as Azure's does, for measurements with a long past.

Azurite looks at every row of a table for each query, so with a hundred thousand rows it is what gets measured. This one
passes the same contract tests (tests/contract), and is for measurements only: tests of promises talk to Azurite.
"""

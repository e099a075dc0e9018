"""Formats of what F&O reads and writes: package manifests, rows of CSV and XML. Standard library, no I/O of its own."""

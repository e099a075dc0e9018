"""Exports: taken from the queue, stored in the lake, acknowledged."""

"""The soak: many hosts, killed at random, on a storage that restarts and an F&O that fails, and then a reckoning.

`python3 dev.py soak`; docs/soak.md tells what it shows and what it does not.
"""

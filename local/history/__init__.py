"""A ledger with a long past: how long do the pages take when a million files have ended?"""

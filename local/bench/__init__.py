"""`dev.py bench`: the engine, the script that one would write without it, and a native client, on the same servers."""

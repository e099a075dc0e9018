"""What keeps a file from being sent now: caps, pauses, windows, order, circuits."""

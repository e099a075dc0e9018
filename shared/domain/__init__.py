"""What is true without any machine: standard library only, no clock, no I/O."""

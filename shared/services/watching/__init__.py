"""What is looked at from time to time: promises, sums, gauges, timers, what is old."""

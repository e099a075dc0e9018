"""What should have happened by now, and whether sums add up."""

"""What is wrong with a file, as rules over what was seen of it."""

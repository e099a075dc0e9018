"""Files on their way in: taken up, checked, packed, put in order, let through."""

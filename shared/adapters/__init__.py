"""One outside thing each, behind the ports. Foreign errors become shared.errors here, at the edge, once."""

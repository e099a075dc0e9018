"""Files and the lake in Blob Storage: whole, as a stream, and by ranges."""

"""Small factories: a carrier from a few lines of manifest, an answer from a few lines of data."""

"""The way of an answer through the real store."""

"""Carriers together, over their real readings."""

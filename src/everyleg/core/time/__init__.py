"""Time: what a carrier printed (`layouts`), in which zone (`zones`, `offsets`), which instant it is (`resolve`)."""

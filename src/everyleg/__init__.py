"""Everyleg · 全程: from what each carrier said to one timeline per parcel.

Floors, from the ground up (import-linter holds the order): `core` (pure: vocabulary, time, statements, fold,
wording), `numbers` (which carrier could this number be), `ports` (what a plug-in is: manifest reader, registry,
contract kit), `carriers` (one folder per carrier, data), `app` (wiring), `cli` (the command).
"""

"""What every page is made of: the ribbon (geometry and SVG) and the macros of buttons, rows, notes and forms.

Belongs here: what two pages show in the same way; `docs/components.md` lists it, `/dev/components` shows it. Does not
belong here: queries, routes, and what only one page needs.
"""

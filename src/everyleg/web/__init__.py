"""What people see in a browser: the seller's console and the buyer's page.

Belongs here: routes, templates, styles, what a page shows and in which words. Does not belong here: decisions about
parcels (core, pipeline), who may do what (accounts).
"""

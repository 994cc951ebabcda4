"""Worlds to try the product in: made-up answers in real shapes, later whole seasons with known truth.

Ships with the product. Belongs here: what plays carriers and parcels. Does not belong here: anything that a real
parcel needs.
"""

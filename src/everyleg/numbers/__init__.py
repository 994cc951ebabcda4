"""Tracking numbers: clean-up, check digits, and ranked candidates with reasons.

Belongs here: the algorithms. Does not belong here: which carrier uses which format; that is data in the carrier's
own folder.
"""

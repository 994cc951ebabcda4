"""17TRACK, Tracking API v2.4: registers a number once (that is what it charges for), then tells of it for nothing.

Belongs here: its requests, its answers and pushes. Does not belong here: whether it is worth its price (`planner`).
"""

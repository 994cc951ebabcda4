"""快递100 (Kuaidi100), enterprise API: asked for one number a call, or subscribed to and then pushed by it.

Belongs here: its requests, its answers and pushes. Does not belong here: whether it is worth its price (`planner`).
"""

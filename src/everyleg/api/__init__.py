"""What machines talk to: the public API (`v1`), and what others push to us (`intake`).

Belongs here: routes, shapes on the wire, problem documents, the OpenAPI description. Does not belong here: pages
(`web`), decisions about parcels (`pipeline`, `core`), how an answer is read (`carriers`, `upstreams`).
"""

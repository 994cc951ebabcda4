"""Who may do what: workspaces, people, sessions, invitations, keys, roles, secrets, audit, privacy.

Belongs here: proving who somebody is, what a role may do, keeping and erasing personal data. Does not belong here:
pages that ask for it (web).
"""

"""Real processes, killed and starved while they work: nothing acknowledged is lost, nothing comes twice.

Short forms run with the other tests; `python -m tests.faults.soak` (`make soak`) runs the long ones.
"""

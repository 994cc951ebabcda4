"""The simulated world: lanes, carriers and parcels whose truth is known, made of a seed.

Belongs here: what happens to parcels and what carriers let people see of it. Does not belong here: the season file
itself (`lab/season.py`, which reads anybody's), and anything that judges.

The tables (YAML) hold every figure with its source; `docs/lab.md` explains them. A parcel's way is walked by `origin`
→ `line_haul` → `border` → `last_mile` under `fates` (its own troubles), `traffic` (what it shares with its
consignment) and `incidents` (what it shares with everybody); `feeds` and `printing` turn the way into what is
published; `truths` says what was wrong; `making` writes it all in order of time. The clock is the world's own:
seconds since 1970, started by the plan.
"""

from everyleg.lab.world.making import Made, World, parcel_id
from everyleg.lab.world.plan import Plan, PlanError

__all__ = ["Made", "Plan", "PlanError", "World", "parcel_id"]

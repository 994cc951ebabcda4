"""What consolidations are inside of, from the inside out, as one statement says it."""


def around(start: str) -> str:
    """The common table `around (id)`, for `WITH RECURSIVE`: consolidations and all that they are inside of.

    Args:
        start: the query of the first ones; it and the rest name the workspace `%(workspace)s`.
    """
    return f"""around (id) AS (
    {start}
    UNION
    SELECT m.consolidation_id FROM around
    JOIN consolidation_numbers c ON c.workspace_id = %(workspace)s AND c.consolidation_id = around.id
    JOIN memberships m ON m.workspace_id = %(workspace)s AND m.number_id = c.number_id
)"""  # noqa: S608 - our own words


AROUND = around("SELECT unnest(%(ids)s::bigint[])")
"""Around consolidations that are asked for by id, these included."""

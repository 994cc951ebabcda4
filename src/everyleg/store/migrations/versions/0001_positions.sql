-- A change's position is the number of the transaction that wrote it, plus the base of this database. The base is 0 until
-- the rows come from another cluster (restore, upgrade), whose transactions had greater numbers: then it is put above all
-- of them, so positions only ever grow and no reader's cursor is lost. Replaced as a whole, it costs a query nothing.
CREATE FUNCTION position_base() RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS 'SELECT 0::bigint';

-- Where the running transaction writes.
CREATE FUNCTION own_position() RETURNS xid8 STABLE LANGUAGE sql
AS 'SELECT (pg_current_xact_id()::text::bigint + position_base())::text::xid8';

-- What may be read: everything below belongs to transactions that have ended.
CREATE FUNCTION settled_position() RETURNS xid8 STABLE LANGUAGE sql
AS 'SELECT (pg_snapshot_xmin(pg_current_snapshot())::text::bigint + position_base())::text::xid8';

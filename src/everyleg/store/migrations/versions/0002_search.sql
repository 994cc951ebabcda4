CREATE INDEX numbers_search_idx ON numbers USING gin (workspace_id, tracking_number public.gin_trgm_ops);
CREATE INDEX shipments_search_idx ON shipments USING gin (workspace_id, order_reference public.gin_trgm_ops);

-- Operators of pg_trgm are not leakproof, so under row-level security they lose their index. This function runs as the
-- owner, past row-level security, and holds to the workspace itself: both conditions below are part of every branch.
CREATE FUNCTION search_parcels(wanted text, most integer) RETURNS TABLE (parcel_id bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    workspace integer := nullif(current_setting('everyleg.workspace', true), '')::integer;
    pattern text := '%' || regexp_replace(wanted, '([\\%_])', '\\\1', 'g') || '%';
BEGIN
    RETURN QUERY
    SELECT l.parcel_id FROM numbers n JOIN legs l ON l.workspace_id = n.workspace_id AND l.number_id = n.number_id
    WHERE n.workspace_id = workspace AND n.tracking_number ILIKE pattern
    UNION
    SELECT p.parcel_id FROM shipments s
    JOIN parcels p ON p.workspace_id = s.workspace_id AND p.shipment_id = s.shipment_id
    WHERE s.workspace_id = workspace AND s.order_reference ILIKE pattern
    LIMIT most;
END $$;
REVOKE ALL ON FUNCTION search_parcels FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_parcels TO everyleg_app, everyleg_worker;

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
    (SELECT l.parcel_id FROM numbers n JOIN legs l ON l.workspace_id = n.workspace_id AND l.number_id = n.number_id
     WHERE n.workspace_id = workspace AND n.tracking_number ILIKE pattern LIMIT most)
    UNION
    (SELECT p.parcel_id FROM shipments s
     JOIN parcels p ON p.workspace_id = s.workspace_id AND p.shipment_id = s.shipment_id
     WHERE s.workspace_id = workspace AND s.order_reference ILIKE pattern LIMIT most)
    LIMIT most;
END $$;
REVOKE ALL ON FUNCTION search_parcels FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_parcels TO everyleg_app, everyleg_worker;

-- Lists of parcels: newest news first, what has none yet before all. Walking and counting need nothing but the index:
-- rows of states are wide, as they carry their timelines. (CASE, as COALESCE counts as leaky: under row-level security
-- it would be no condition of an index.)
CREATE INDEX states_list_idx ON states (workspace_id, (CASE WHEN last_event_at IS NULL THEN 'infinity'::timestamptz ELSE last_event_at END), parcel_id)
INCLUDE (last_event_at, milestone, stage, exception, shop_id, channel_id, destination_country, tag_ids) WHERE listed;
CREATE INDEX states_milestone_idx
ON states (workspace_id, milestone, (CASE WHEN last_event_at IS NULL THEN 'infinity'::timestamptz ELSE last_event_at END), parcel_id)
INCLUDE (last_event_at, stage, exception, shop_id, channel_id, destination_country, tag_ids) WHERE listed;
CREATE INDEX states_exception_idx
ON states (workspace_id, (CASE WHEN last_event_at IS NULL THEN 'infinity'::timestamptz ELSE last_event_at END), parcel_id)
INCLUDE (last_event_at, milestone, stage, shop_id, channel_id, destination_country, tag_ids) WHERE listed AND exception;

-- Silence is asked of what is under way; most of what is silent has long arrived.
CREATE INDEX states_open_idx
ON states (workspace_id, (CASE WHEN last_event_at IS NULL THEN 'infinity'::timestamptz ELSE last_event_at END), parcel_id)
INCLUDE (last_event_at, milestone, stage, exception, shop_id, channel_id, destination_country, tag_ids)
WHERE listed AND milestone NOT IN ('delivered', 'returned');
-- What goes together, so that the planner knows that few are left.
CREATE STATISTICS states_kinds (mcv, ndistinct) ON workspace_id, milestone, stage, exception FROM states;

-- Archived and merged parcels leave the lists, and come back when that is undone.
CREATE FUNCTION list_parcel() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE states SET listed = NEW.archived_at IS NULL AND NEW.merged_into IS NULL
    WHERE workspace_id = NEW.workspace_id AND parcel_id = NEW.parcel_id;
    RETURN NULL;
END $$;
CREATE TRIGGER listed AFTER UPDATE OF archived_at, merged_into ON parcels FOR EACH ROW
WHEN ((OLD.archived_at IS NULL AND OLD.merged_into IS NULL) <> (NEW.archived_at IS NULL AND NEW.merged_into IS NULL))
EXECUTE FUNCTION list_parcel();

-- A number without what people and systems put between its characters: so an answer finds one that it names bare.
CREATE INDEX numbers_bare_idx ON numbers (workspace_id, upper(regexp_replace(tracking_number, '[^[:alnum:]]', '', 'g')));

-- Lists are narrowed by what the shipment says: states carry it, as a walk through three tables would be too far.
CREATE FUNCTION ship_states() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE states s SET shop_id = h.shop_id, channel_id = h.channel_id, destination_country = h.destination_country
    FROM made JOIN parcels p ON p.workspace_id = made.workspace_id AND p.parcel_id = made.parcel_id
    JOIN shipments h ON h.workspace_id = p.workspace_id AND h.shipment_id = p.shipment_id
    WHERE s.workspace_id = made.workspace_id AND s.parcel_id = made.parcel_id;
    UPDATE states s SET tag_ids = t.ids
    FROM made CROSS JOIN LATERAL (
        SELECT array_agg(pt.tag_id ORDER BY pt.tag_id) AS ids FROM parcel_tags pt
        WHERE pt.workspace_id = made.workspace_id AND pt.parcel_id = made.parcel_id) AS t
    WHERE t.ids IS NOT NULL AND s.workspace_id = made.workspace_id AND s.parcel_id = made.parcel_id;
    RETURN NULL;
END $$;
CREATE TRIGGER shipped AFTER INSERT ON states REFERENCING NEW TABLE AS made
FOR EACH STATEMENT EXECUTE FUNCTION ship_states();

CREATE FUNCTION ship_parcel() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE states s SET (shop_id, channel_id, destination_country) = (
        SELECT h.shop_id, h.channel_id, h.destination_country FROM shipments h
        WHERE h.workspace_id = NEW.workspace_id AND h.shipment_id = NEW.shipment_id)
    WHERE s.workspace_id = NEW.workspace_id AND s.parcel_id = NEW.parcel_id;
    RETURN NULL;
END $$;
CREATE TRIGGER shipped AFTER UPDATE OF shipment_id ON parcels FOR EACH ROW
WHEN (OLD.shipment_id IS DISTINCT FROM NEW.shipment_id) EXECUTE FUNCTION ship_parcel();

CREATE FUNCTION ship_shipment() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE states s
    SET shop_id = NEW.shop_id, channel_id = NEW.channel_id, destination_country = NEW.destination_country
    FROM parcels p WHERE p.workspace_id = NEW.workspace_id AND p.shipment_id = NEW.shipment_id
        AND s.workspace_id = p.workspace_id AND s.parcel_id = p.parcel_id;
    RETURN NULL;
END $$;
CREATE TRIGGER shipped AFTER UPDATE OF shop_id, channel_id, destination_country ON shipments FOR EACH ROW
WHEN ((OLD.shop_id, OLD.channel_id, OLD.destination_country)
      IS DISTINCT FROM (NEW.shop_id, NEW.channel_id, NEW.destination_country)) EXECUTE FUNCTION ship_shipment();

CREATE FUNCTION tag_states() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE states s SET tag_ids = (
        SELECT array_agg(pt.tag_id ORDER BY pt.tag_id) FROM parcel_tags pt
        WHERE pt.workspace_id = s.workspace_id AND pt.parcel_id = s.parcel_id)
    FROM (SELECT DISTINCT workspace_id, parcel_id FROM changed) AS c
    WHERE s.workspace_id = c.workspace_id AND s.parcel_id = c.parcel_id;
    RETURN NULL;
END $$;
CREATE TRIGGER tagged AFTER INSERT ON parcel_tags REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION tag_states();
CREATE TRIGGER untagged AFTER DELETE ON parcel_tags REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION tag_states();

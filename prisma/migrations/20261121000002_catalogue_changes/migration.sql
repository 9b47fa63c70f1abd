-- Whoever changes the catalogue, from whatever program, tells the listeners: library/catalogue-changes.ts.
-- Payload: "v <video>" or "b <broadcast> <video>". Equal ones within a transaction are sent once (PostgreSQL 18, NOTIFY).

CREATE FUNCTION notify_video_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('reprise_catalogue', 'v ' || coalesce(NEW.id, OLD.id));
  RETURN NULL;
END $$;

CREATE FUNCTION notify_part_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('reprise_catalogue', 'v ' || coalesce(NEW.video_id, OLD.video_id));
  RETURN NULL;
END $$;

CREATE FUNCTION notify_broadcast_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('reprise_catalogue', 'b ' || coalesce(NEW.id, OLD.id) || ' ' || coalesce(NEW.video_id, OLD.video_id));
  RETURN NULL;
END $$;

CREATE FUNCTION notify_session_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('reprise_catalogue', 'b ' || b.id || ' ' || b.video_id) FROM broadcasts b WHERE b.id = coalesce(NEW.broadcast_id, OLD.broadcast_id);
  RETURN NULL;
END $$;

CREATE TRIGGER videos_notify AFTER INSERT OR UPDATE OR DELETE ON videos FOR EACH ROW EXECUTE FUNCTION notify_video_change();
CREATE TRIGGER renditions_notify AFTER INSERT OR UPDATE ON renditions FOR EACH ROW EXECUTE FUNCTION notify_part_change();
-- Of chunks only what is ready counts for progress; leases are renewed too often to tell.
CREATE TRIGGER chunks_notify AFTER UPDATE OF state ON chunks FOR EACH ROW WHEN (NEW.state = 'ready' AND OLD.state <> 'ready') EXECUTE FUNCTION notify_part_change();
CREATE TRIGGER broadcasts_notify AFTER INSERT OR UPDATE ON broadcasts FOR EACH ROW EXECUTE FUNCTION notify_broadcast_change();
CREATE TRIGGER broadcast_sessions_notify AFTER INSERT OR UPDATE ON broadcast_sessions FOR EACH ROW EXECUTE FUNCTION notify_session_change();

import { PLANNING } from '../schema/functions/answer.ts';

/*
 * Changes take the lock of the settings, of which each takes a revision (D4). Who reads a definition shares it: he reads
 * what a change under way leaves behind, and the next change sees the run that he read it for (D1).
 */
const CHANGED = `PERFORM millrace.put_setting_v1(p_now, 'definitions', '', NULL);
    v_revision := (SELECT s.revision FROM millrace.settings s WHERE s.name = 'definitions');`;

export const DEFINITIONS = `
CREATE FUNCTION millrace.put_definition_v1(
  p_now bigint, p_namespace text, p_name text, p_version text, p_hash text, p_body bytea, p_draft boolean, p_by text,
  p_route bytea,
  OUT outcome text, OUT routed boolean, OUT hash text, OUT body bytea, OUT draft boolean, OUT open_runs integer
) LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
DECLARE
  v_now bigint := coalesce(p_now, millrace.clock_v1());
  v_found record;
  v_route bytea;
  v_first boolean;
  v_revision bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(77014, 2);
  SELECT d.hash, d.draft, d.body INTO v_found FROM millrace.definitions d
  WHERE d.namespace = p_namespace AND d.name = p_name AND d.version = p_version;
  outcome := CASE WHEN v_found.hash = p_hash AND (p_draft OR NOT v_found.draft) THEN 'same' ELSE 'stored' END;
  IF v_found.hash <> p_hash THEN
    open_runs := CASE WHEN v_found.draft AND EXISTS (
      SELECT 1 FROM millrace.runs r
      WHERE r.namespace = p_namespace AND r.workflow = p_name
        AND split_part(r.workflow_version, '+', 1) = p_version) THEN 1 ELSE 0 END;
    IF open_runs > 0 OR NOT v_found.draft THEN
      outcome := 'exists';
      hash := v_found.hash;
      body := v_found.body;
      draft := v_found.draft;
      RETURN;
    END IF;
  END IF;

  v_route := (SELECT t.value FROM millrace.routes t WHERE t.namespace = p_namespace AND t.name = p_name);
  v_first := p_route IS NOT NULL AND v_route IS NULL;
  routed := coalesce(coalesce(v_route, p_route) = p_route, false);
  IF outcome = 'stored' OR v_first THEN
    ${CHANGED}
  END IF;
  IF outcome = 'stored' THEN
    INSERT INTO millrace.definitions (namespace, name, version, stored_at, bytes, draft, hash, stored_by, body)
    VALUES (p_namespace, p_name, p_version, v_now, length(p_body), p_draft, p_hash, p_by, p_body)
    ON CONFLICT (namespace, name, version) DO UPDATE SET stored_at = excluded.stored_at, bytes = excluded.bytes,
      draft = excluded.draft, hash = excluded.hash, stored_by = excluded.stored_by, body = excluded.body;
  END IF;
  IF v_first THEN
    INSERT INTO millrace.routes (namespace, name, revision, replaced, changed_at, value)
    VALUES (p_namespace, p_name, v_revision, 0, v_now, p_route);
  END IF;
END $$;

-- In request order; nothing of what is not there.
CREATE FUNCTION millrace.read_definitions_v1(p_namespace text[], p_name text[], p_version text[])
RETURNS TABLE (n integer, hash text, bytes integer, draft boolean, stored_at bigint, stored_by text, body bytea)
LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
BEGIN
  PERFORM pg_advisory_xact_lock_shared(77014, 2);
  RETURN QUERY
  SELECT u.n::integer, d.hash, d.bytes, d.draft, d.stored_at, d.stored_by, d.body
  FROM unnest(p_namespace, p_name, p_version) WITH ORDINALITY AS u(namespace, name, version, n), LATERAL (
    SELECT d.* FROM millrace.definitions d
    WHERE d.namespace = u.namespace AND d.name = u.name AND d.version = u.version LIMIT 1) d;
END $$;

CREATE FUNCTION millrace.put_route_v1(
  p_now bigint, p_namespace text, p_name text, p_value bytea, p_expect bigint, OUT outcome text
) LANGUAGE plpgsql VOLATILE ${PLANNING} AS $$
#variable_conflict use_column
DECLARE
  v_found record;
  v_revision bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(77014, 2);
  SELECT t.revision, t.replaced, t.value INTO v_found FROM millrace.routes t
  WHERE t.namespace = p_namespace AND t.name = p_name;
  outcome := 'ok';
  IF coalesce(v_found.revision, 0) = p_expect THEN
    ${CHANGED}
    INSERT INTO millrace.routes (namespace, name, revision, replaced, changed_at, value)
    VALUES (p_namespace, p_name, v_revision, p_expect, coalesce(p_now, millrace.clock_v1()), p_value)
    ON CONFLICT (namespace, name) DO UPDATE SET revision = excluded.revision, replaced = excluded.replaced,
      changed_at = excluded.changed_at, value = excluded.value;
  ELSIF v_found.replaced IS DISTINCT FROM p_expect OR v_found.value <> p_value THEN
    outcome := 'conflict';
  END IF;
END $$;
`;

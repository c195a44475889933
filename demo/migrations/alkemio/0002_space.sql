-- Spaces, in which people work together; one may lie inside another.
CREATE TYPE space_visibility AS ENUM ('active', 'archived');

CREATE TABLE space (
    id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
    parent_id uuid REFERENCES space,
    name text NOT NULL CHECK (name <> ''),
    visibility space_visibility NOT NULL DEFAULT 'active'
);

CREATE FUNCTION space_depth(of uuid) RETURNS integer LANGUAGE plpgsql STABLE AS $$
DECLARE
    depth integer := 0;
    parent uuid;
BEGIN
    SELECT parent_id INTO parent FROM space WHERE id = of;
    WHILE parent IS NOT NULL LOOP
        depth := depth + 1;
        SELECT parent_id INTO parent FROM space WHERE id = parent;
    END LOOP;
    RETURN depth;
END;
$$;

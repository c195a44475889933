-- The platform itself: one row, made with its table.
CREATE TABLE platform (
    id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

INSERT INTO platform (name) VALUES ('Alkemio demo');

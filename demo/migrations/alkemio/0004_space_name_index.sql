-- Readers and writers go on while the index is built; neither may this run inside a transaction.
CREATE INDEX CONCURRENTLY space_name ON space (lower(name));

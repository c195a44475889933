ALTER TYPE mood ADD VALUE 'neu é';
INSERT INTO t VALUES ('neu é');

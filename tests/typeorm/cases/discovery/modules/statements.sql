CREATE TABLE of_file (id int);
INSERT INTO of_file VALUES (1);

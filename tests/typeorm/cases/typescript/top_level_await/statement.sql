CREATE TABLE of_file (id int);

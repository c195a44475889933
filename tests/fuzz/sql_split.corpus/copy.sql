COPY t (a, b) FROM stdin;
1	x
\.
SELECT 1;

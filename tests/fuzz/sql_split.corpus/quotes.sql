DO $$ BEGIN PERFORM ';'; END $$;
SELECT $q$;$q$, E'\';', U&'\0041', "a;b" /* ; /* ; */ */;

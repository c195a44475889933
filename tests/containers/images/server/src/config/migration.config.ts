import { join } from 'path';
import { DataSource } from 'typeorm';

const datasource = new DataSource({
  type: 'postgres',
  host: process.env.DATABASE_HOST ?? 'localhost',
  migrations: [join('src', 'migrations', '*.{ts,js}')],
  migrationsTableName: 'migrations_typeorm',
  synchronize: false,
});
datasource.initialize();
export default datasource;

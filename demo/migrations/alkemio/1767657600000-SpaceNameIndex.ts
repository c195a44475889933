import { MigrationInterface, QueryRunner } from "typeorm";

/** Readers and writers go on while the index is built, which no transaction allows. */
export class SpaceNameIndex1767657600000 implements MigrationInterface {
  name = "SpaceNameIndex1767657600000";
  transaction = false;

  public async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`CREATE INDEX CONCURRENTLY "IDX_space_name" ON "space" (lower("name"))`);
  }

  public async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP INDEX CONCURRENTLY "IDX_space_name"`);
  }
}

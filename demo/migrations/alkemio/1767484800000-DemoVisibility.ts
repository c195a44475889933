import { MigrationInterface, QueryRunner } from "typeorm";

/** A value of an enum can be used only once it is committed, so the spaces that have it come with the next migration. */
export class DemoVisibility1767484800000 implements MigrationInterface {
  name = "DemoVisibility1767484800000";

  public async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TYPE "space_visibility_enum" ADD VALUE 'demo'`);
  }

  /** PostgreSQL takes no value out of an enum. */
  public async down(): Promise<void> {}
}

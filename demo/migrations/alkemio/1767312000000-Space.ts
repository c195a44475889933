import { MigrationInterface, QueryRunner } from "typeorm";

/** Spaces, in which people work together; one may lie inside another. */
export class Space1767312000000 implements MigrationInterface {
  name = "Space1767312000000";

  public async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`CREATE TYPE "space_visibility_enum" AS ENUM ('active', 'archived')`);
    await queryRunner.query(
      `CREATE TABLE "space" ("id" uuid NOT NULL DEFAULT uuid_generate_v4(), "parentId" uuid, "name" character varying(128) NOT NULL, "visibility" "space_visibility_enum" NOT NULL DEFAULT 'active', CONSTRAINT "PK_space" PRIMARY KEY ("id"))`,
    );
    await queryRunner.query(
      `ALTER TABLE "space" ADD CONSTRAINT "FK_space_parent" FOREIGN KEY ("parentId") REFERENCES "space"("id") ON DELETE CASCADE`,
    );
  }

  public async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE "space"`);
    await queryRunner.query(`DROP TYPE "space_visibility_enum"`);
  }
}

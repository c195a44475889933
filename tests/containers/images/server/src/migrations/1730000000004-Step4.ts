import { MigrationInterface, QueryRunner } from 'typeorm';

export class Step41730000000004 implements MigrationInterface {
  name = 'Step41730000000004';

  public async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`CREATE TABLE "step4" ("id" uuid NOT NULL DEFAULT uuid_generate_v4(), CONSTRAINT "PK_step4" PRIMARY KEY ("id"))`);
  }

  public async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE "step4"`);
  }
}

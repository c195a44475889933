import { MigrationInterface, QueryRunner } from 'typeorm';

export class Step21730000000002 implements MigrationInterface {
  name = 'Step21730000000002';

  public async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`CREATE TABLE "step2" ("id" uuid NOT NULL DEFAULT uuid_generate_v4(), CONSTRAINT "PK_step2" PRIMARY KEY ("id"))`);
  }

  public async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE "step2"`);
  }
}

import { MigrationInterface, QueryRunner } from 'typeorm';

export class Step11730000000001 implements MigrationInterface {
  name = 'Step11730000000001';

  public async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`CREATE TABLE "step1" ("id" uuid NOT NULL DEFAULT uuid_generate_v4(), CONSTRAINT "PK_step1" PRIMARY KEY ("id"))`);
  }

  public async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE "step1"`);
  }
}

import { MigrationInterface, QueryRunner } from 'typeorm';

export class Step31730000000003 implements MigrationInterface {
  name = 'Step31730000000003';

  public async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`CREATE TABLE "step3" ("id" uuid NOT NULL DEFAULT uuid_generate_v4(), CONSTRAINT "PK_step3" PRIMARY KEY ("id"))`);
  }

  public async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE "step3"`);
  }
}

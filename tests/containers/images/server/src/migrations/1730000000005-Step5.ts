import { MigrationInterface, QueryRunner } from 'typeorm';

export class Step51730000000005 implements MigrationInterface {
  name = 'Step51730000000005';

  public async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`CREATE TABLE "step5" ("id" uuid NOT NULL DEFAULT uuid_generate_v4(), CONSTRAINT "PK_step5" PRIMARY KEY ("id"))`);
  }

  public async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE "step5"`);
  }
}

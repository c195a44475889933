import { MigrationInterface, QueryRunner, Table } from "typeorm";

/** The platform itself: one row, made with its table. */
export class Platform1767225600000 implements MigrationInterface {
  name = "Platform1767225600000";

  public async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(
      new Table({
        name: "platform",
        columns: [
          { name: "id", type: "uuid", isPrimary: true, default: "uuid_generate_v4()" },
          { name: "name", type: "varchar", length: "128" },
          { name: "settings", type: "jsonb", default: "'{}'" },
          { name: "createdDate", type: "timestamptz", default: "now()" },
        ],
      }),
    );
    const settings = { registration: "open", languages: ["en", "nl"] };
    await queryRunner.query(`INSERT INTO "platform" ("name", "settings") VALUES ($1, $2)`, ["Alkemio demo", settings]);
  }

  public async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable("platform");
  }
}

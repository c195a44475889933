import { MigrationInterface, QueryRunner, Table, TableForeignKey, TableIndex } from "typeorm";

/** Who there is, and who belongs to which space. */
export class Community1767398400000 implements MigrationInterface {
  name = "Community1767398400000";

  public async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(
      new Table({
        name: "user",
        columns: [
          { name: "id", type: "uuid", isPrimary: true, default: "uuid_generate_v4()" },
          { name: "email", type: "varchar", length: "256", isUnique: true },
          { name: "displayName", type: "varchar", length: "128" },
        ],
      }),
    );
    await queryRunner.createTable(
      new Table({
        name: "membership",
        columns: [
          { name: "spaceId", type: "uuid", isPrimary: true },
          { name: "userId", type: "uuid", isPrimary: true },
          { name: "role", type: "varchar", length: "32", default: "'member'" },
        ],
      }),
    );
    for (const [column, table] of [
      ["spaceId", "space"],
      ["userId", "user"],
    ]) {
      await queryRunner.createForeignKey(
        "membership",
        new TableForeignKey({ columnNames: [column], referencedTableName: table, referencedColumnNames: ["id"], onDelete: "CASCADE" }),
      );
    }
    await queryRunner.createIndex("membership", new TableIndex({ name: "IDX_membership_user", columnNames: ["userId"] }));
  }

  public async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable("membership");
    await queryRunner.dropTable("user");
  }
}

import { MigrationInterface, QueryRunner } from "typeorm";

interface Row {
  id: string;
}

const spaces = { "A space to look around in": ["Challenges", "Ideas"], "Another one": [] } satisfies Record<string, string[]>;

/** Something to look around in. */
export class DemoSpaces1767571200000 implements MigrationInterface {
  name = "DemoSpaces1767571200000";

  public async up(queryRunner: QueryRunner): Promise<void> {
    const [user]: Row[] = await queryRunner.query(`INSERT INTO "user" ("email", "displayName") VALUES ($1, $2) RETURNING "id"`, [
      "ada@example.org",
      "Ada",
    ]);
    for (const [name, parts] of Object.entries(spaces)) {
      const space = await this.make(queryRunner, name, null);
      await queryRunner.query(`INSERT INTO "membership" ("spaceId", "userId", "role") VALUES ($1, $2, 'lead')`, [space, user.id]);
      for (const part of parts) await this.make(queryRunner, part, space);
    }
  }

  private async make(queryRunner: QueryRunner, name: string, parent: string | null): Promise<string> {
    const [space]: Row[] = await queryRunner.query(
      `INSERT INTO "space" ("name", "parentId", "visibility") VALUES ($1, $2, 'demo') RETURNING "id"`,
      [name, parent],
    );
    return space.id;
  }

  public async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DELETE FROM "space" WHERE "visibility" = 'demo'`);
    await queryRunner.query(`DELETE FROM "user" WHERE "email" = $1`, ["ada@example.org"]);
  }
}

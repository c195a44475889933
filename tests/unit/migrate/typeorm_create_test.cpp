// SPDX-License-Identifier: Apache-2.0
// An empty migration looks like the others of its project.
#include "migrate/typeorm/create.h"

#include <doctest/doctest.h>

using namespace ainit::migrate::typeorm;

namespace {

Manner manner(const std::string& text, const std::string& extension) {
    Manner made = manner_of(text);
    made.extension = extension;
    return made;
}

}  // namespace

TEST_SUITE_BEGIN("unit");

TEST_CASE("typeorm create: a name becomes what TypeORM makes of it") {
    CHECK(class_name("AddUser") == "AddUser");
    CHECK(class_name("add-user_table") == "AddUserTable");
    CHECK(class_name("a") == "A");
}

TEST_CASE("typeorm create: TypeScript with two blanks, single quotes and a name") {
    const std::string neighbour =
        "import { MigrationInterface, QueryRunner } from 'typeorm';\n\n"
        "export class First1 implements MigrationInterface {\n  name = 'First1';\n\n"
        "  public async up(queryRunner: QueryRunner): Promise<void> {}\n}\n";
    CHECK(empty_migration(manner(neighbour, ".ts"), "Second2") ==
          "import { MigrationInterface, QueryRunner } from 'typeorm';\n\n"
          "export class Second2 implements MigrationInterface {\n  name = 'Second2';\n\n"
          "  public async up(queryRunner: QueryRunner): Promise<void> {\n  }\n\n"
          "  public async down(queryRunner: QueryRunner): Promise<void> {\n  }\n}\n");
}

TEST_CASE("typeorm create: TypeScript with tabs, without semicolons, exported by default") {
    const std::string neighbour =
        "import { QueryRunner } from \"typeorm\"\nexport default class First1 {\n\tasync up(q) {}\n}\n";
    CHECK(empty_migration(manner(neighbour, ".ts"), "Second2") ==
          "import { MigrationInterface, QueryRunner } from \"typeorm\"\n\n"
          "export default class Second2 implements MigrationInterface {\n"
          "\tpublic async up(queryRunner: QueryRunner): Promise<void> {\n\t}\n\n"
          "\tpublic async down(queryRunner: QueryRunner): Promise<void> {\n\t}\n}\n");
}

TEST_CASE("typeorm create: JavaScript of both kinds of modules") {
    const std::string common = "module.exports = class First1 {\n    async up(q) {\n    }\n};\n";
    CHECK(empty_migration(manner(common, ".js"), "Second2") ==
          "module.exports = class Second2 {\n    async up(queryRunner) {\n    }\n\n    async down(queryRunner) {\n    }\n};\n");
    const std::string module = "export class First1 {\n  name = 'First1'\n  async up(q) {}\n}\n";
    CHECK(empty_migration(manner(module, ".mjs"), "Second2") ==
          "export class Second2 {\n  name = \"Second2\";\n\n  async up(queryRunner) {\n  }\n\n  async down(queryRunner) {\n  }\n}\n");
}

TEST_SUITE_END();

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# matrix: no
"""From which folders the engine typeorm reads, and what it says of those that it cannot read: never that nothing is pending."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import harness  # noqa: E402


def migration(name):
    return f"module.exports = class {name} {{ async up(q) {{ await q.query('SELECT 1'); }} async down() {{}} }};\n"


class Folders(harness.StackTest):
    def setUp(self):
        super().setUp()
        self.clean()
        self.server.sql("CREATE DATABASE alkemio")

    def configured(self, key, value, more=""):
        return self.write("typeorm.toml", f'[postgres]\nhost = "127.0.0.1"\nport = {self.server.port}\n'
                          'password_file = "secrets/superuser"\nexpected_version = ""\n[[database]]\nname = "alkemio"\n'
                          f'[[migration]]\ndatabase = "alkemio"\nengine = "typeorm"\n{key} = {value}\n{more}')

    def ledger(self):
        return self.server.value("SELECT name FROM migrations ORDER BY id", "alkemio").split()

    def test_a_folder_that_is_not_there_is_named(self):
        for key, value, folder in (("files", '"/nowhere/here/*.js"', "/nowhere/here"), ("files", '["/nowhere/{a,b}/**/*.js"]', "/nowhere"),
                                   ("data_source", '"/nowhere/source.js"', "/nowhere"), ("files", '"typeorm.toml/*"', "typeorm.toml")):
            for command in (("once",), ("migrate", "run"), ("migrate", "revert"), ("migrate", "show")):
                with self.subTest((value, command)):
                    ran = self.expect(32, *command, config=self.configured(key, value))
                    self.assertRegex(ran.err + ran.out, rf"folder \S*{folder} cannot be opened: (No such file or directory|Not a directory)")
                    self.assertRegex(ran.err + ran.out, r"typeorm\.toml:\d")

    def test_a_folder_without_a_migration_is_named(self):
        self.write("package.json", "{}")
        ran = self.expect(32, "migrate", "run", config=self.configured("files", '"dist/migrations/*.js"'))
        self.assertIn("no migration is found by ", ran.err)
        self.assertIn("dist/migrations/*.js", ran.err)

    def test_globs_of_several_folders_are_all_read(self):
        self.write("first/1.js", migration("First1700000000001"))
        self.write("second/2.js", migration("Second1700000000002"))
        config = self.configured("files", '["first/*.js", "second/*.js"]')
        self.expect(0, "migrate", "run", config=config)
        self.assertEqual(self.ledger(), ["First1700000000001", "Second1700000000002"])

    def test_what_a_data_source_names_outside_of_the_project_is_not_left_out_in_silence(self):
        self.write("shared/2.js", migration("Second1700000000002"))
        self.write("project/package.json", "{}")
        self.write("project/migrations/1.js", migration("First1700000000001"))
        self.write("project/source.js", "const { DataSource } = require('typeorm');\nmodule.exports = new DataSource({ type: 'postgres', "
                   "migrations: [__dirname + '/migrations/*.js', __dirname + '/../shared/*.js', '/not/there/*.js'] });\n")
        ran = self.expect(32, "migrate", "run", config=self.configured("data_source", '"project/source.js"'))
        self.assertRegex(ran.err, r"the data source names \S+/shared/\*\.js, which is outside of the project's folder \S+/project")
        self.assertIn('directory = "', ran.err)
        self.expect(0, "migrate", "run", config=self.configured("data_source", '"project/source.js"', 'directory = "."\n'))
        self.assertEqual(self.ledger(), ["First1700000000001", "Second1700000000002"])


if __name__ == "__main__":
    harness.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the built program says of a configuration, without a server: errors with their places, exit codes, effective values
with their sources, and never a secret. The shipped files are right."""
# matrix: no

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.environ.get("ALKEMIO_INIT") or (sys.argv[1] if len(sys.argv) > 1 else "build/release/alkemio-init")
SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
CANARY = "canary-of-config '\"\\%41"


class ConfigTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="alkemio-init-config.")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.termination = self.folder / "termination-log"
        self.termination.touch()

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def run_program(self, *arguments, **variables):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "DATABASE_", "POSTGRES_", "ALKEMIO_", "NO_COLOR"))}
        ran = subprocess.run([PROGRAM, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                             env={**clean, "ALKEMIO_INIT_TERMINATION_LOG": str(self.termination), **variables}, check=False)
        for text in (ran.stdout, ran.stderr, self.termination.read_text()):
            self.assertNotIn(CANARY, text)
            self.assertNotIn(json.dumps(CANARY)[1:-1], text)
        return ran

    def expect(self, code, *arguments, **variables):
        ran = self.run_program(*arguments, **variables)
        self.assertEqual(ran.returncode, code, ran.stdout + ran.stderr)
        return ran

    def test_the_shipped_configuration_is_right(self):
        ran = self.expect(0, "config", "check", "--config", SOURCE / "config/alkemio.toml", "--without-secrets")
        self.assertRegex(ran.stdout, r"alkemio\.toml: good\. 4 roles, 4 databases, 3 migrations, 0 checks, 0 services\.\n$")
        self.assertEqual(ran.stderr, "")

    def test_what_the_shipped_configuration_suggests_is_right_too(self):
        """Its commented sections, such as [[role]] wopi, with all they contain."""
        lines = (SOURCE / "config/alkemio.toml").read_text().splitlines()
        text, inside = [], False
        for line in lines:
            inside = line.startswith("# [[") or (inside and line.startswith("# ") and " = " in line)
            text.append(line[2:] if inside else line)
        self.assertGreater(text.count("[[role]]"), 4)
        path = self.write("alkemio.toml", "\n".join(text) + "\n")
        ran = self.expect(0, "config", "check", "--config", path, "--without-secrets")
        self.assertRegex(ran.stdout, r": good\. 7 roles, 6 databases, 3 migrations, 1 checks?, 3 services\.\n$")

    def test_the_demo_is_right(self):
        self.expect(0, "config", "check", "--config", SOURCE / "demo/alkemio.toml", "--without-secrets", DEMO_PORT="5432", DEMO_SECRETS="/x")

    def test_the_example_of_the_readme_is_right(self):
        example = re.search(r"```toml\n(.*?)```", (SOURCE / "README.md").read_text(), re.DOTALL).group(1)
        self.expect(0, "config", "check", "--config", self.write("a.toml", example), "--without-secrets")

    def test_secrets_that_are_not_mounted_are_errors_with_their_places(self):
        ran = self.expect(10, "config", "check", "--config", SOURCE / "config/alkemio.toml")
        self.assertEqual(ran.stderr.count("error[E116]: cannot read the secret file"), 5)
        self.assertRegex(ran.stderr, r"--> .*config/alkemio\.toml:\d+:17\n")

    def test_files_that_libpq_reads_must_be_there(self):
        keys = ("sslrootcert", "sslcert", "sslkey", "sslcrl", "passfile")
        path = self.write("a.toml", "[postgres]\n" + "".join(f'{key} = "missing-{key}"\n' for key in keys))
        ran = self.expect(10, "config", "check", "--config", path)
        self.assertEqual(re.findall(r"^error\[E110\]: cannot read the file of (\w+) in postgres, \S+/missing-", ran.stderr, re.M),
                         list(keys))
        self.expect(0, "config", "check", "--config", path, "--without-secrets")
        for key in keys:
            self.write(f"missing-{key}", "x\n")
        self.expect(0, "config", "check", "--config", path)

        path = self.write("b.toml", "[postgres]\n")
        ran = self.expect(10, "config", "check", "--config", path, PGSSLROOTCERT=str(path.parent))
        self.assertIn("(from environment PGSSLROOTCERT): it is a folder", ran.stderr)
        self.expect(0, "config", "check", "--config", path, PGSSLROOTCERT="/missing", PGSSLMODE="disable")

    def test_everything_wrong_is_told_at_once(self):
        path = self.write("bad.toml", '[postgres]\nhots = "db"\nport = "x"\n\n[[database]]\nname = "s"\nprofile = "synapse"\n\n'
                                      '[[migration]]\ndatabase = "t"\nengine = "sql"\n')
        ran = self.expect(10, "config", "check", "--config", path, PGPASSWORD="a", PGPASSWORD_FILE="b")
        self.assertEqual(ran.stdout, f"{path}: 6 errors.\n")
        places = re.findall(r"^error\[(E\d+)\].*\n  --> (.*)$", ran.stderr, re.MULTILINE)
        self.assertEqual(places, [("E112", f"{path}:2:1"), ("E113", f"{path}:3:8"), ("E115", f"{path}:5:1"), ("E114", f"{path}:9:1"),
                                  ("E115", f"{path}:10:12"), ("E115", "environment PGPASSWORD_FILE")])
        self.assertIn('hint: did you mean "host"?', ran.stderr)
        self.assertEqual(self.termination.read_text(), ran.stderr)

    def test_every_command_refuses_a_wrong_configuration_with_exit_code_10(self):
        path = self.write("bad.toml", "[postgres]\nhots = 1\n")
        for command in (["once"], ["plan"], ["status"], ["verify"], ["wait"], ["run"], ["exec", "--", "true"], ["migrate", "show"],
                        ["migrate", "run"], ["config", "show"], ["config", "check"], ["healthcheck"]):
            with self.subTest(command=command):
                ran = self.expect(10, "--config", path, *command)
                self.assertIn("error[E112]: cannot use the key \"hots\" in postgres", ran.stderr)

    def test_failures_are_one_json_line_each_where_the_log_is_json(self):
        path = self.write("bad.toml", "[postgres]\nhots = 1\nusr = 2\n")
        ran = self.expect(10, "--log-format", "json", "--config", path, "config", "check")
        lines = [json.loads(line) for line in ran.stderr.splitlines()]
        self.assertEqual([line["where"] for line in lines], [f"{path}:2:1", f"{path}:3:1"])
        self.assertEqual({line["exit_code"] for line in lines}, {"10"})

    def test_what_is_no_toml_is_shown_with_a_caret(self):
        path = self.write("bad.toml", '[postgres]\nhost = "db\n')
        ran = self.expect(10, "config", "check", "--config", path)
        self.assertIn("error[E111]", ran.stderr)
        self.assertRegex(ran.stderr, r'  2 \| host = "db\n    \| +\^\n')

    def test_show_tells_each_value_and_its_source_and_hides_secrets(self):
        secret = self.write("password", CANARY + "\n")
        path = self.write("a.toml", f'[postgres]\nhost = "file"\n[[role]]\nname = "r"\npassword_file = "{secret}"\n'
                                    '[[role]]\nname = "s"\npassword = "${env:HELD}"\n')
        ran = self.expect(0, "config", "show", "--config", path, "--output", "json", PGHOST="variable", PGPASSWORD=CANARY, PGUSER="u", HELD=CANARY)
        rows = {row["key"]: (row["value"], row["source"]) for row in json.loads(ran.stdout)}
        self.assertEqual(rows["postgres.host"], ('"file"', f"{path}:2:8"))
        self.assertEqual(rows["postgres.user"], ('"u"', "environment PGUSER"))
        self.assertEqual(rows["postgres.password"], ('"<redacted>"', "environment PGPASSWORD"))
        self.assertEqual(rows["postgres.sslmode"], ('"prefer"', "default"))
        self.assertEqual(rows["role.r.password_file"], (f'"{secret}"', f"{path}:5:17"))
        self.assertEqual(rows["role.s.password"], ('"<redacted>"', f"{path}:8:12"))
        text = self.expect(0, "config", "show", "--config", path, PGHOST="variable", PGPASSWORD=CANARY, PGUSER="u", HELD=CANARY).stdout
        self.assertRegex(text, r'(?m)^postgres\.user = "u" +# environment PGUSER$')
        self.assertEqual(len(text.splitlines()), len(rows))

    def test_a_secret_in_the_file_is_named_in_a_warning_and_not_shown(self):
        path = self.write("a.toml", f"[postgres]\npassword = {json.dumps(CANARY)}\n")
        ran = self.expect(0, "config", "show", "--config", path)
        self.assertIn('"password" in postgres is written in the file itself', ran.stderr)
        self.assertIn('postgres.password = "<redacted>"', ran.stdout)

    def test_a_url_that_cannot_be_read_is_not_shown(self):
        ran = self.expect(10, "config", "check", DATABASE_URL="postgres://u:secret/half@db/x")
        self.assertNotIn("secret", ran.stderr.replace("a secret", ""))
        self.assertNotIn("half", ran.stderr)

    def test_without_a_file_the_environment_is_the_configuration(self):
        ran = self.expect(0, "config", "check", DATABASE_HOST="db", POSTGRES_MULTIPLE_DATABASES="a,b")
        self.assertEqual(ran.stdout, "the environment: good. 0 roles, 2 databases, 0 migrations, 0 checks, 0 services.\n")

    def test_the_file_may_be_named_by_a_variable(self):
        path = self.write("a.toml", "[postgres]\n")
        ran = self.expect(0, "config", "check", ALKEMIO_INIT_CONFIG=str(path))
        self.assertTrue(ran.stdout.startswith(f"{path}: good."))
        self.expect(10, "config", "check", "--config", self.folder / "missing.toml")

    def test_wrong_usage_ends_with_2_and_the_way_to_help(self):
        for arguments, because, see in ((["once", "--colour"], "The following argument was not expected: --colour", "alkemio-init once"),
                                        (["migrate"], "A subcommand is required", "alkemio-init migrate"),
                                        (["once", "--timeout", "soon"], '--timeout: "soon" is no duration (write 500ms, 30s, 2m, 1h)',
                                         "alkemio-init once")):
            with self.subTest(arguments=arguments):
                ran = self.expect(2, *arguments)
                self.assertEqual(ran.stdout, "")
                self.assertEqual(ran.stderr, f"error[E101]: cannot understand the command line: {because}\n  state: Nothing was done.\n"
                                             f"  hint: see: {see} --help\n")

    def test_a_database_that_is_not_declared_is_wrong_usage(self):
        path = self.write("a.toml", '[[database]]\nname = "kratos"\n')
        for arguments in (["verify", "--database", "kratso"], ["exec", "--as-database", "kratso", "--", "true"]):
            with self.subTest(arguments=arguments):
                ran = self.expect(2, "--config", path, *arguments)
                self.assertIn(f"cannot use {arguments[1]} kratso: the configuration has no database of that name", ran.stderr)
                self.assertIn('hint: did you mean "kratos"?', ran.stderr)

    def test_a_word_that_is_no_subcommand_is_named_with_the_nearest_one(self):
        for words, because, hint in ((["plam"], 'there is no subcommand "plam"', 'did you mean "plan"?'),
                                     (["migrate", "shwo"], 'there is no subcommand "shwo"', 'did you mean "show"?'),
                                     (["xyzzy"], 'there is no subcommand "xyzzy"', "see: alkemio-init --help")):
            ran = self.expect(2, *words)
            self.assertIn(because, ran.stderr)
            self.assertIn(hint, ran.stderr)

    def test_an_address_or_path_of_a_probe_that_is_none_is_wrong_usage(self):
        for words in (["--address", "garbage"], ["--address", ":"], ["/readzy"]):
            self.expect(2, "healthcheck", *words)

    def test_a_result_that_cannot_be_written_is_exit_1_and_told(self):
        file = self.write("a.toml", '[postgres]\nhost = "db"\n')
        for words in (("config", "show"), ("config", "show", "--output", "json"), ("config", "check")):
            with open("/dev/full", "w", encoding="utf-8") as full:
                ran = subprocess.run([PROGRAM, *words, "--config", str(file)], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60,
                                     check=False)
            self.assertEqual(ran.returncode, 1, words)
            self.assertIn("cannot write the result to stdout", ran.stderr)
            self.assertIn("No space left on device", ran.stderr)

    def test_version_and_help_are_results(self):
        self.assertRegex(self.expect(0, "--version").stdout, r"^alkemio-init \d+\.\d+\.\d+\n$")
        self.assertIn("Examples:", self.expect(0, "--help").stdout)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"])

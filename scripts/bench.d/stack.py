# SPDX-License-Identifier: Apache-2.0
"""The stack that is provisioned and checked: one description, from which come the program's configuration, the shell
scripts' tables and the SQL migrations, so that all sides are asked the same."""

import dataclasses
import pathlib

import cluster


@dataclasses.dataclass
class Database:
    name: str
    extensions: tuple = ()
    tables: tuple = ()
    locale: str = ""

    @property
    def password(self):
        return f"bench-{self.name}"


ALL = [
    Database("alkemio", ("uuid-ossp",), ("space", "user_account", "callout", "platform", "organization", "document")),
    Database("kratos", ("pg_trgm", "btree_gin"), ("identities", "identity_credentials", "sessions", "session_devices")),
    Database("hydra", ("uuid-ossp",), ("hydra_client", "hydra_oauth2_access", "hydra_jwk")),
    Database("synapse", locale="C"),
    Database("wopi", tables=("lock", "file")),
    Database("filebackup", tables=("backup",)),
]


class Stack:
    """Of the first `count` databases, written into `folder`."""

    def __init__(self, server, folder, count):
        self.server = server
        self.databases = ALL[:count]
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        for database in self.databases:
            self._migrations(database)
        self._secrets()
        self.config = self.folder / "alkemio.toml"
        self.config.write_text(self._toml())
        self.table = self.folder / "databases"
        self.table.write_text("".join(self._row(database) for database in self.databases))

    def migration_files(self, database):
        return sorted((self.folder / database.name).glob("*.sql"))

    def _migrations(self, database):
        """A file a table; a second column and an index, so that a file is more than one statement."""
        folder = self.folder / database.name
        folder.mkdir()
        for number, table in enumerate(database.tables, 1):
            (folder / f"{number:04}_{table}.sql").write_text(
                f'CREATE TABLE "{table}" (id bigint PRIMARY KEY, name text NOT NULL, made timestamptz DEFAULT now());\n'
                f'CREATE INDEX "{table}_name" ON "{table}" (name);\n')

    def _secrets(self):
        folder = self.folder / "secrets"
        folder.mkdir(mode=0o700)
        (folder / cluster.USER).write_text(self.server.password)
        for database in self.databases:
            (folder / database.name).write_text(database.password)

    def _row(self, database):
        """name|locale|extensions|tables, for the shell scripts."""
        return "|".join([database.name, database.locale, ",".join(database.extensions), ",".join(database.tables)]) + "\n"

    def _toml(self):
        secrets = self.folder / "secrets"
        out = [f'[postgres]\nhost = "127.0.0.1"\nport = {self.server.port}\nuser = "{cluster.USER}"\n'
               f'password_file = "{secrets / cluster.USER}"\nexpected_version = ""\n\n[log]\nlevel = "warn"\n']
        for database in self.databases:
            out.append(f'[[role]]\nname = "{database.name}"\npassword_file = "{secrets / database.name}"\n')
            locale = f'locale = "{database.locale}"\n' if database.locale else ""
            out.append(f'[[database]]\nname = "{database.name}"\nowner = "{database.name}"\n{locale}'
                       f'extensions = [{quoted(database.extensions)}]\n')
            if database.tables:
                out.append(f'[[migration]]\ndatabase = "{database.name}"\nengine = "sql"\n'
                           f'files = "{self.folder / database.name}/*.sql"\n')
            locale = f'locale = "{database.locale}"\n' if database.locale else ""
            out.append(f'[[check]]\ndatabase = "{database.name}"\ncreate_in_public = true\n{locale}'
                       f'tables = [{quoted(database.tables)}]\nextensions = [{quoted(database.extensions)}]\n')
        return "\n".join(out)

    def logins(self):
        """Who has to log in at least: the maintenance user, and each owner in its own database."""
        owners = [self.server.conninfo(d.name, d.password, d.name) for d in self.databases]
        return [self.server.conninfo(cluster.USER, self.server.password, "postgres"), *owners]

    def drop(self):
        self.server.sql(*[f'DROP DATABASE IF EXISTS "{d.name}" WITH (FORCE)' for d in self.databases],
                        *[f'DROP ROLE IF EXISTS "{d.name}"' for d in self.databases], "CHECKPOINT")


def quoted(names):
    return ", ".join(f'"{name}"' for name in names)

"""Backup and restore: everything comes back, whole or not at all, and only where nothing is."""

import datetime as dt
import itertools
import zipfile

import psycopg
import pytest
from psycopg import sql

from everyleg.store.backup import store as backups
from everyleg.store.backup.file import BackupFile
from everyleg.store.backup.loading import nobody_asks
from everyleg.store.changes import Cursor, add_change, read_changes
from everyleg.store.db import Database
from everyleg.store.errors import BackupError, NotEmptyError, StoreError
from everyleg.store.migrations import current, migrate, newest
from everyleg.store.sealing import add_key, drop_keys, load_keyring
from everyleg.store.settings import StoreSettings
from everyleg.store.tables import metadata

from .rows import fill

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
_serial = itertools.count()


def quietly(_):
    return nobody_asks


@pytest.fixture(scope="module")
def full(server):
    """A database with a row in every table, to copy from."""
    name = f"moving_{next(_serial)}"
    with psycopg.connect(server.superuser_conninfo, autocommit=True) as admin:
        create(admin, name)
        filled(server.conninfo("postgres", name))
        yield name
        drop(admin, name)


@pytest.fixture
def two(server, full):
    """Two databases: a full one, where from, and an empty one, where to."""
    names = [f"moving_{next(_serial)}" for _ in range(2)]
    with psycopg.connect(server.superuser_conninfo, autocommit=True) as admin:
        create(admin, names[0], full)
        create(admin, names[1])
        yield [server.conninfo("postgres", name) for name in names]
        for name in names:
            drop(admin, name)


def create(admin, name, like="template1"):
    admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(like)))


def drop(admin, name):
    admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def filled(conninfo, revision="head"):
    migrate(conninfo, to=revision)
    with psycopg.connect(conninfo) as admin:
        insert = "INSERT INTO workspaces (slug, name, kind) VALUES ('a', 'A\tB\\n', 'seller') RETURNING workspace_id"
        fill(admin, admin.execute(insert).fetchone()[0])


@pytest.fixture
def source(two, tmp_path):
    """A store with a row in every table."""
    load_keyring(tmp_path / "keys.json")
    return StoreSettings(tmp_path, two[0])


@pytest.fixture
def target(two, tmp_path):
    return StoreSettings(tmp_path, two[1])


def taken(settings, tmp_path):
    file = tmp_path / "everyleg.backup"
    backups.backup(settings, file, NOW, quietly)
    return file


def opened(settings):
    return Database(settings.database_url, load_keyring(settings.keyring_file))


def everything(settings):
    with psycopg.connect(settings.database_url) as admin:
        return {name: admin.execute(f"SELECT * FROM {name} ORDER BY 1, 2, 3").fetchall() for name in metadata.tables}  # noqa: S608


def tables_in(conninfo):
    with psycopg.connect(conninfo) as admin:
        return {name for (name,) in admin.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}


def test_everything_comes_back_as_it_was(source, target, tmp_path):
    file = taken(source, tmp_path)
    manifest = backups.restore(target, file, quietly)
    before = everything(source)
    assert everything(target) == before
    assert {table.name: table.rows for table in manifest.inventory.tables} == {
        name: len(rows) for name, rows in before.items()
    }
    assert set(map(len, before.values())) == {1}


def test_a_backup_is_one_moment_whatever_is_written_meanwhile(source, target, tmp_path):
    def write_on(inventory):
        with psycopg.connect(source.database_url) as other:
            other.execute("INSERT INTO workspaces (slug, name, kind) VALUES ('late', 'Late', 'seller')")
        return nobody_asks

    backups.backup(source, tmp_path / "b", NOW, write_on)
    backups.restore(target, tmp_path / "b", quietly)
    assert len(everything(target)["workspaces"]) == 1
    assert len(everything(source)["workspaces"]) == 2


def test_ids_go_on_after_the_last_that_was_given_out_even_when_its_row_is_gone(source, target, tmp_path):
    with opened(source) as database, database.transaction(None, "worker") as worker:
        insert = "INSERT INTO tags (workspace_id, name) VALUES (1, %s) RETURNING tag_id"
        last = [worker.execute(insert, (name,)).fetchone()[0] for name in "abc"][-1]
        worker.execute("DELETE FROM tags WHERE tag_id = %s", (last,))
    backups.restore(target, taken(source, tmp_path), quietly)
    with opened(target) as database, database.transaction(1) as app:
        assert app.execute(insert, ("d",)).fetchone() == (last + 1,)


def test_tenants_stay_apart_in_what_was_restored(source, target, tmp_path):
    backups.restore(target, taken(source, tmp_path), quietly)
    with opened(target) as database:
        with database.transaction(2) as app:
            assert {name: app.execute(f"SELECT FROM {name}").rowcount for name in metadata.tables} == dict.fromkeys(
                metadata.tables, 0
            )
        with database.transaction(1) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("SELECT value FROM secrets")
    forced = "SELECT relname::text FROM pg_class WHERE relforcerowsecurity ORDER BY 1"
    with psycopg.connect(source.database_url) as a, psycopg.connect(target.database_url) as b:
        assert a.execute(forced).fetchall() == b.execute(forced).fetchall() != []


def rebased(settings, base):
    """Make the database one whose transactions count from a base on: as an older cluster's do."""
    with psycopg.connect(settings.database_url) as admin:
        admin.execute(
            f"CREATE OR REPLACE FUNCTION position_base() RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS 'SELECT {base}::bigint'"
        )


def told(database, after):
    with database.transaction(1) as app:
        return read_changes(app, after, 100)


def change(database, parcel):
    with database.transaction(1) as app:
        add_change(app, (1, parcel), None, {"milestone": "transit"})


def test_a_readers_cursor_stays_good_in_a_cluster_whose_transactions_count_from_less(source, target, tmp_path):
    rebased(source, 1 << 40)
    with psycopg.connect(source.database_url) as admin:
        admin.execute("DELETE FROM changes")
    with opened(source) as database:
        change(database, 1)
        read = told(database, Cursor())[-1].cursor
        change(database, 2)
    backups.restore(target, taken(source, tmp_path), quietly)
    with opened(target) as database:
        assert [one.parcel_id for one in told(database, Cursor())] == [1, 2]
        change(database, 3)
        assert [one.parcel_id for one in told(database, read)] == [2, 3]
        assert told(database, told(database, read)[-1].cursor) == []


def test_what_was_read_after_the_backup_hides_nothing_that_is_new(source, target, tmp_path):
    file = taken(source, tmp_path)
    with opened(source) as database:
        change(database, 8)
        ahead = told(database, Cursor())[-1].cursor
    backups.restore(target, file, quietly)
    with opened(target) as database:
        change(database, 9)
        assert [one.parcel_id for one in told(database, ahead)] == [9]


def test_a_restored_store_can_be_backed_up_and_restored_again(server, source, target, tmp_path):
    backups.restore(target, taken(source, tmp_path), quietly)
    with opened(target) as database:
        change(database, 5)
        cursor = told(database, Cursor())[-1].cursor
    with psycopg.connect(source.database_url) as admin:
        admin.execute("DROP OWNED BY everyleg_owner")
    backups.restore(source, taken(target, tmp_path), quietly)
    with opened(source) as database:
        assert told(database, cursor) == []
        change(database, 6)
        assert [one.parcel_id for one in told(database, cursor)] == [6]


def test_a_backup_of_an_older_revision_ends_at_the_newest(source, target, tmp_path, server):
    with psycopg.connect(source.database_url) as admin:
        admin.execute("DROP OWNED BY everyleg_owner")
    filled(source.database_url, "0001")
    with psycopg.connect(source.database_url) as connection:
        connection.execute("SET ROLE everyleg_worker")
        old = backups.Living(connection)
        assert old.inventory.revision == "0001"
        stamp = ("0.0.9", NOW, backups.seal_of(load_keyring(source.keyring_file)))
        backups.write(tmp_path / "old", old, stamp, nobody_asks)
    backups.restore(target, tmp_path / "old", quietly)
    with psycopg.connect(target.database_url) as admin:
        assert current(admin) == newest() != "0001"
    assert len(everything(target)["parcels"]) == 1


def test_a_store_with_anything_in_it_is_refused(source, tmp_path):
    before = everything(source)
    with pytest.raises(NotEmptyError, match="never mixes nor overwrites"):
        backups.restore(source, taken(source, tmp_path), quietly)
    assert everything(source) == before


def test_a_restore_that_breaks_off_leaves_the_store_empty(source, target, tmp_path):
    def interrupted(_):
        def told(table, rows):
            if table == "parcels":
                raise KeyboardInterrupt

        return told

    file = taken(source, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        backups.restore(target, file, interrupted)
    assert not {"parcels", "workspaces"} & tables_in(target.database_url)
    backups.restore(target, file, quietly)
    assert everything(target) == everything(source)


@pytest.mark.parametrize("kept", [0, 0.01, 0.5, 0.999])
def test_a_cut_file_is_refused_before_anything_is_written(source, target, tmp_path, kept):
    file = taken(source, tmp_path)
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * kept)])
    with pytest.raises(BackupError, match="Nothing was written"):
        backups.restore(target, file, quietly)
    assert tables_in(target.database_url) == set()


def test_no_byte_of_a_table_or_the_manifest_can_change_unnoticed(source, target, tmp_path):
    file = taken(source, tmp_path)
    good = file.read_bytes()
    with zipfile.ZipFile(file) as archive:
        places = [info.header_offset + 60 + len(info.filename) for info in archive.infolist()]
    for place in places:
        file.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        with pytest.raises(BackupError, match="Nothing was written"):
            BackupFile(file, newest())
    assert tables_in(target.database_url) == set()


def test_anything_else_is_no_backup(target, tmp_path):
    (tmp_path / "other").write_bytes(b"PK not at all")
    with pytest.raises(BackupError, match="no backup of Everyleg"):
        backups.restore(target, tmp_path / "other", quietly)
    with zipfile.ZipFile(tmp_path / "zip", "w") as archive:
        archive.writestr("readme", "x")
    with pytest.raises(BackupError, match="manifest"):
        backups.restore(target, tmp_path / "zip", quietly)


def test_a_backup_of_a_newer_version_is_refused(source, tmp_path):
    file = taken(source, tmp_path)
    with pytest.raises(BackupError, match="a newer one than this"):
        BackupFile(file, "0000")


def test_another_keyring_is_refused_and_none_is_made(source, target, tmp_path):
    file = taken(source, tmp_path)
    for keys, why in [(tmp_path / "none" / "keys.json", "there is none"), (tmp_path / "other.json", "another one")]:
        if why != "there is none":
            load_keyring(keys)
        with pytest.raises(BackupError, match=why):
            backups.restore(StoreSettings(tmp_path, target.database_url, keys), file, quietly)
        assert keys.exists() == (why != "there is none")
    assert tables_in(target.database_url) == set()


def test_a_copy_of_the_keyring_from_before_the_newest_key_is_refused(source, target, tmp_path):
    old = tmp_path / "old.json"
    old.write_bytes(source.keyring_file.read_bytes())
    add_key(source.keyring_file)
    file = taken(source, tmp_path)
    with pytest.raises(BackupError, match="an older copy, without key 2"):
        backups.restore(StoreSettings(tmp_path, target.database_url, old), file, quietly)
    add_key(old)
    with pytest.raises(BackupError, match="another one from key 2 on"):
        backups.restore(StoreSettings(tmp_path, target.database_url, old), file, quietly)


def test_a_keyring_that_forgot_the_key_of_the_backup_is_refused(source, target, tmp_path):
    file = taken(source, tmp_path)
    add_key(source.keyring_file)
    drop_keys(source.keyring_file, 2)
    with pytest.raises(BackupError, match="rotated since, without key 1"):
        backups.restore(target, file, quietly)


def test_a_keyring_with_newer_keys_beside_the_old_ones_opens_a_backup(source, target, tmp_path):
    file = taken(source, tmp_path)
    add_key(source.keyring_file)
    backups.restore(target, file, quietly)


def test_an_ordinary_owner_of_a_database_backs_up_and_restores(server, two, tmp_path):
    """Somebody else's server: the login is no superuser, only the owner of its database, and may create roles."""
    theirs = [psycopg.conninfo.make_conninfo(one, user="keeper", password="keeper") for one in two]  # noqa: S106
    load_keyring(tmp_path / "keys.json")
    with psycopg.connect(server.superuser_conninfo, autocommit=True) as admin:
        admin.execute("CREATE ROLE keeper LOGIN NOINHERIT CREATEROLE PASSWORD 'keeper'")
        admin.execute("GRANT everyleg_owner, everyleg_app, everyleg_worker TO keeper WITH ADMIN TRUE, INHERIT FALSE")
        for one in two:
            name = psycopg.conninfo.conninfo_to_dict(one)["dbname"]
            admin.execute(sql.SQL("ALTER DATABASE {} OWNER TO keeper").format(sql.Identifier(name)))
    source, target = (StoreSettings(tmp_path, one) for one in theirs)
    try:
        backups.restore(target, taken(source, tmp_path), quietly)
        assert everything(StoreSettings(tmp_path, two[1])) == everything(StoreSettings(tmp_path, two[0]))
    finally:
        for one in (*two, server.superuser_conninfo):
            with psycopg.connect(one, autocommit=True) as admin:
                admin.execute("REASSIGN OWNED BY keeper TO postgres")
                admin.execute("DROP OWNED BY keeper")
        with psycopg.connect(server.superuser_conninfo, autocommit=True) as admin:
            admin.execute("DROP ROLE keeper")


def test_neither_the_keyring_nor_anything_it_opens_is_in_the_file(source, tmp_path):
    keys = load_keyring(source.keyring_file)
    with psycopg.connect(source.database_url) as admin:
        admin.execute("UPDATE shipments SET buyer_email = %s", (keys.seal_text("mei@example.com", "1/x"),))
    with zipfile.ZipFile(taken(source, tmp_path)) as archive:
        assert not [name for name in archive.namelist() if "key" in name and "api_keys" not in name]
    with BackupFile(tmp_path / "everyleg.backup", newest()) as file:
        told = b"".join(piece for table in file.inventory.tables for piece in file.rows(table))
    assert b"mei@example.com" not in told
    assert b"mei@example.com".hex().encode() not in told


def test_a_backup_that_breaks_off_leaves_the_last_one(source, tmp_path):
    def interrupted(_):
        def told(table, rows):
            raise KeyboardInterrupt

        return told

    file = taken(source, tmp_path)
    before = file.read_bytes()
    with pytest.raises(KeyboardInterrupt):
        backups.backup(source, file, NOW, interrupted)
    assert file.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["everyleg.backup", "keys.json"]


def test_the_file_is_its_owners(source, tmp_path):
    assert taken(source, tmp_path).stat().st_mode & 0o077 == 0


class Forgetful:
    """A source that does not give all that it says it has."""

    def __init__(self, file):
        self.inventory, self._file = file.inventory, file

    def rows(self, table):
        return () if table.name == "parcels" else self._file.rows(table)


def test_rows_that_do_not_arrive_are_noticed(source, target, tmp_path):
    file = taken(source, tmp_path)
    wrong = pytest.raises(StoreError, match="parcels has 0 rows, and 1 were expected")
    with BackupFile(file, newest()) as opened, wrong:
        backups.load(target.database_url, Forgetful(opened), None)
    assert tables_in(target.database_url) == set()

import os
import stat

import pytest

from devstack.accounts import home_for, reachable_copy, server_account
from devstack.errors import StackError

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs servers as somebody else")


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def locked(tmp_path):
    """A folder only its owner can enter, as a home folder often is."""
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return folder


def test_an_ordinary_user_keeps_the_data_where_it_was_asked_for(locked):
    assert home_for(locked / "postgres", None) == locked / "postgres"
    assert mode(locked / "postgres") == 0o700


@as_root
def test_data_behind_a_locked_folder_moves_and_the_folders_mode_stays(locked):
    account = server_account()

    home = home_for(locked / "postgres", account)
    try:
        assert locked not in home.parents
        assert home.stat().st_uid == account.uid
        assert mode(home) == 0o700
        assert mode(locked) == 0o700
        assert home_for(locked / "postgres", account) == home
    finally:
        home.rmdir()


@as_root
def test_a_place_somebody_else_took_first_is_refused(locked):
    home = home_for(locked / "postgres", server_account())
    try:
        os.chown(home, 12_345, 12_345)

        with pytest.raises(StackError, match="belongs to another user"):
            home_for(locked / "postgres", server_account())
    finally:
        home.rmdir()


@as_root
def test_a_program_behind_a_locked_folder_is_copied_to_where_it_can_be_run(locked):
    (locked / "bin").mkdir()
    (locked / "bin" / "program").write_text("#!/bin/sh\n")
    (locked / "bin" / "program").chmod(0o755)
    account = server_account()

    tree = reachable_copy(locked, parts=("bin",), entry="bin/program", account=account)
    try:
        assert tree != locked
        assert reachable_copy(locked, parts=("bin",), entry="bin/program", account=account) == tree
        assert mode(tree) == 0o755
        assert tree.stat().st_uid == 0
    finally:
        (tree / "bin" / "program").unlink()
        (tree / "bin").rmdir()
        tree.rmdir()


def test_a_program_that_can_be_run_is_not_copied(locked):
    assert reachable_copy(locked, parts=(), entry="anything", account=None) == locked

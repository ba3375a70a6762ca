import stat
import sys
from pathlib import Path

import pytest

from dedup.errors import DedupError
from dedup.reporting import check_writable, open_output


def write_half(target: Path, failure: type[BaseException]) -> None:
    with open_output(str(target)) as stream:
        stream.write(b"half a li")
        stream.flush()
        raise failure


def test_a_file_appears_whole(tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    with open_output(str(target)) as stream:
        stream.write(b"line\n")
        assert not target.exists()
    assert target.read_bytes() == b"line\n"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("failure", [KeyboardInterrupt, RuntimeError, SystemExit])
def test_a_failure_half_way_leaves_what_was_there(tmp_path: Path, failure: type[BaseException]) -> None:
    target = tmp_path / "out.jsonl"
    target.write_bytes(b"old\n")
    with pytest.raises(failure):
        write_half(target, failure)
    assert target.read_bytes() == b"old\n"
    assert list(tmp_path.iterdir()) == [target]


def test_a_failure_half_way_makes_no_file_where_there_was_none(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        write_half(tmp_path / "out", RuntimeError)
    assert list(tmp_path.iterdir()) == []


def test_permissions_of_a_replaced_file_are_kept(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.write_bytes(b"")
    target.chmod(0o640)
    with open_output(str(target)) as stream:
        stream.write(b"x")
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_link_is_followed_and_stays(tmp_path: Path) -> None:
    target, link = tmp_path / "real", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    with open_output(str(link)) as stream:
        stream.write(b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_a_long_name_in_any_script_can_be_written(tmp_path: Path) -> None:
    target = tmp_path / ("界" * 80 + ".txt")
    with open_output(str(target)) as stream:
        stream.write(b"x")
    assert target.read_bytes() == b"x"


def test_a_device_is_written_to_and_not_replaced() -> None:
    check_writable("/dev/null")
    with open_output("/dev/null") as stream:
        stream.write(b"x")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_dash_is_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    check_writable("-")
    with open_output("-") as stream:
        stream.write(b"\xf0\x9f\x98\x80\n")
    assert capfdbinary.readouterr().out == b"\xf0\x9f\x98\x80\n"
    assert not sys.stdout.closed


def test_a_full_disk_is_an_error_with_the_name_of_the_file() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    with (
        pytest.raises(DedupError, match=r"/dev/full: cannot be written: No space left"),
        open_output("/dev/full") as out,
    ):
        out.write(b"x")


def test_a_broken_pipe_stays_a_broken_pipe(tmp_path: Path) -> None:
    with pytest.raises(BrokenPipeError), open_output(str(tmp_path / "x")):
        raise BrokenPipeError


def test_a_folder_without_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(DedupError, match="cannot be written to"):
        check_writable(str(tmp_path / "out"))


@pytest.mark.parametrize(
    ("name", "message"),
    [("", "is a folder; name a file"), ("missing/out", "does not exist; create it first")],
)
def test_a_place_that_cannot_be_written_is_refused_before_the_work(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(DedupError, match=message):
        check_writable(str(tmp_path / name))

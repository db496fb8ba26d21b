"""The surroundings are read once, and what cannot be understood is named."""

from pathlib import Path

import pytest

from mifeng.config.env import Env


def test_nothing_needs_to_be_set() -> None:
    here = Env.read({})

    assert here.data == Path.cwd() / "var"
    assert (here.host, here.port, here.url) == ("127.0.0.1", 8000, "http://127.0.0.1:8000")
    assert (here.debug, here.test_mode, here.secure) == (False, False, False)
    assert here.hosts == ["127.0.0.1", "[::1]", "localhost"]


def test_every_variable_is_heard() -> None:
    here = Env.read(
        {
            "MIFENG_DATA": "/srv/mifeng",
            "DATABASE_URL": "postgresql://db/mifeng",
            "MIFENG_POSTGRES_BIN": "/usr/lib/postgresql/15/bin",
            "MIFENG_HOST": "::1",
            "MIFENG_PORT": "9000",
            "MIFENG_URL": "https://jy.example.cn/",
            "MIFENG_DEBUG": "1",
            "MIFENG_TEST_MODE": "yes",
            "MIFENG_WITNESS_URL": "https://witness.example.cn",
            "MIFENG_BODY_MIB": "8",
        }
    )

    assert here == Env(
        data=Path("/srv/mifeng"),
        database_url="postgresql://db/mifeng",
        postgres_bin="/usr/lib/postgresql/15/bin",
        host="::1",
        port=9000,
        url="https://jy.example.cn",
        debug=True,
        test_mode=True,
        witness_url="https://witness.example.cn",
        body_mib=8,
    )
    assert here.secure
    assert "jy.example.cn" in here.hosts


def test_the_public_address_follows_host_and_port_when_it_is_not_given() -> None:
    assert Env.read({"MIFENG_HOST": "::1", "MIFENG_PORT": "81"}).url == "http://[::1]:81"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("MIFENG_PORT", "eighty"),
        ("MIFENG_PORT", "0"),
        ("MIFENG_PORT", "65536"),
        ("MIFENG_DEBUG", "perhaps"),
        ("MIFENG_TEST_MODE", "2"),
        ("MIFENG_URL", "jy.example.cn"),
        ("MIFENG_WITNESS_URL", "ftp://witness"),
        ("MIFENG_BODY_MIB", "-1"),
    ],
)
def test_what_cannot_be_understood_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(ValueError, match=name):
        Env.read({name: text})


def test_folders_are_closed_to_others(tmp_path: Path) -> None:
    here = Env.read({"MIFENG_DATA": str(tmp_path / "var")})

    assert here.folder("keys").stat().st_mode & 0o777 == 0o700
    assert here.data.stat().st_mode & 0o777 == 0o700

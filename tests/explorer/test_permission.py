"""Does an app train only where it may?"""

import pytest

from explorer.jobs.permission import config_files, is_loopback, training_permission
from trainer.errors import LatentError
from trainer.runs.catalogue import HOME

EVERYBODY = (None, "", "0.0.0.0", "::", "192.168.1.4", "example.org", "127.0.0.1.example.org", "1270.0.1")
MYSELF = ("127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost")


@pytest.mark.parametrize("address", [*EVERYBODY, *MYSELF])
@pytest.mark.parametrize("said", [None, True, False])
def test_every_address_with_every_setting(tmp_path, address, said):
    file = tmp_path / "atlas.toml"
    if said is not None:
        file.write_text(f"[atlas]\ntraining = {str(said).lower()}\n")
    found = training_permission(address, [file])
    assert is_loopback(address) == found.is_local == (address in MYSELF)
    assert found.is_allowed == (said if said is not None else address in MYSELF)
    assert (found.why_not == "") == found.is_allowed


def test_it_says_how_it_is_allowed(tmp_path):
    assert training_permission("0.0.0.0", []).why_not == (
        "This app does not train, as others on the network reach it; [atlas] training = true in atlas.toml allows it."
    )


@pytest.mark.parametrize("text", ["[atlas]\ntraining = 1", "[atlas]\ntraining = 'yes'", "atlas = 3", "[atlas", "\x00"])
def test_a_setting_that_cannot_be_understood_allows_nothing(tmp_path, text):
    file = tmp_path / "atlas.toml"
    file.write_text(text)
    with pytest.raises(LatentError, match=r"allowed: .*true or false\.$"):
        training_permission("127.0.0.1", [file])


def test_the_first_file_counts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LATENT_CONFIG", raising=False)
    assert config_files() == (tmp_path / "atlas.toml", HOME / "atlas.toml")
    monkeypatch.setenv("LATENT_CONFIG", str(tmp_path / "other.toml"))
    assert config_files() == (tmp_path / "other.toml",)
    (tmp_path / "a").write_text("[other]\n")
    (tmp_path / "b").write_text("[atlas]\ntraining = true\n")
    assert not training_permission("0.0.0.0", [tmp_path / "a", tmp_path / "b"]).is_allowed
    assert training_permission("0.0.0.0", [tmp_path / "none", tmp_path / "b"]).is_allowed

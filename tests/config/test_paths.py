"""Where the config and the catalogue lie."""

from __future__ import annotations

import os

import pytest

from fonoteca.config.paths import catalogue_at, catalogue_path, config_path


def test_the_option_outranks_the_variable_and_both_the_platform(monkeypatch):
    """The nearest word wins."""
    monkeypatch.setenv("XDG_CONFIG_HOME", "/xdg")
    environ = {"FONOTECA_CONFIG": "/from/variable.toml"}

    found = [
        config_path("/from/option.toml", environ),
        config_path(None, environ),
        config_path(None, {"FONOTECA_CONFIG": ""}),
    ]

    assert ["/from/option.toml", "/from/variable.toml", "/xdg/fonoteca/config.toml"] == found


def test_a_config_path_is_absolute():
    """Two runs from two folders must mean one archive."""
    assert os.path.join(os.getcwd(), "c.toml") == config_path("c.toml", {})


def test_the_default_config_has_its_catalogue_in_the_data_folder(monkeypatch):
    """Configs are copied about and versioned; a database does not belong among them."""
    monkeypatch.setenv("XDG_CONFIG_HOME", "/xdg")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")

    assert "/data/fonoteca/catalogue.sqlite" == catalogue_path("/xdg/fonoteca/config.toml")


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("/srv/a/test.toml", "/srv/a/test-catalogue/catalogue.sqlite"),
        ("/srv/fonoteca/config.toml", "/srv/fonoteca/config-catalogue/catalogue.sqlite"),
    ],
)
def test_any_other_config_has_its_catalogue_beside_it(config, expected):
    """Trying something out with --config must not write into the real archive's memory."""
    assert expected == catalogue_path(config)


def test_a_catalogue_is_named_by_its_file_or_its_folder(tmp_path):
    """Both are natural to write."""
    (tmp_path / "dir.db").mkdir()

    expected = ["/srv/a.sqlite", "/srv/a/catalogue.sqlite", f"{tmp_path}/dir.db/catalogue.sqlite"]
    assert expected == [
        catalogue_at("/srv/a.sqlite"),
        catalogue_at("/srv/a"),
        catalogue_at(f"{tmp_path}/dir.db"),
    ]

"""Workspaces on the real exports; each is loaded once."""

import importlib.util
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

from devops_analytics import Workspace
from devops_analytics.detection import detect, write_settings

HERE = Path(__file__).parent


def opened(name: str, shared_data: Path, folder: Path) -> Workspace:
    """Open a settings file of this folder with its store and paths moved to a temporary one."""
    text = (HERE / name).read_text(encoding="utf-8")
    text = text.replace("../../../shared/data", shared_data.as_posix())
    text = text.replace("../../data/", f"{folder.as_posix()}/data/")
    config = folder / "devops.toml"
    config.write_text(text, encoding="utf-8")
    return Workspace.open(config)


@pytest.fixture(scope="session")
def govuk(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """GOV.UK's workspace, as of the end of its data."""
    return opened("govuk.toml", shared_data, tmp_path_factory.mktemp("govuk"))


@pytest.fixture(scope="session")
def jenkins(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The Jenkins infrastructure's workspace, as of the end of its data."""
    return opened("jenkins.toml", shared_data, tmp_path_factory.mktemp("jenkins"))


@pytest.fixture(scope="session")
def ants(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The workspace of one repository, as of the end of its data."""
    return opened("ants.toml", shared_data, tmp_path_factory.mktemp("ants"))


@pytest.fixture(scope="session")
def everything(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """All real exports that are recognised, by the settings that `init` writes for them."""
    folder = tmp_path_factory.mktemp("everything") / "exports"
    shutil.copytree(shared_data, folder, copy_function=shutil.copyfile)
    return Workspace.open(write_settings(folder, detect(folder)))


@pytest.fixture(scope="session")
def plain_govuk() -> ModuleType:
    """The independent reading of GOV.UK's files."""
    name = "plain_govuk"
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module

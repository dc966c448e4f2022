from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devops_analytics.schema import FILE_KINDS
from devops_analytics.sources.file_kinds import file_kind


def kinds(*paths: str | None) -> list[str | None]:
    frame = pl.DataFrame({"path": paths}, schema={"path": pl.String})
    return frame.select(file_kind(pl.col("path"))).to_series().to_list()


EXAMPLES = {
    "source": [
        "app.py", "src/main.rs", "lib/ansible/module_utils/facts.py", "web/charts/bar.ts",
        "src/infrastructure/store.ts", "cmd/server", "assets/logo.svg", "lib/security.js",
        "latest.py", "contest/Main.java", "src/Digit.java",
    ],
    "test": [
        "tests/test_app.py", "src/app_test.go", "spec/models/a_spec.rb", "web/a.test.tsx",
        "core/src/test/java/ATest.java", "AppTest.java", "t/t0001-init.sh", "conftest.py",
        "charts/a/tests/docker-compose.yaml", "testdata/README.md",
    ],
    "docs": ["README.md", "docs/conf.py", "LICENSE", "Documentation/git.txt", "a/CHANGES.txt"],
    "ci": [
        ".github/workflows/ci.yml", ".gitlab-ci.yml", "Jenkinsfile", "ci/Jenkinsfile_k8s",
        ".circleci/config.yml", "azure-pipelines.yml", ".azure-pipelines/x.sh",
        "bitbucket-pipelines.yml", ".travis.yml",
    ],
    "infrastructure": [
        "main.tf", "prod.tfvars", "Dockerfile", "docker/Dockerfile.prod", "docker-compose.yml",
        "compose.override.yaml", "charts/app/templates/_helpers.tpl", "Chart.yaml",
        "charts/app-config/image-tags/production/chat", "k8s/deploy.yaml", "site/kustomization.yml",
        "ansible/hosts.ini", "roles/web/tasks/main.yml", "playbooks/site.yml", "stack/main.bicep",
    ],
    "dependency": [
        "package.json", "web/package-lock.json", "yarn.lock", "requirements-dev.txt",
        "requirements/base.in", "pyproject.toml", "uv.lock", "go.mod", "go.sum", "pom.xml",
        "build.gradle.kts", "Gemfile.lock", "tests/requirements.txt", ".terraform.lock.hcl",
    ],
    "config": [
        "config/settings.yml", "setup.toml", ".editorconfig", ".eslintrc.json", "Makefile",
        "CMakeLists.txt", "app.properties", "nginx.conf.erb",
    ],
    "generated": [
        "vendor/github.com/a/b.go", "web/node_modules/a/index.js", "static/app.min.js",
        "scripts/yui-min.js", "api/v1/api.pb.go", "a_pb2.py", "web/__snapshots__/a.snap",
        "gen/zz_generated.deepcopy.go", "dist/bundle.js",
    ],
}  # fmt: skip


@pytest.mark.parametrize("kind", FILE_KINDS)
def test_every_kind_knows_its_own(kind: str) -> None:
    found = dict(zip(EXAMPLES[kind], kinds(*EXAMPLES[kind]), strict=True))
    assert found == dict.fromkeys(EXAMPLES[kind], kind)


def test_case_does_not_matter_but_where_a_name_needs_it() -> None:
    assert kinds("DOCKERFILE", "readme.MD", "Src/Ci/JenkinsFile") == [
        "infrastructure", "docs", "ci",
    ]  # fmt: skip
    assert kinds("AppTest.java", "src/Attest.java", "src/Latest.kt") == ["test", "source", "source"]


def test_no_path_has_no_kind() -> None:
    assert kinds(None, "") == [None, "source"]


@given(path=st.text(max_size=60))
def test_any_text_is_of_one_of_the_kinds(path: str) -> None:
    assert kinds(path)[0] in FILE_KINDS


@pytest.mark.real
def test_a_repository_of_charts_is_mostly_infrastructure_and_an_application_is_not(
    shared_data: Path,
) -> None:
    def share(name: str) -> float:
        text = (shared_data / "iac-inventory" / f"{name}.paths.txt").read_text(encoding="utf-8")
        found = kinds(*text.split())
        return found.count("infrastructure") / len(found)

    assert share("alphagov+govuk-helm-charts") > 0.75
    assert share("alphagov+collections") < 0.01

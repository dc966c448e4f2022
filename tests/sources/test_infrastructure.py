"""Infrastructure as code: told by paths first, by contents only where the paths don't tell."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devops_analytics.config import settings_from
from devops_analytics.errors import ExportError
from devops_analytics.schema_evidence import INFRASTRUCTURE_TOOLS
from devops_analytics.sources.conform import Batch, conform
from devops_analytics.sources.infrastructure import (
    INFRASTRUCTURE,
    LARGEST,
    content_tool,
    from_paths,
)
from devops_analytics.sources.source import Context, Held

BY_PATH = {
    "terraform": ["main.tf", "net/vars.tf.json", "live/prod.tfvars", "x.auto.tfvars.json",
                  "live/terragrunt.hcl", "environments/test/main.tf"],
    "opentofu": ["main.tofu", "net/vars.tofu.json"],
    "pulumi": ["Pulumi.yaml", "infra/Pulumi.prod.yml"],
    "helm": ["deploy/Chart.yaml", "helmfile.yaml", "helmfile.yaml.gotmpl", "helmfile.d/10-db.yaml",
             "charts/web/templates/_helpers.tpl", "charts/web/image-tags/live/web"],
    "kustomize": ["base/kustomization.yaml", "overlays/test/kustomization.yml", "a/Kustomization"],
    "ansible": ["ansible.cfg", "group_vars/all", "inventory/host_vars/web1.yml",
                "roles/web/tasks/main.yml", "roles/web/templates/a.conf.j2", "playbooks/site.yml"],
    "docker": ["Dockerfile", "web/Dockerfile.prod", "dockerfile-dev", "Containerfile",
               "web.dockerfile", "docker-compose.yml", "compose.override.yaml"],
}  # fmt: skip
NOT_BY_PATH = [
    "dockerfile.go", "src/Dockerfile_parser.py", "Dockerfile.md", "src/charts/bar.ts", "README.md",
    "tests/docker-compose.yml", "charts/web/tests/Dockerfile", "node_modules/a/Dockerfile",
    ".github/workflows/deploy.yml", "docs/setup.yml", "package.json", "terraform/README.md",
]  # fmt: skip

PLAY = "# who\n---\n- name: web\n  hosts: web\n  become: true\n  roles:\n    - nginx\n"
BY_CONTENT = [
    ("kubernetes", "apiVersion: v1\nkind: Service\nmetadata: {name: shop}\n"),
    ("kubernetes", "# c\n---\nkind: Deployment\napiVersion: apps/v1\nspec: {{ .Values.x }}\n"),
    ("kubernetes", "a: 1\n---\napiVersion: argoproj.io/v1alpha1\nkind: Application\n"),
    ("kubernetes", json.dumps({"kind": "List", "apiVersion": "v1", "items": []})),
    ("kubernetes", json.dumps({"apiVersion": "batch/v1beta1", "kind": "CronJob"}, indent=2)),
    ("kustomize", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Component\n"),
    ("cloudformation", "AWSTemplateFormatVersion: '2010-09-09'\nResources: {}\n"),
    ("cloudformation", "Resources:\n  Shop:\n    Type: AWS::S3::Bucket\n"),
    ("cloudformation", json.dumps({"Resources": {"Shop": {"Type": "AWS::S3::Bucket"}}}, indent=1)),
    ("ansible", PLAY),
    ("ansible", "- hosts: all\n  tasks:\n  - debug: {msg: x}\n"),
    ("ansible", "- import_playbook: db.yml\n"),
    ("helm", "repositories: []\nreleases:\n  - name: shop\n    chart: acme/shop\n"),
    (None, "apiVersion: v2\nname: shop\n"),  # no kind
    (None, "apiVersion: v1\n---\nkind: Service\n"),  # not in one document
    (None, "a:\n  apiVersion: v1\n  kind: Service\n"),  # inside of something else
    (None, "apiVersion: backstage.io/v1alpha1\nkind: Component\n"),
    (None, "apiVersion: skaffold/v4beta1\nkind: Config\n"),
    (None, "apiVersion: '2.1'\nkind: Pipeline\n"),
    (None, "en:\n  hosts: guests\n  tasks: work\n"),
    (None, "resources:\n  Resources:\n    X: {Type: AWS::S3::Bucket}\n"),  # Serverless
    (None, "releases:\n  - v1\n"),
    (None, json.dumps([{"apiVersion": "v1", "kind": "Pod"}])),
    (None, '{"apiVersion": "v1", "kind": '),
    (None, ""),
]


def load(path: Path, **entry: Any) -> Batch:
    everything = settings_from(
        {
            "sources": [{"kind": "infrastructure", "path": str(path), **entry}],
            "people": {"salt": "pepper"},
        }
    )
    context = Context(settings=everything, label=path.name)
    (draft,) = INFRASTRUCTURE.read(path, everything.sources[0], context)
    batch = conform(draft, entry=everything.sources[0], context=context)
    assert batch.n_read == batch.rows.height
    return batch


def tools(*paths: str) -> dict[str, str | None]:
    frame = from_paths(list(paths))
    return dict(zip(frame["path"], frame["tool"], strict=True))


def test_the_tools_are_those_of_the_table() -> None:
    told = {*BY_PATH, *(tool for tool, _ in BY_CONTENT if tool)}
    assert told == set(INFRASTRUCTURE_TOOLS)


@pytest.mark.parametrize("tool", BY_PATH)
def test_paths_tell_their_tool(tool: str) -> None:
    assert tools(*BY_PATH[tool]) == dict.fromkeys(BY_PATH[tool], tool)


def test_programs_tests_documents_and_copies_of_others_are_no_infrastructure() -> None:
    assert tools(*NOT_BY_PATH) == dict.fromkeys(NOT_BY_PATH)


def test_what_lies_in_the_folder_of_a_chart_belongs_to_it() -> None:
    told = tools(
        "web/Chart.yaml", "web/values.yaml", "web/rules/slow.yaml", "web/templates/NOTES.txt",
        "web/Dockerfile", "web/bin/run.sh", "web/README.md", "webs/values.yaml",
    )  # fmt: skip
    assert [path for path, tool in told.items() if tool == "helm"] == [
        "web/Chart.yaml", "web/values.yaml", "web/rules/slow.yaml", "web/templates/NOTES.txt",
    ]  # fmt: skip
    assert told["web/Dockerfile"] == "docker"


def test_a_chart_at_the_top_does_not_make_the_whole_repository_one() -> None:
    told = tools("Chart.yaml", "values-live.yaml", "templates/web.yaml", "config/app.yaml", "a.py")
    assert [path for path, tool in told.items() if tool == "helm"] == [
        "Chart.yaml", "values-live.yaml", "templates/web.yaml",
    ]  # fmt: skip


def test_only_yaml_and_json_that_no_path_tells_need_their_content() -> None:
    frame = from_paths(
        ["k8s/web.yaml", "deploy/web.yml.j2", "stack.template", "a.json", "Chart.yaml", "a.py",
         "values.yaml", "docs/a.yaml", "tests/a.yaml", ".github/workflows/a.yml", "package.json"]
    )  # fmt: skip
    assert frame.filter("is_unclear")["path"].to_list() == [
        "k8s/web.yaml", "deploy/web.yml.j2", "stack.template", "a.json",
    ]  # fmt: skip


@pytest.mark.parametrize(("tool", "text"), BY_CONTENT)
def test_contents_tell_their_tool(tool: str | None, text: str) -> None:
    assert content_tool(text.encode()) == tool


def test_the_files_at_the_head_of_a_clone_become_rows(clone, at_hour) -> None:
    clone.commit({"old.tf": "x", "main.tf": 'password = "hunter2"\n'}, 1)
    clone.commit(
        {
            "old.tf": None,
            "deploy/web.yaml": "apiVersion: apps/v1\nkind: Deployment\n",
            "deploy/app.yaml": "password: hunter2\n",
            "tests/Dockerfile": "FROM x\n",
            "big.yaml": f"apiVersion: v1\nkind: Pod\n# {'x' * LARGEST}\n",
        },
        2,
    )
    (clone.path / "link.tf").symlink_to("main.tf")
    clone.git("add", "--all")
    clone.git("commit", "--quiet", "-m", "link", hour=3)
    clone.git("checkout", "--quiet", "-b", "idea")
    clone.git("checkout", "--quiet", "main")
    batch = load(clone.path, repository="acme/shop")
    assert batch.rows.select("path", "tool", "found_by", "repo", "at").rows() == [
        ("deploy/web.yaml", "kubernetes", "content", "acme/shop", at_hour(3)),
        ("main.tf", "terraform", "path", "acme/shop", at_hour(3)),
    ]
    assert "1 YAML or JSON files are not judged by their content" in " ".join(batch.notes)
    assert "hunter2" not in f"{batch.rows.to_dicts()}{batch.notes}"
    assert load(clone.path).rows["repo"].unique().to_list() == ["deployments"]


def test_a_clone_without_its_files_tells_what_the_paths_tell(clone, tmp_path: Path) -> None:
    clone.commit({"main.tf": "x", "a.yaml": "apiVersion: v1\nkind: Pod\n"}, 1)
    clone.git("config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial"
    clone.git("clone", "--quiet", "--bare", "--filter=blob:none", clone.path.as_uri(), str(partial))
    batch = load(partial)
    assert batch.rows["path"].to_list() == ["main.tf"]
    (note,) = batch.notes
    assert note.startswith("1 YAML or JSON files are not judged by their content: the clone lacks")


def test_a_clone_without_infrastructure_has_no_rows(clone) -> None:
    clone.commit({"app.py": "x"}, 1)
    assert load(clone.path).rows.height == 0


def test_what_is_no_clone_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="is not a git clone"):
        load(tmp_path)


def test_clones_with_infrastructure_are_recognised_and_nothing_else(clone, tmp_path: Path) -> None:
    assert INFRASTRUCTURE.recognise(clone.path) is None  # no commits
    clone.commit({"app.py": "x"}, 1)
    assert INFRASTRUCTURE.recognise(clone.path) is None
    clone.commit({"main.tf": "x"}, 2)
    found = INFRASTRUCTURE.recognise(clone.path)
    assert (found.confidence, found.suggestion) == (0.9, {"repository": "deployments"})
    assert INFRASTRUCTURE.recognise(clone.path / "main.tf") is None
    assert INFRASTRUCTURE.recognise(tmp_path) is None
    assert INFRASTRUCTURE.recognise(Held(name="main.tf", data=b"x", within=tmp_path)) is None


@given(
    data=st.binary(max_size=200) | st.text('{}[]":\\apiVersonkd \n-1', max_size=80).map(str.encode)
)
@settings(max_examples=200)
def test_any_bytes_are_of_one_tool_or_none(data: bytes) -> None:
    assert content_tool(data) in {*INFRASTRUCTURE_TOOLS, None}


@given(paths=st.lists(st.text("aChart.yml/", max_size=20), max_size=8))
def test_any_paths_have_a_row_each(paths: list[str]) -> None:
    assert from_paths(paths)["path"].to_list() == paths


# ---- Real repositories ---- #


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "n_paths", "by_tool", "n_unclear"),
    [
        # One Dockerfile each; their YAML and JSON are translations and content schemas.
        ("alphagov+collections", 1779, {"docker": 1}, 1285),
        ("alphagov+publishing-api", 1691, {"docker": 1}, 345),
        # 25 charts: their YAML, JSON and templates, and 209 image tags (40 of them of the
        # environment `test`); scripts, SQL, text, documents and CI are none.
        ("alphagov+govuk-helm-charts", 722, {"helm": 653}, 4),
        # Values and helmfiles under names of one's own: only the contents tell.
        ("jenkins-infra+kubernetes-management", 127, {}, 114),
    ],
)
def test_the_paths_of_real_repositories_tell_exactly_these(
    shared_data: Path, name: str, n_paths: int, by_tool: dict[str, int], n_unclear: int
) -> None:
    text = (shared_data / "iac-inventory" / f"{name}.paths.txt").read_text(encoding="utf-8")
    frame = from_paths(text.splitlines())
    assert frame.height == n_paths
    assert Counter(frame["tool"].drop_nulls()) == by_tool
    assert frame["is_unclear"].sum() == n_unclear


@pytest.mark.real
def test_image_tags_of_every_environment_are_infrastructure(shared_data: Path) -> None:
    text = (shared_data / "iac-inventory" / "alphagov+govuk-helm-charts.paths.txt").read_text()
    tags = [path for path in text.splitlines() if "/image-tags/" in path]
    environments = Counter(path.split("/")[3] for path in tags)
    assert environments == {"integration": 59, "staging": 55, "production": 55, "test": 40}
    assert set(tools(*tags).values()) == {"helm"}

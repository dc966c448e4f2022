"""Deployments out of the history of a clone: only where a version changed, and nobody's name."""

import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from devops_analytics.config import settings_from
from devops_analytics.errors import ExportError
from devops_analytics.sources.conform import Batch, conform
from devops_analytics.sources.gitops import GITOPS, LARGEST
from devops_analytics.sources.source import Context

SHA = "0123456789abcdef0123456789abcdef01234567"
TAGS = {
    "path": "^tags/(?P<environment>[^/]+)/(?P<service>[^/]+)$",
    "key": "image_tag",
}
BOT = "release-robot[bot] <robot@example.invalid>"


def load(path: Path, *rules: dict[str, Any], **entry: Any) -> Batch:
    everything = settings_from(
        {
            "sources": [
                {
                    "kind": "gitops",
                    "path": str(path),
                    "deployments": list(rules or (TAGS,)),
                    **entry,
                }
            ],
            "people": {"salt": "pepper"},
        }
    )
    source = everything.sources[0]
    context = Context(settings=everything, label=path.name)
    (draft,) = GITOPS.read(path, source, context)
    batch = conform(draft, entry=source, context=context)
    seen = batch.rows.height + batch.n_absorbed + batch.quarantined.height + batch.n_duplicates
    assert batch.n_read == seen
    return batch


def told(batch: Batch) -> list[tuple[Any, ...]]:
    """Hour, environment, service and artifact of every deployment, in the order of time."""
    rows = batch.rows.sort("finished_at", "environment", "service", "artifact")
    return [
        (row["finished_at"].hour, row["environment"], row["service"], row["artifact"])
        for row in rows.iter_rows(named=True)
    ]


def test_each_change_of_a_version_is_a_deployment_at_the_commits_time(clone, at_hour) -> None:
    first = clone.commit({"tags/production/shop": "image_tag: v1\n"}, 1)
    clone.commit({"tags/production/shop": "image_tag: v1\npromote: true\n"}, 2)  # config only
    second = clone.commit({"tags/production/shop": "image_tag: v2\npromote: true\n"}, 3)
    batch = load(clone.path)
    assert (batch.n_read, batch.rows.height, batch.n_absorbed) == (3, 2, 1)
    assert told(batch) == [(1, "production", "shop", "v1"), (3, "production", "shop", "v2")]
    row = batch.rows.sort("finished_at").row(1, named=True)
    assert row["deployment_id"] == f"gitops:deployments@{second}:production/shop:v2"
    assert first not in row["deployment_id"]
    assert (row["ref"], row["sha"], row["repo"]) == ("v2", None, None)
    assert (row["started_at"], row["finished_at"]) == (None, at_hour(3))
    assert (row["result"], row["method"]) == ("success", "gitops")
    assert (row["environment_kind"], row["updated_at"]) == ("production", at_hour(3))


@pytest.mark.parametrize(
    ("tag", "sha", "ref"),
    [
        (SHA, SHA, None),
        (SHA.upper(), SHA, None),
        (f"release-{SHA}", SHA, f"release-{SHA}"),
        (f"main-{SHA}", SHA, f"main-{SHA}"),
        ("v1.10", None, "v1.10"),
        ("1.10", None, "1.10"),  # a loader would make 1.1 of it
        ("0123456", None, "0123456"),  # … and 42798
        ("5e12345", None, "5e12345"),  # … and infinity
        ("2026-03-01", None, "2026-03-01"),
        ("no", None, "no"),
    ],
)
def test_a_version_is_taken_as_it_is_written_and_a_commit_is_told_by_its_forty_signs(
    clone, tag: str, sha: str | None, ref: str | None
) -> None:
    clone.commit({"tags/staging/shop": f"image_tag: {tag}\n"}, 1)
    (row,) = load(clone.path).rows.iter_rows(named=True)
    assert (row["artifact"], row["sha"], row["ref"]) == (tag, sha, ref)


def test_a_removal_is_no_deployment_nor_is_coming_back_as_it_was(clone) -> None:
    clone.commit({"tags/production/shop": "image_tag: v1\n"}, 1)
    clone.commit({"tags/production/shop": None}, 2)
    clone.commit({"tags/production/shop": "image_tag: v1\n"}, 3)
    clone.commit({"tags/production/shop": "image_tag:\n"}, 4)
    clone.commit({"tags/production/shop": "image_tag: v2\n"}, 5)
    batch = load(clone.path)
    assert told(batch) == [(1, "production", "shop", "v1"), (5, "production", "shop", "v2")]
    assert (batch.n_read, batch.n_absorbed) == (5, 3)
    assert "1 of 5 changes left a file without a version" in " ".join(batch.notes)


def test_an_earlier_version_again_is_a_deployment_as_any_other(clone) -> None:
    for hour, tag in enumerate(["v1", "v2", "v1"], 1):
        clone.commit({"tags/production/shop": f"image_tag: {tag}\n"}, hour)
    assert [artifact for *_, artifact in told(load(clone.path))] == ["v1", "v2", "v1"]


def test_a_file_that_moves_deploys_nothing(clone) -> None:
    rule = {
        "path": r"(?P<environment>production|staging)/(?P<service>\w+)\.yaml",
        "key": "image.tag",
    }
    clone.commit({"old/production/shop.yaml": "image: {tag: v1}\n"}, 1)
    clone.commit({"old/production/shop.yaml": None, "new/production/shop.yaml": "image: {tag: v1}\n"}, 2)  # fmt: skip  # noqa: E501
    clone.commit({"new/production/shop.yaml": "image: {tag: v2}\n"}, 3)
    assert [hour for hour, *_ in told(load(clone.path, rule))] == [1, 3]


def test_only_the_mainline_deploys_and_a_merge_does_it_when_it_was_committed(clone) -> None:
    clone.commit({"tags/production/shop": "image_tag: v1\n"}, 1)
    clone.git("checkout", "--quiet", "-b", "promote")
    clone.commit({"tags/production/shop": "image_tag: v2\n"}, 2)  # tried on the branch
    clone.commit({"tags/production/shop": "image_tag: v3\n"}, 3, who=BOT)
    clone.git("checkout", "--quiet", "main")
    clone.commit({"README": "x"}, 4)
    clone.git("merge", "--quiet", "--no-ff", "-m", "promote", "promote", hour=9)
    clone.git("checkout", "--quiet", "-b", "open")
    clone.commit({"tags/production/shop": "image_tag: v4\n"}, 10)  # not merged yet
    clone.git("checkout", "--quiet", "main")
    batch = load(clone.path)
    assert told(batch) == [(1, "production", "shop", "v1"), (9, "production", "shop", "v3")]
    assert set(batch.rows["trigger"]) == {"person"}  # who merged promoted


def test_a_promoter_is_a_person_or_a_pipeline_and_never_named(clone) -> None:
    clone.commit({"tags/production/shop": "image_tag: v1\n"}, 1)
    clone.commit({"tags/production/shop": "image_tag: v2\n"}, 2, who=BOT)
    batch = load(clone.path)
    assert batch.rows.sort("finished_at")["trigger"].to_list() == ["person", "pipeline"]
    everything = f"{batch.rows.to_dicts()} {batch.quarantined.to_dicts()} {batch.notes}"
    for name in ("Ann", "Harbour", "ann@", "robot", "Carol", "example.invalid"):
        assert name not in everything


def test_the_image_beside_a_tag_belongs_to_the_artifact(clone) -> None:
    helm = {"path": "values.yaml", "key": "web.image.tag", "service": "shop", "environment": "qa"}
    clone.commit(
        {
            "values.yaml": "web:\n  image: {repository: registry.example.com/shop/web, tag: v7}\n",
            "kustomization.yaml": "images:\n- {name: web, newName: acme/web, newTag: v8}\n",
            "Chart.yaml": "dependencies:\n- name: db\n  version: 1.2.0\n"
            "  repository: https://charts.example.com\n",
        },
        1,
    )
    kustomize = {"path": r"^kustomization\.yaml$", "key": "images.*.newTag", "environment": "live"}
    chart = {"path": r"^Chart\.yaml$", "key": "dependencies.*.version"}
    assert sorted(told(load(clone.path, helm, kustomize, chart)), key=str) == [
        (1, "live", "web", "acme/web:v8"),
        (1, "qa", "shop", "registry.example.com/shop/web:v7"),
        (1, None, "db", "db:1.2.0"),
    ]


def test_a_whole_image_name_is_taken_apart_and_only_another_version_counts(clone) -> None:
    rule = {
        "path": r"^(?P<environment>\w+)/shop.yaml$",
        "key": "spec.template.spec.containers.*.image",
        "service": "shop",
        "repository": "acme/shop",
    }
    digest, other = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
    images = [
        ("registry.example.com:5000/acme/web:v1", True),
        (f"registry.example.com:5000/acme/web:v1@{digest}", False),  # pinned
        (f"ghcr.example.com/acme/web:v1@{digest}", False),  # from another registry
        (f"ghcr.example.com/acme/web:v1@{other}", True),  # built again
        (f"ghcr.example.com/acme/web@{digest}", True),
        ("ghcr.example.com/acme/web:v2", True),
        ("ghcr.example.com/acme/web-next:v2", True),
    ]
    text = "kind: Deployment\nspec: {{template: {{spec: {{containers: [{{name: web, image: '{}'}}]}}}}}}\n"  # noqa: E501
    for hour, (image, _) in enumerate(images):
        clone.commit({"live/shop.yaml": text.format(image)}, hour)
    rows = load(clone.path, rule).rows.sort("finished_at")
    assert rows["artifact"].to_list() == [image for image, is_new in images if is_new]
    assert rows["ref"].to_list() == ["v1", "v1", None, "v2", "v2"]
    assert set(rows["repo"]) == {"acme/shop"}


def test_containers_that_get_one_version_by_one_commit_are_one_deployment(clone) -> None:
    rule = {"path": "^live.yaml$", "key": "*.tag", "service": "shop", "environment": "live"}
    clone.commit({"live.yaml": "web: {tag: v1}\nworker: {tag: v1}\n"}, 1)
    clone.commit({"live.yaml": "web: {tag: v2}\nworker: {tag: v2}\n"}, 2)
    clone.commit({"live.yaml": "web: {tag: v2}\nworker: {tag: v2}\ncron: {tag: v2}\n"}, 3)
    clone.commit({"live.yaml": "web: {tag: v3}\nworker: {tag: v4}\ncron: {tag: v2}\n"}, 4)
    batch = load(clone.path, rule)
    assert [(hour, artifact) for hour, *_, artifact in told(batch)] == [
        (1, "v1"), (2, "v2"), (4, "v3"), (4, "v4"),
    ]  # fmt: skip
    assert (batch.n_read, batch.n_absorbed) == (5, 1)


def test_a_star_names_the_service_where_nothing_else_does(clone) -> None:
    rule = {"path": r"^(?P<environment>\w+)\.yaml$", "key": "services.*.version"}
    clone.commit({"live.yaml": "services: {shop: {version: 1.0}, cart: {version: 2.0}}\n"}, 1)
    clone.commit({"live.yaml": "services: {shop: {version: 1.0}, cart: {version: 2.1}}\n"}, 2)
    assert told(load(clone.path, rule)) == [
        (1, "live", "cart", "2.0"), (1, "live", "shop", "1.0"), (2, "live", "cart", "2.1"),
    ]  # fmt: skip


def test_an_item_without_a_name_can_not_name_a_service(clone) -> None:
    clone.commit({"live.yaml": "- {version: 1.0}\n"}, 1)
    batch = load(clone.path, {"path": "live.yaml", "key": "*.version"})
    assert batch.quarantined["reason"].to_list() == ["without_service"]
    assert "set `service`" in batch.quarantined["message"][0]


def test_broken_and_huge_files_are_quarantined_and_the_rest_goes_on(clone) -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{to}: &{to} [{','.join([f'*{of}'] * 9)}]\n"
        for of, to in zip("abcdefghi", "bcdefghij", strict=True)
    )
    clone.commit({"tags/live/a": "image_tag: v1\n", "tags/live/b": "image_tag: w1\n"}, 1)
    clone.commit({"tags/live/a": "<<<<<<< HEAD\nimage_tag: v2\n=======\nimage_tag: v3\n"}, 2)
    clone.commit({"tags/live/a": "[" * 200_000, "tags/live/b": "image_tag: w2\n"}, 3)
    clone.commit({"tags/live/a": f"image_tag: v2\n# {'x' * LARGEST}\n"}, 4)
    clone.commit({"tags/live/a": bomb}, 5)
    clone.commit({"tags/live/a": "image_tag: v4\n"}, 6)
    batch = load(clone.path)
    assert told(batch) == [(1, "live", "a", "v1"), (1, "live", "b", "w1"),
                           (3, "live", "b", "w2"), (6, "live", "a", "v4")]  # fmt: skip
    messages = batch.quarantined.sort("record")["message"].to_list()
    assert set(batch.quarantined["reason"]) == {"not_read"}
    assert [part in said for part, said in zip(
        ["is no YAML that can be read (line 2", "more than 100 levels", "at most"],
        messages, strict=True,
    )] == [True] * 3  # fmt: skip
    assert messages[0].startswith("tags/live/a at ")
    assert "v3" not in " ".join(messages)  # a file may hold secrets


def test_where_a_shallow_clone_is_cut_off_nothing_was_deployed(clone, tmp_path: Path) -> None:
    for hour, tag in enumerate(["v1", "v2", "v3"], 1):
        clone.commit({"tags/live/shop": f"image_tag: {tag}\n"}, hour)
    cut = tmp_path / "cut"
    clone.git("clone", "--quiet", "--depth=2", clone.path.as_uri(), str(cut))
    batch = load(cut)
    assert told(batch) == [(3, "live", "shop", "v3")]
    assert "--unshallow" in " ".join(batch.notes)


def test_a_clone_without_its_files_loses_no_record_and_fetches_nothing(
    clone, tmp_path: Path
) -> None:
    clone.commit({"tags/live/shop": "image_tag: v1\n"}, 1)
    clone.commit({"tags/live/shop": "image_tag: v2\n"}, 2)
    clone.git("config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial"
    clone.git("clone", "--quiet", "--bare", "--filter=blob:none", clone.path.as_uri(), str(partial))
    before = sorted(partial.rglob("*"))
    batch = load(partial)
    assert (batch.rows.height, batch.quarantined.height) == (0, 2)
    assert "a full clone has it" in batch.quarantined["message"][0]
    assert sorted(partial.rglob("*")) == before


def test_paths_of_any_bytes_and_links_are_no_trouble(clone) -> None:
    clone.commit({"tags/live/sh\top\nünï": "image_tag: v1\n"}, 1)
    (clone.path / "tags/live/link").symlink_to("sh")
    clone.git("add", "--all")
    clone.git("commit", "--quiet", "-m", "link", hour=2)
    batch = load(clone.path, TAGS | {"path": r"(?s)^tags/(?P<environment>\w+)/(?P<service>.+)$"})
    assert told(batch) == [(1, "live", "sh\top\nünï", "v1")]


def test_rules_that_match_nothing_or_name_nobody_are_refused_in_words(clone) -> None:
    clone.commit({"tags/live/shop": "image_tag: v1\n"}, 1)
    with pytest.raises(ExportError, match=r"no file in the history of .* Correct `path`"):
        load(clone.path, TAGS | {"path": "^nowhere/(?P<service>.*)$"})
    with pytest.raises(ExportError, match=r"deployments\[0\] names no service"):
        load(clone.path, {"path": "tags", "key": "image_tag"})
    batch = load(clone.path, TAGS, {"path": "^no", "key": "k", "service": "s"})
    assert "deployments[1]: no file's path is matched by ^no" in batch.notes
    with pytest.raises(ExportError, match="no such folder"):
        load(clone.path / "absent")


def test_a_load_after_more_commits_keeps_every_deployments_key(clone) -> None:
    clone.commit({"tags/live/shop": "image_tag: v1\n"}, 1)
    before = load(clone.path).rows
    clone.commit({"tags/live/shop": "image_tag: v2\n"}, 2)
    after = load(clone.path).rows
    assert set(before["deployment_id"]) < set(after["deployment_id"])
    assert GITOPS.state is not None


def test_nothing_is_taken_for_a_gitops_clone_unasked(clone) -> None:
    assert GITOPS.recognise(clone.path) is None


# ---- Real deployments ---- #


def imported(path: Path, rows: pl.DataFrame) -> None:
    """Make a clone whose history is that of a real one, as it was written down."""
    stream = []
    for number, (_, commit) in enumerate(rows.group_by("config_commit", maintain_order=True)):
        first = commit.row(0, named=True)
        who = BOT if first["actor"] == "ci" else "Ann Harbour <ann@example.invalid>"
        seconds = int(datetime.fromisoformat(first["deployed_at"]).timestamp())
        stream.append(f"commit refs/heads/main\ncommitter {who} {seconds} +0000\ndata 0\n")
        for row in commit.iter_rows(named=True):
            file = f"tags/{row['environment']}/{row['app']}"
            text = (
                f"image_tag: {row['image_tag']}\n" if row["image_tag"] else f"replicas: {number}\n"
            )
            if row["kind"] == "remove":
                stream.append(f"D {file}\n")
            else:
                stream.append(f"M 100644 inline {file}\ndata {len(text)}\n{text}")
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(path)], check=True)
    subprocess.run(
        ["git", "-C", str(path), "fast-import", "--quiet"],
        input="".join(stream).encode(),
        check=True,
    )


@pytest.mark.real
def test_the_deployments_of_a_real_organisation_come_out_of_a_history_as_they_were(
    shared_data: Path, tmp_path: Path
) -> None:
    rows = pl.read_csv(shared_data / "govuk" / "deployments-production.csv", infer_schema_length=0)
    imported(tmp_path / "charts", rows)
    batch = load(tmp_path / "charts")
    # 24,020 deploy + 286 rollback + 66 create; 47 config and 16 remove change no version.
    assert (batch.n_read, batch.rows.height, batch.n_absorbed) == (24_435, 24_372, 63)
    assert batch.quarantined.is_empty()
    expected = rows.filter(pl.col("kind").is_in(["deploy", "rollback", "create"]))
    columns = ["finished_at", "environment", "service", "artifact", "trigger"]
    assert_frame_equal(
        batch.rows.select(columns).with_columns(
            pl.col("finished_at").dt.to_string("%Y-%m-%dT%H:%M:%SZ")
        ),
        expected.select(
            finished_at="deployed_at",
            environment="environment",
            service="app",
            artifact="image_tag",
            trigger=pl.col("actor").replace({"ci": "pipeline", "human": "person"}),
        ),
        check_row_order=False,
    )
    named = batch.rows["sha"].drop_nulls()
    assert len(named) == expected["image_tag"].str.contains(r"^(release-)?[0-9a-f]{40}$").sum()

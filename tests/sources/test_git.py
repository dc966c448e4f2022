import csv
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devops_analytics.config import settings_from
from devops_analytics.errors import ExportError
from devops_analytics.sources.git import GIT, recognise, resolved, state
from devops_analytics.sources.source import Context, Draft

MIDNIGHT = 1_767_225_600  # 2026-01-01T00:00:00Z
DAY = 86_400
ANN = "Ann <ann@example.invalid>"
BOB = "Bob <bob@example.invalid>"


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)


@dataclass(frozen=True)
class Repository:
    """A small repository, written with the git command line at fixed times."""

    path: Path

    def git(
        self, *arguments: str, stdin: bytes = b"", at: int = MIDNIGHT, who: str = ANN,
        written: int | None = None,
    ) -> str:  # fmt: skip
        name, _, address = who.removesuffix(">").partition(" <")
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_AUTHOR_NAME": name,
            "GIT_AUTHOR_EMAIL": address,
            "GIT_AUTHOR_DATE": f"@{at if written is None else written} +0530",
            "GIT_COMMITTER_NAME": "Carol",
            "GIT_COMMITTER_EMAIL": "carol@example.invalid",
            "GIT_COMMITTER_DATE": f"@{at} -0800",
        }
        done = subprocess.run(
            ["git", "-C", str(self.path), *arguments],
            input=stdin, env=environment, capture_output=True, check=True,
        )  # fmt: skip
        return done.stdout.decode("utf-8", "replace").strip()

    def commit(
        self, message: str = "work", *, files: dict[str, str | bytes] | None = None,
        at: int = MIDNIGHT, **more: Any,
    ) -> str:  # fmt: skip
        for name, content in (files or {}).items():
            file = self.path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "--all")
        self.git(
            "commit", "--quiet", "--allow-empty", "--allow-empty-message", "--no-gpg-sign",
            "--cleanup=verbatim", "--file=-", stdin=message.encode(), at=at, **more,
        )  # fmt: skip
        return self.git("rev-parse", "HEAD")

    def commit_tree(self, message: bytes, *parents: str, at: int = MIDNIGHT, who: str = ANN) -> str:
        tree = self.git("mktree")
        links = [word for parent in parents for word in ("-p", parent)]
        return self.git("commit-tree", tree, *links, stdin=message, at=at, who=who)


@pytest.fixture
def new_repository(tmp_path: Path) -> Callable[..., Repository]:
    def make(name: str = "shop", *options: str) -> Repository:
        path = tmp_path / name
        path.mkdir()
        repository = Repository(path)
        repository.git("init", "--quiet", "--initial-branch=main", *options)
        return repository

    return make


@pytest.fixture
def repository(new_repository: Callable[..., Repository]) -> Repository:
    return new_repository()


def read(
    path: Path, *, cache: Path | None = None, progress: Any = None, definitions: Any = None,
    **entry: Any,
) -> dict[str, Draft]:  # fmt: skip
    everything = settings_from(
        {
            "sources": [{"kind": "git", "path": str(path), **entry}],
            "definitions": definitions or {},
            "people": {"salt": "pepper"},
        }
    )
    context = Context(settings=everything, label=path.name, cache=cache, progress=progress)
    return {draft.table: draft for draft in GIT.read(path, everything.sources[0], context)}


def commits(path: Path, **options: Any) -> dict[str, dict[str, Any]]:
    rows = read(path, **options)["commits"].rows
    return {row["sha"]: row for row in rows.iter_rows(named=True)}


def refs(path: Path) -> dict[str, tuple[str, str | None, datetime | None]]:
    rows = read(path)["refs"].rows
    return {row["name"]: (row["kind"], row["sha"], row["created_at"]) for row in rows.to_dicts()}


def files(path: Path, **options: Any) -> dict[str, dict[str, tuple[int | None, int | None]]]:
    found: dict[str, dict[str, tuple[int | None, int | None]]] = {}
    for row in read(path, **options)["file_changes"].rows.to_dicts():
        numbers = (row["lines_added"], row["lines_deleted"])
        found.setdefault(row["sha"], {})[row["path"]] = numbers
    return found


def notes(path: Path, **options: Any) -> str:
    return " ".join(note for draft in read(path, **options).values() for note in draft.notes)


# ---- commits ---- #


def test_a_commit_has_both_its_times_in_utc_whatever_the_offsets(repository: Repository) -> None:
    sha = repository.commit(at=MIDNIGHT + DAY, written=MIDNIGHT)
    row = commits(repository.path)[sha]
    assert (row["repo"], row["parents"], row["is_merge"]) == ("shop", [], False)
    assert row["authored_at"] == moment(MIDNIGHT)
    assert row["committed_at"] == moment(MIDNIGHT + DAY)


def test_parents_keep_their_order_and_two_or_more_make_a_merge(repository: Repository) -> None:
    root = repository.commit_tree(b"root")
    one, two, three = (repository.commit_tree(b"%d" % i, root) for i in range(3))
    octopus = repository.commit_tree(b"all", two, one, three)
    repository.git("update-ref", "refs/heads/main", octopus)
    found = commits(repository.path)
    assert len(found) == 5
    assert found[octopus]["parents"] == [two, one, three]
    assert [found[sha]["is_merge"] for sha in (root, one, octopus)] == [False, False, True]


def test_a_cherry_pick_is_a_commit_of_its_own_written_when_the_first_was(
    repository: Repository,
) -> None:
    repository.commit("base", files={"a": "1\n"})
    repository.git("switch", "--quiet", "--create", "fix")
    fix = repository.commit("fix", files={"b": "1\n"}, at=MIDNIGHT + DAY)
    repository.git("switch", "--quiet", "main")
    repository.git("cherry-pick", fix, at=MIDNIGHT + 5 * DAY)
    picked = repository.git("rev-parse", "HEAD")
    found = commits(repository.path)
    assert fix not in found  # the branch is neither the default one nor tagged
    assert found[picked]["authored_at"] == moment(MIDNIGHT + DAY)
    assert found[picked]["committed_at"] == moment(MIDNIGHT + 5 * DAY)


def test_commits_come_from_head_and_tags_but_not_from_other_branches(
    repository: Repository,
) -> None:
    root = repository.commit("root")
    released = repository.commit_tree(b"backport", root)
    repository.git("tag", "v1.0.1", released)
    repository.git("branch", "open", repository.commit_tree(b"open", root))
    assert set(commits(repository.path)) == {root, released}


def test_a_clock_that_no_calendar_has_is_unknown(repository: Repository) -> None:
    imported = repository.commit("imported", written=DAY)  # 1970-01-02
    row = commits(repository.path)[imported]
    assert (row["authored_at"], row["committed_at"]) == (None, moment(MIDNIGHT))
    tree = repository.git("mktree")
    raw = f"tree {tree}\nauthor A <a> 99999999999999 +0000\ncommitter A <a> x +0000\n\nodd\n"
    sha = repository.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin",
                         stdin=raw.encode())  # fmt: skip
    repository.git("update-ref", "refs/heads/main", sha)
    row = commits(repository.path)[sha]
    assert (row["authored_at"], row["committed_at"]) == (None, None)


@pytest.mark.parametrize(
    "message",
    [b"", b"\n\nbody", b"a\x1fb\tc\"d'e\x01", b"caf\xe9 latin-1", "naïve 🚢".encode(), b"x,y\r\nz"],
)
def test_no_byte_of_a_message_moves_a_column(repository: Repository, message: bytes) -> None:
    odd = repository.commit_tree(message, who='A\x1fB, "C" <d\'e@example.invalid>')
    last = repository.commit_tree(b"(#7)", odd, at=MIDNIGHT + 1)
    repository.git("update-ref", "refs/heads/main", last)
    found = commits(repository.path)
    assert found[last]["parents"] == [odd]
    assert found[odd]["committed_at"] == moment(MIDNIGHT)
    assert (found[odd]["change_id"], found[last]["change_id"]) == (None, "7")
    assert found[odd]["subject_kind"] == ("other" if message.strip() else None)


def test_a_message_in_another_encoding_is_read_by_its_declaration(repository: Repository) -> None:
    repository.git("config", "i18n.commitEncoding", "latin-1")
    tree = repository.git("mktree")
    sha = repository.git("commit-tree", tree, stdin="Pièce".encode("latin-1"))
    repository.git("update-ref", "refs/heads/main", sha)
    plain = commits(repository.path, definitions={"hotfix_titles": ["^piè"]})
    assert plain[sha]["subject_kind"] == "hotfix"


def test_the_settings_patterns_mark_hotfixes_and_git_marks_reverts(repository: Repository) -> None:
    shas = {
        subject: repository.commit(subject, at=MIDNIGHT + i)
        for i, subject in enumerate(
            ["HOTFIX: stop", "a hotfix", 'Revert "HOTFIX: stop"', "Reverting", 'Reapply "x"']
        )
    }
    found = commits(repository.path)
    assert [found[sha]["subject_kind"] for sha in shas.values()] == [
        "hotfix", "other", "revert", "other", "other",
    ]  # fmt: skip
    looser = commits(repository.path, definitions={"hotfix_titles": [r"(?<!no )hotfix"]})
    assert looser[shas["a hotfix"]]["subject_kind"] == "hotfix"


@pytest.mark.parametrize(
    ("message", "change"),
    [
        ("Merge pull request #12 from ann/main\n\nTitle (#3)", "12"),
        ("Add a thing (#84143)", "84143"),
        ("Backport (#1) (#22)", "22"),
        ('Revert "Add (#4)" (#5)', "5"),
        ('Revert "Add (#4)"', None),
        ("Fixes #4", None),
        ("Merge branch 'x' into 'main'\n\nTitle\n\nSee merge request group/shop!345", "345"),
        ("Merged in x (pull request #6)", "6"),
        ("Merged PR 78: Title", "78"),
        ("Title\n\nas in (#9)", None),
    ],
)
def test_the_message_tells_which_change_a_commit_belongs_to(
    repository: Repository, message: str, change: str | None
) -> None:
    sha = repository.commit(message)
    assert commits(repository.path)[sha]["change_id"] == change


def test_a_revert_names_the_full_sha_that_a_short_one_means(repository: Repository) -> None:
    bad = repository.commit("bad")
    text = 'Revert "bad"\n\nThis reverts commit {}.\n\nThis reverts commit 0000000.'
    full = repository.commit(text.format(bad), at=MIDNIGHT + 1)
    short = repository.commit(text.format(bad[:9]), at=MIDNIGHT + 2)
    gone = repository.commit(text.format("f" * 40), at=MIDNIGHT + 3)
    unknown = repository.commit(text.format("0123456789"), at=MIDNIGHT + 4)
    found = commits(repository.path)
    assert [found[sha]["reverts_sha"] for sha in (bad, full, short, gone, unknown)] == [
        None, bad, bad, "f" * 40, None,
    ]  # fmt: skip


def test_a_short_sha_that_two_commits_share_means_none_of_them() -> None:
    frame = pl.DataFrame(
        {
            "sha": ["abcdefa1" + "0" * 32, "abcdefa2" + "0" * 32, "b" * 40],
            "reverts": [None, "abcdefa1", "abcdefa"],
        }
    )
    assert resolved(frame).to_list() == [None, "abcdefa1" + "0" * 32, None]


# ---- people ---- #


@pytest.mark.parametrize("bare", [False, True])
def test_mailmap_makes_one_author_of_two_and_no_name_leaves(
    new_repository: Callable[..., Repository], tmp_path: Path, bare: bool
) -> None:
    repository = new_repository()
    mapped = {".mailmap": "Ann <ann@example.invalid> <ann@old.invalid>\n"}
    shas = [
        repository.commit("1", files=mapped),
        repository.commit("2", who="A. <ann@old.invalid>"),
        repository.commit("3", who=BOB),
        repository.commit("4", who="shipit[bot] <1+shipit[bot]@users.invalid>"),
    ]
    path = repository.path
    if bare:
        path = tmp_path / "shop.git"
        repository.git("clone", "--quiet", "--bare", ".", str(path))
    found = commits(path)
    first, second, third, fourth = (found[sha] for sha in shas)
    assert first["repo"] == "shop"
    assert first["author"] == second["author"] != third["author"]
    assert [row["is_bot"] for row in (first, third, fourth)] == [False, False, True]
    written = "".join(str(row) for row in found.values()).lower()
    assert not any(word in written for word in ("ann", "bob", "carol", "@"))


def test_no_name_or_address_is_kept_in_the_cache(repository: Repository, tmp_path: Path) -> None:
    repository.commit("subject words", who=BOB, files={"a": "1\n"})
    read(repository.path, cache=tmp_path / "cache")
    kept = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert len(kept) == 2
    for path in kept:
        text = str(pl.read_parquet(path).to_dicts()).lower()
        assert not any(word in text for word in ("bob", "@", "subject words"))


# ---- refs ---- #


def test_tags_are_peeled_and_dated_and_a_branch_has_no_age(repository: Repository) -> None:
    root = repository.commit("root", at=MIDNIGHT)
    repository.git("tag", "light")
    repository.git("tag", "--annotate", "--message=x", "heavy", at=MIDNIGHT + DAY)
    repository.git("tag", "--annotate", "--message=x", "nested", "heavy", at=MIDNIGHT + 2 * DAY)
    repository.git("tag", "tree", "HEAD^{tree}")
    repository.git("branch", "open/work")
    assert refs(repository.path) == {
        "light": ("tag", root, moment(MIDNIGHT)),
        "heavy": ("tag", root, moment(MIDNIGHT + DAY)),
        "nested": ("tag", root, moment(MIDNIGHT + 2 * DAY)),
        "tree": ("tag", None, None),
        "main": ("branch", root, None),
        "open/work": ("branch", root, None),
        "HEAD": ("branch", root, None),
    }


def test_where_a_tag_and_a_branch_share_a_name_the_tag_keeps_it(repository: Repository) -> None:
    root = repository.commit("root")
    repository.git("tag", "v1")
    repository.git("tag", "HEAD")
    later = repository.commit("later", at=MIDNIGHT + 1)
    repository.git("branch", "v1")
    found = refs(repository.path)
    assert found["v1"][:2] == ("tag", root)
    assert found["heads/v1"][:2] == ("branch", later)
    assert found["tags/HEAD"][:2] == ("tag", root)
    assert found["HEAD"][:2] == ("branch", later)


def test_a_repository_without_tags_is_read_and_the_lack_is_said(repository: Repository) -> None:
    repository.commit("root")
    assert "no tags" in notes(repository.path)


def test_a_detached_head_is_the_default_branch(repository: Repository) -> None:
    root = repository.commit("root")
    repository.commit("later", at=MIDNIGHT + 1)
    repository.git("checkout", "--quiet", "--detach", root)
    assert refs(repository.path)["HEAD"] == ("branch", root, None)
    assert set(commits(repository.path)) == {root}


def test_a_head_that_names_no_branch_gives_way_to_the_only_one(repository: Repository) -> None:
    root = repository.commit("root")
    repository.git("symbolic-ref", "HEAD", "refs/heads/master")
    assert refs(repository.path)["HEAD"][1] == root
    assert "heads/main is read instead" in notes(repository.path)
    repository.git("branch", "one", root)
    repository.git("branch", "--move", "main", "two")
    with pytest.raises(ExportError, match=r"heads/one, heads/two.*git symbolic-ref HEAD"):
        read(repository.path)


def test_a_checkout_that_is_not_where_the_remote_is_says_so(
    repository: Repository, tmp_path: Path
) -> None:
    repository.commit("root")
    clone = Repository(tmp_path / "clone")
    repository.git("clone", "--quiet", ".", str(clone.path))
    assert "origin/main" not in notes(clone.path)
    assert refs(clone.path)["origin/main"][0] == "branch"
    clone.git("switch", "--quiet", "--create", "feature")
    clone.commit("mine", at=MIDNIGHT + 1)
    assert "HEAD (feature) is not where origin/main is" in notes(clone.path)


# ---- file changes ---- #


def test_files_and_lines_are_counted_as_numstat_does(repository: Repository) -> None:
    # root: 3 lines in one file. change: line 2 of 3 becomes another one, a line is added.
    root = repository.commit("root", files={"src/app.py": "1\n2\n3\n"})
    change = repository.commit("change", files={"src/app.py": "1\nX\n3\n4\n", "é\t\n.md": "x\n"})
    picture = repository.commit("picture", files={"logo.png": b"\0\1\2", "b.txt": "1\n"})
    empty = repository.commit("nothing")
    repository.git("mv", "src/app.py", "src/main.py")
    rename = repository.commit("rename")
    assert files(repository.path) == {
        root: {"src/app.py": (3, 0)},
        change: {"src/app.py": (2, 1), "é\t\n.md": (1, 0)},
        picture: {"logo.png": (None, None), "b.txt": (1, 0)},
        rename: {"src/main.py": (0, 0)},
    }
    found = commits(repository.path)
    totals = [
        (found[sha]["files"], found[sha]["lines_added"], found[sha]["lines_deleted"])
        for sha in (root, change, picture, empty, rename)
    ]
    assert totals == [(1, 3, 0), (2, 3, 1), (2, 1, 0), (0, 0, 0), (1, 0, 0)]
    kinds = read(repository.path)["file_changes"].rows.select("path", "kind").rows()
    assert dict(kinds)["é\t\n.md"] == "docs"


def test_a_merge_has_no_statistics(repository: Repository) -> None:
    root = repository.commit("root", files={"a": "1\n"})
    repository.git("switch", "--quiet", "--create", "side")
    side = repository.commit("side", files={"b": "1\n"}, at=MIDNIGHT + 1)
    repository.git("switch", "--quiet", "main")
    repository.git("merge", "--quiet", "--no-ff", "--no-edit", "side", at=MIDNIGHT + 2)
    merge = repository.git("rev-parse", "HEAD")
    assert set(files(repository.path)) == {root, side}
    row = commits(repository.path)[merge]
    assert (row["files"], row["lines_added"], row["lines_deleted"]) == (None, None, None)


def test_only_the_last_months_before_the_newest_commit_are_counted(repository: Repository) -> None:
    # The newest is of 2026-04-01; one month before it is 2026-03-01 (MIDNIGHT + 59 days), which
    # still counts; the second before that no longer does.
    times = [MIDNIGHT, MIDNIGHT + 59 * DAY - 1, MIDNIGHT + 59 * DAY, MIDNIGHT + 90 * DAY]
    shas = [repository.commit(files={"a": f"{at}\n"}, at=at) for at in times]
    options: dict[str, Any] = {"definitions": {"history_months": 1}}
    assert set(files(repository.path, **options)) == set(shas[2:])
    found = commits(repository.path, **options)
    assert [found[sha]["files"] for sha in shas] == [None, None, 1, 1]


def test_statistics_can_be_left_out(repository: Repository) -> None:
    sha = repository.commit(files={"a": "1\n"})
    drafts = read(repository.path, file_statistics=False)
    assert set(drafts) == {"commits", "refs"}
    assert "files" not in drafts["commits"].rows.columns
    assert drafts["commits"].rows["sha"].to_list() == [sha]


# ---- what a clone may be ---- #


def test_worktrees_bare_clones_and_mirrors_are_read_alike(
    repository: Repository, tmp_path: Path
) -> None:
    repository.commit("root", files={"a/b": "1\n"})
    repository.git("tag", "v1")
    repository.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "tree"))
    repository.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))
    repository.git("clone", "--quiet", "--mirror", ".", str(tmp_path / "mirror"))
    expected = read(repository.path, repository="team/shop")
    for name in ("tree", "bare.git", "mirror"):
        drafts = read(tmp_path / name, repository="team/shop")
        for table, draft in expected.items():
            assert draft.rows.equals(drafts[table].rows), (name, table)


def test_only_a_clones_own_folder_is_recognised(repository: Repository, tmp_path: Path) -> None:
    repository.commit("root", files={"part/HEAD": "x\n", "part/.git-is-not-here": "x\n"})
    repository.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))
    repository.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "tree"))
    (tmp_path / "plain").mkdir()
    found = recognise(repository.path)
    assert found is not None
    assert (found.kind, found.suggestion) == ("git", {"repository": "shop"})
    bare = recognise(tmp_path / "bare.git")
    assert bare is not None
    assert bare.suggestion == {"repository": "bare"}
    assert recognise(tmp_path / "tree") is not None
    for folder in ("plain", "shop/part", "bare.git/objects", "bare.git/HEAD", "nowhere"):
        assert recognise(tmp_path / folder) is None, folder


def test_a_part_of_a_clone_is_refused_with_the_way_to_name_it(repository: Repository) -> None:
    repository.commit("root", files={"part/a": "x\n"})
    with pytest.raises(ExportError, match="only a folder inside a git clone"):
        read(repository.path / "part")


def test_a_shallow_clone_is_said_and_where_it_was_cut_nothing_is_known(
    repository: Repository, tmp_path: Path
) -> None:
    for i in range(4):
        repository.commit(files={f"f{i}": "1\n"}, at=MIDNIGHT + i)
    cut, tip = repository.git("rev-list", "--max-count=2", "--reverse", "HEAD").split()
    shallow = tmp_path / "shallow"
    repository.git("clone", "--quiet", "--depth=2", repository.path.as_uri(), str(shallow))
    found = commits(shallow, cache=tmp_path / "cache")
    assert set(found) == {cut, tip}
    assert (found[cut]["parents"], found[cut]["is_merge"], found[cut]["files"]) == (None,) * 3
    assert (found[tip]["parents"], found[tip]["is_merge"], found[tip]["files"]) == ([cut], False, 1)
    assert "git fetch --unshallow" in notes(shallow)
    Repository(shallow).git("fetch", "--quiet", "--unshallow")
    whole = commits(shallow, cache=tmp_path / "cache")
    assert len(whole) == 4
    assert whole[cut]["files"] == 1
    assert notes(shallow).find("shallow") == -1


def test_a_clone_without_files_keeps_its_commits_and_says_what_is_missing(
    repository: Repository, tmp_path: Path
) -> None:
    for i in range(12):
        repository.commit(files={"a": f"{i}\n", ".mailmap": f"# {i}\n"}, at=MIDNIGHT + i)
    repository.git("config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial"
    repository.git("clone", "--quiet", "--filter=blob:none", "--bare",
                   repository.path.as_uri(), str(partial))  # fmt: skip
    before = sorted(partial.rglob("*"))
    drafts = read(partial)
    assert drafts["commits"].n_read == 12
    assert drafts["commits"].rows["files"].null_count() == 12
    assert drafts["file_changes"].n_read == 0
    assert "unknown for 12 of 12 commits" in drafts["file_changes"].notes[0]
    assert sorted(partial.rglob("*")) == before  # nothing was fetched


def test_a_lost_file_costs_only_the_commits_that_touch_it(repository: Repository) -> None:
    shas = [
        repository.commit(files={name: f"{name}\n"}, at=MIDNIGHT + i)
        for i, name in enumerate("abcdef")
    ]
    blob = repository.git("rev-parse", "HEAD:c")
    (repository.path / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    (repository.path / "c").unlink()  # from which git would take the content
    assert set(files(repository.path)) == set(shas) - {shas[2]}
    assert "unknown for 1 of 6 commits" in notes(repository.path)
    assert commits(repository.path)[shas[2]]["files"] is None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "no such folder"),
        (lambda path: path.write_text("x"), "is a file; a git clone is a folder"),
        (lambda path: path.mkdir(), "is not a git clone"),
        (lambda path: subprocess.run(["git", "init", "-q", str(path)], check=True), "no commits"),
    ],
)
def test_what_is_no_history_is_refused_in_words(
    tmp_path: Path, make: Callable[[Path], object], message: str
) -> None:
    make(tmp_path / "shop")
    with pytest.raises(ExportError, match=f"^shop: .*{message}"):
        read(tmp_path / "shop")


def test_without_git_the_error_says_to_install_it(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ExportError, match="Install git"):
        read(repository.path)
    found = recognise(repository.path)
    assert found is not None
    assert found.confidence < 0.5


def test_a_lost_commit_is_an_error_that_says_what_to_do(repository: Repository) -> None:
    root = repository.commit("root")
    repository.commit("later", at=MIDNIGHT + 1)
    (repository.path / ".git" / "objects" / root[:2] / root[2:]).unlink()
    with pytest.raises(ExportError, match=r"could not read the history.*clone the repository"):
        read(repository.path)


# ---- nothing around a clone matters, and nothing in it changes ---- #


def test_settings_of_the_clone_and_its_user_change_nothing(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = "".join(f"{i}\n" for i in range(50))
    repository.commit("é\n\nbody", files={"ü.txt": lines, ".mailmap": f"{ANN} <bob@x>\n"})
    repository.git("mv", "ü.txt", "ö.txt")
    repository.commit("renamed", at=MIDNIGHT + 1, who="B <bob@x>")
    repository.git("tag", "v1")
    before = read(repository.path)
    odd = {
        "log.showSignature": "true", "gpg.program": "/bin/false", "color.ui": "always",
        "core.quotePath": "true", "diff.renames": "false", "diff.external": "/bin/false",
        "i18n.logOutputEncoding": "latin-1", "log.date": "relative", "core.pager": "/bin/false",
        "diff.algorithm": "patience", "log.mailmap": "false", "mailmap.file": "/dev/null",
        "log.follow": "true", "format.pretty": "oneline", "log.decorate": "full",
        "core.attributesFile": str(tmp_path / "attributes"),
    }  # fmt: skip
    (tmp_path / "attributes").write_text("*.txt -diff\n")
    for name, value in odd.items():
        repository.git("config", name, value)
    repository.git("replace", "--graft", "HEAD")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(repository.path / ".git" / "config"))
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    after = read(repository.path)
    for table, draft in before.items():
        assert draft.rows.equals(after[table].rows), table


def test_reading_leaves_the_clone_as_it_was(repository: Repository) -> None:
    repository.commit(files={"a": "1\n"})

    def content() -> dict[Path, bytes]:
        return {p: p.read_bytes() for p in sorted(repository.path.rglob("*")) if p.is_file()}

    before = content()
    read(repository.path)
    assert content() == before


def test_the_state_moves_with_names_and_packs_and_not_otherwise(repository: Repository) -> None:
    repository.commit(files={"a": "1\n"})
    states = [state(repository.path)]
    repository.git("tag", "v1")
    states.append(state(repository.path))
    repository.commit(at=MIDNIGHT + 1)
    states.append(state(repository.path))
    repository.git("switch", "--quiet", "--create", "other")
    states.append(state(repository.path))
    (repository.path / ".mailmap").write_text("A <a@x> <b@x>\n")
    states.append(state(repository.path))
    assert len(set(states)) == len(states)
    assert state(repository.path) == states[-1]
    with pytest.raises(ExportError, match="no such folder"):
        state(repository.path / "nowhere")


# ---- the second load ---- #


def equal(left: dict[str, Draft], right: dict[str, Draft]) -> bool:
    return left.keys() == right.keys() and all(
        left[table].rows.equals(right[table].rows) for table in left
    )


def test_a_second_load_reads_only_new_commits(repository: Repository, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    old = repository.commit("old", files={"a": "1\n"})
    asked: list[tuple[str, int, int | None]] = []
    read(repository.path, cache=cache, progress=lambda *step: asked.append(step))
    (kept,) = cache.rglob("commits-*.parquet")
    pl.read_parquet(kept).with_columns(change_id=pl.lit("kept")).write_parquet(kept)
    new = repository.commit("new (#2)", files={"a": "2\n"}, at=MIDNIGHT + 1)
    found = commits(repository.path, cache=cache, progress=lambda *step: asked.append(step))
    assert (found[old]["change_id"], found[new]["change_id"]) == ("kept", "2")
    what = "shop: file statistics"
    assert asked == [(what, 1, 1), (what, 1, 1)]  # one commit each time, not one and then two


def test_a_load_that_is_broken_off_keeps_what_it_has_read(
    repository: Repository, tmp_path: Path
) -> None:
    sha = repository.commit(files={"a": "1\n"})
    cache = tmp_path / "cache"

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read(repository.path, cache=cache, progress=stop)
    assert set(files(repository.path, cache=cache, progress=stop)) == {sha}  # nothing left to ask


@pytest.mark.parametrize("pruned", [False, True])
def test_rewritten_history_leaves_nothing_behind(
    repository: Repository, tmp_path: Path, pruned: bool
) -> None:
    cache = tmp_path / "cache"
    root = repository.commit("root", files={"a": "1\n"})
    wrong = repository.commit("wrong", files={"a": "2\n"}, at=MIDNIGHT + 1)
    read(repository.path, cache=cache)
    repository.git("reset", "--quiet", "--hard", root)
    right = repository.commit("right", files={"a": "3\n"}, at=MIDNIGHT + 2)
    if pruned:
        repository.git("reflog", "expire", "--expire=all", "--all")
        repository.git("gc", "--quiet", "--prune=all")
    drafts = read(repository.path, cache=cache)
    assert wrong not in drafts["commits"].rows["sha"]
    assert set(drafts["commits"].rows["sha"]) == {root, right}
    assert equal(drafts, read(repository.path))
    assert equal(drafts, read(repository.path, cache=cache))


def test_a_damaged_cache_is_made_again(repository: Repository, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    repository.commit(files={"a": "1\n"})
    first = read(repository.path, cache=cache)
    for path in cache.rglob("*.parquet"):
        path.write_bytes(b"PAR1 no more")
    assert equal(first, read(repository.path, cache=cache))
    for path in cache.rglob("*.parquet"):
        pl.DataFrame({"other": [1]}).write_parquet(path)
    assert equal(first, read(repository.path, cache=cache))


def test_other_settings_or_another_mailmap_read_anew(
    repository: Repository, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    sha = repository.commit("hot")
    assert commits(repository.path, cache=cache)[sha]["subject_kind"] == "other"
    hot = {"definitions": {"hotfix_titles": ["^hot"]}}
    assert commits(repository.path, cache=cache, **hot)[sha]["subject_kind"] == "hotfix"
    before = commits(repository.path, cache=cache)[sha]["author"]
    (repository.path / ".mailmap").write_text("Zed <zed@example.invalid> <ann@example.invalid>\n")
    assert commits(repository.path, cache=cache)[sha]["author"] != before
    assert len(list(cache.rglob("commits-*.parquet"))) == 1


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    graph=st.lists(
        st.tuples(st.lists(st.integers(0, 6), max_size=3), st.integers(0, 9), st.booleans()),
        min_size=2, max_size=7,
    ),
    heads=st.lists(st.integers(0, 6), min_size=2, max_size=3),
)  # fmt: skip
def test_reading_on_gives_what_reading_all_gives(
    tmp_path_factory: pytest.TempPathFactory,
    graph: list[tuple[list[int], int, bool]],
    heads: list[int],
) -> None:
    """Any graph, any clock, HEAD moved anywhere, tags that come and stay."""
    folder = tmp_path_factory.mktemp("graph")
    repository = Repository(folder / "shop")
    repository.path.mkdir()
    repository.git("init", "--quiet", "--bare", "--initial-branch=main")
    shas: list[str] = []
    for links, clock, _ in graph:
        parents = dict.fromkeys(shas[link % len(shas)] for link in links) if shas else {}
        message = b"commit %d" % len(shas)
        shas.append(repository.commit_tree(message, *parents, at=MIDNIGHT + clock))
    for step, head in enumerate(heads):
        repository.git("update-ref", "refs/heads/main", shas[head % len(shas)])
        if graph[step % len(graph)][2]:
            repository.git("tag", f"v{step}", shas[step % len(shas)])
        kept_on = read(repository.path, cache=folder / "cache")
        assert equal(kept_on, read(repository.path))
        listed = repository.git("rev-list", "HEAD", "--tags").split()
        assert sorted(kept_on["commits"].rows["sha"]) == sorted(listed)


# ---- real history ---- #


@pytest.mark.real
def test_change_ids_of_a_real_history_are_those_found_by_hand(
    shared_data: Path, repository: Repository
) -> None:
    """The subjects of a real history, as one line of commits; the export has their numbers."""
    with (shared_data / "ants-git" / "ants.commits.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    stream = bytearray()
    for index, row in enumerate(rows):
        subject = row["subject"].encode()
        stream += b"commit refs/heads/main\ncommitter A <a@example.invalid> "
        stream += b"%d +0000\ndata %d\n%b\n" % (MIDNIGHT + index, len(subject), subject)
    repository.git("fast-import", "--quiet", stdin=bytes(stream))
    found = read(repository.path)["commits"].rows.sort("committed_at")
    assert found["change_id"].to_list() == [row["pr_number"] or None for row in rows]

"""Feed the readers damaged exports, guided by which code they reach, and say what breaks them.

It needs atheris, which is not among the project's packages: install it into an environment of its
own and let that see these packages too (CONTRIBUTING.md has the commands). What is found is left
in `--out` and becomes a test; the exit code is 1 then.
"""

import argparse
import contextlib
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

SEEDS = Path(__file__).resolve().parents[1] / "tests" / "sources" / "seeds"


def main() -> int:
    """Fuzz one kind of source after the other, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "kinds", nargs="*", help="the sources; all that have seeds if none is given"
    )
    parser.add_argument("--seconds", type=int, default=15, help="for each of them")
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "fuzz")
    chosen = parser.parse_args()
    known = [entry["kind"] for entry in _settings()["sources"]]
    failed = []
    for kind in chosen.kinds or known:
        out = chosen.out / kind
        (out / "corpus").mkdir(parents=True, exist_ok=True)
        command = [
            *(sys.executable, __file__, "--one", kind),
            *(f"-max_total_time={chosen.seconds}", "-max_len=8192", "-timeout=10"),
            *("-rss_limit_mb=4096", f"-artifact_prefix={out}/", "-verbosity=0"),
            *(str(out / "corpus"), str(SEEDS / kind)),
        ]
        print(f"{kind} ...", flush=True)
        if subprocess.run(command, check=False).returncode:
            failed.append(kind)
    print(f"broken: {', '.join(failed) or 'none'}; what did it is in {chosen.out}")
    return bool(failed)


def _settings() -> dict[str, Any]:
    return tomllib.loads((SEEDS / "devops.toml").read_text(encoding="utf-8"))


def fuzz(kind: str, arguments: list[str]) -> None:
    """Feed one source until its time is up; libFuzzer ends the process."""
    import atheris

    with atheris.instrument_imports(include=["devops_analytics.sources"]):
        from devops_analytics.config import settings_from
        from devops_analytics.errors import ExportError
        from devops_analytics.sources import SOURCES
        from devops_analytics.sources.conform import conform
        from devops_analytics.sources.source import Context

    given = _settings()
    (entry,) = [one for one in given["sources"] if one["kind"] == kind]
    settings = settings_from(given | {"sources": [entry]})
    (made,) = settings.sources
    source = SOURCES[kind]
    folder = Path(tempfile.mkdtemp())
    suffixes = sorted({one.suffix for one in (SEEDS / kind).iterdir()})
    paths = [folder / f"export{suffix}" for suffix in suffixes]

    def one(data: bytes) -> None:
        for path in paths:
            path.write_bytes(data)
            context = Context(settings=settings, label=path.name)
            with contextlib.suppress(ExportError):
                source.recognise(path)
            with contextlib.suppress(ExportError):
                for draft in source.read(path, made, context):
                    batch = conform(draft, entry=made, context=context)
                    kept = batch.rows.height + batch.n_absorbed + batch.n_duplicates
                    if batch.n_read != kept + batch.quarantined.height:
                        raise AssertionError(f"{batch.table}: read {batch.n_read}, kept {kept}")

    atheris.Setup([sys.argv[0], *arguments], one)
    atheris.Fuzz()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        fuzz(sys.argv[2], sys.argv[3:])
    else:
        sys.exit(main())

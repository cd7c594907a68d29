"""`push`: a pipeline to a model hub, by the hub's own client."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from spacy.util import get_package_path, is_package, load_meta
from wasabi.printer import Printer

from ..errors import Errors
from ..files import check_tree
from ..pipeline.hub import make_readme
from .common import Model, fail

_REPO = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*$")
# What a stranger must know before using a pipeline.
_FIELDS = ("description", "author", "license")


def push_cli(
    model: Model,
    repo: Annotated[str, typer.Argument(metavar="REPO", help="Where it goes: OWNER/NAME")],
    private: Annotated[
        bool, typer.Option("--private", help="Make the repository private, if it has to be made")
    ] = False,
    message: Annotated[str, typer.Option("--message", "-m", help="Message of the commit")] = "Add the pipeline",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would go where, and send nothing")] = False,
    force: Annotated[bool, typer.Option("--force", help="Send it even if its meta is incomplete")] = False,
) -> None:
    """
    Send a pipeline and its model card to the Hugging Face hub. Needs the extra: pip install "spacy-hmtl[hub]"

    The card (README.md) is made from the pipeline's meta: licence, sources, labels and scores. Log in first with
    `hf auth login`. A pipeline whose meta lacks a description, author or licence is not sent.

    \b
    Examples:
      python -m spacy hmtl push training/model-best anna/en_letters --dry-run
      python -m spacy hmtl push en_hmtl_demo anna/en_hmtl_demo --private
    """
    msg = Printer()
    try:
        folder = find_folder(model)
        meta = load_meta(folder / "meta.json")
        check_push(model, repo, meta, force=force)
        readme = make_readme(meta, repo)
        sizes = {path.relative_to(folder).as_posix(): path.stat().st_size for path in files_of(folder)}
        print(readme)
        msg.table(
            [*((name, f"{size:,}") for name, size in sizes.items()), ("README.md", f"{len(readme.encode()):,}")],
            header=("file", "bytes"),
            aligns=("l", "r"),
            divider=True,
        )
        if dry_run:
            msg.info(f"Nothing was sent. {sum(sizes.values()) / 1e6:,.1f} MB would go to {repo}")
            return
        address = upload(folder, sorted(sizes), readme, repo, private=private, message=message)
    except (ValueError, OSError) as error:
        fail(error)
    msg.good(f"Sent to {address}")


def find_folder(model: str) -> Path:
    """The folder with the config of a pipeline. RAISES (ValueError): H580, H581, H689."""
    folder = get_package_path(model) if is_package(model) else Path(model)
    if is_package(model) and not (folder / "config.cfg").is_file():  # a package has its pipeline in a folder below
        found = sorted(path.parent for path in folder.glob("*/config.cfg"))
        folder = found[0] if found else folder
    if not ((folder / "config.cfg").is_file() and (folder / "meta.json").is_file()):
        raise ValueError(Errors.H689.format(model=model))
    check_tree(folder)
    return folder


def files_of(folder: Path) -> list[Path]:
    """What is sent; a README of the folder gives way to the card."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / "README.md")


def check_push(model: str, repo: str, meta: dict[str, Any], *, force: bool) -> None:
    """RAISES (ValueError): H540 without the client, H690, H692."""
    if find_spec("huggingface_hub") is None:
        raise ValueError(Errors.H540.format(what="push", package="huggingface_hub", install="spacy-hmtl[hub]"))
    if not _REPO.match(repo):
        raise ValueError(Errors.H690.format(repo=repo))
    missing = [field for field in _FIELDS if not meta.get(field)]
    if missing and not force:
        raise ValueError(Errors.H692.format(model=model, fields=", ".join(missing)))


def upload(folder: Path, names: list[str], readme: str, repo: str, *, private: bool, message: str) -> str:
    """Make the repository where there is none, and send files and card in one commit. RAISES (OSError): H691."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    api = HfApi()
    with TemporaryDirectory() as temporary:
        card = Path(temporary) / "README.md"
        card.write_text(readme, encoding="utf-8")
        try:
            address = api.create_repo(repo, private=private, exist_ok=True)
            api.upload_folder(repo_id=repo, folder_path=folder, commit_message=message, allow_patterns=names)
            api.upload_file(path_or_fileobj=card, path_in_repo="README.md", repo_id=repo, commit_message="Model card")
        except (HfHubHTTPError, OSError) as error:
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise OSError(Errors.H691.format(reason=reason)) from error
    return str(address)

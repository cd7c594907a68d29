"""Hostile encoders and pipelines: each would run code, or reach out of its folder, where it is trusted."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import srsly

# What the code in a folder does when it is run: it leaves a trace where the test looks for it.
TRACE = "HMTL_TRACE"
CODE = f"""
import os, pathlib
pathlib.Path(os.environ[{TRACE!r}]).write_text(__name__)
from transformers import BertConfig as EvilConfig, BertModel as EvilModel, BertTokenizerFast as EvilTokenizer
"""


class Exploit:
    """An object whose pickle runs code."""

    def __reduce__(self) -> Any:
        return exec, (CODE,)


def change_json(folder: Path, name: str, **values: Any) -> None:
    path = folder / name
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def _code(folder: Path) -> None:
    (folder / "evil.py").write_text(CODE)


def map_config(folder: Path) -> None:
    _code(folder)
    change_json(folder, "config.json", model_type="evil", auto_map={"AutoConfig": "evil.EvilConfig"})


def map_model(folder: Path) -> None:
    _code(folder)
    change_json(folder, "config.json", auto_map={"AutoModel": "evil.EvilModel"})


def map_tokenizer(folder: Path) -> None:
    _code(folder)
    mapped = {"AutoTokenizer": ["evil.EvilTokenizer", "evil.EvilTokenizer"]}
    change_json(folder, "tokenizer_config.json", tokenizer_class="EvilTokenizer", auto_map=mapped)


def map_without_file(folder: Path) -> None:
    change_json(folder, "config.json", auto_map={"AutoModel": "someone/evil--evil.EvilModel"})


def nested_map(folder: Path) -> None:
    change_json(folder, "config.json", text_config={"inner": [{"auto_map": {"AutoModel": "evil.EvilModel"}}]})


def custom_tokenizer(folder: Path) -> None:
    change_json(folder, "tokenizer_config.json", tokenizer_class="EvilTokenizer")


def tokenizer_class_in_config(folder: Path) -> None:
    change_json(folder, "config.json", tokenizer_class="os.system")


def unknown_model(folder: Path) -> None:
    change_json(folder, "config.json", model_type="evil")


def python_file(folder: Path) -> None:
    _code(folder)


def python_file_below(folder: Path) -> None:
    (folder / "inner").mkdir()
    _code(folder / "inner")


def kernel(folder: Path) -> None:
    change_json(folder, "config.json", attn_implementation="someone/evil-kernel")


def internal_kernel(folder: Path) -> None:
    # CVE-2026-4372: transformers before 5.3 fetches and runs it, whatever trust_remote_code is.
    change_json(folder, "config.json", _attn_implementation_internal="someone/evil-kernel")


def kernel_of_a_part(folder: Path) -> None:
    change_json(folder, "config.json", attn_implementation={"": "eager", "text_config": "someone/evil-kernel"})


def kernel_settings(folder: Path) -> None:
    change_json(folder, "config.json", kernel_config={"RMSNorm": "someone/evil:RMSNorm"})


def backbone(folder: Path) -> None:
    change_json(folder, "config.json", backbone="someone/evil", use_pretrained_backbone=True)


def quantizer(folder: Path) -> None:
    change_json(folder, "config.json", quantization_config={"quant_method": "evil"})


def pickled_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Exploit()))


def pickle_under_another_name(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(pickle.dumps(Exploit()))


def shard_elsewhere(folder: Path) -> None:
    os.replace(folder / "model.safetensors", folder.parent / "weights.safetensors")
    index = {"metadata": {}, "weight_map": {"embeddings": "../weights.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def link_out(folder: Path) -> None:
    secret = folder.parent / f"{folder.name}-secret.txt"
    secret.write_text("secret")
    (folder / "vocab.txt").unlink()
    (folder / "vocab.txt").symlink_to(secret)


def linked_folder(folder: Path) -> None:
    (folder / "more").symlink_to(folder.parent, target_is_directory=True)


ENCODERS: dict[Callable[[Path], None], tuple[str, str]] = {
    map_config: ("H580", "evil.py"),
    map_model: ("H580", "evil.py"),
    map_tokenizer: ("H580", "evil.py"),
    map_without_file: ("H580", "config.json"),
    nested_map: ("H580", "config.json"),
    custom_tokenizer: ("H580", "tokenizer_config.json"),
    tokenizer_class_in_config: ("H580", "config.json"),
    unknown_model: ("H207", "config.json"),
    python_file: ("H580", "evil.py"),
    python_file_below: ("H580", "evil.py"),
    kernel: ("H583", "config.json"),
    internal_kernel: ("H583", "config.json"),
    kernel_of_a_part: ("H583", "config.json"),
    kernel_settings: ("H583", "config.json"),
    backbone: ("H583", "config.json"),
    quantizer: ("H583", "config.json"),
    pickled_weights: ("H582", "pytorch_model.bin"),
    pickle_under_another_name: ("H582", "model.safetensors"),
    shard_elsewhere: ("H581", "../weights.safetensors"),
    link_out: ("H581", "vocab.txt"),
    linked_folder: ("H581", "more"),
}


def change_shim(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change what a saved model holds of its transformer."""
    message = srsly.msgpack_loads(path.read_bytes())
    for shims in message["shims"]:
        for place, data in enumerate(shims):
            own = srsly.msgpack_loads(data) if data else {}
            if isinstance(own, dict) and "tokenizer" in own:
                change(own)
                shims[place] = srsly.msgpack_dumps(own)
    path.write_bytes(srsly.msgpack_dumps(message))
    # Whoever changes the weights leaves the checksums away, as in pipelines of 0.1.0.
    cfg = path.with_name("cfg")
    settings = json.loads(cfg.read_text()) if cfg.is_file() else {}
    if settings.pop("checksums", None):
        cfg.write_text(json.dumps(settings))


def _set_config(own: dict[str, Any], **values: Any) -> None:
    # Ours is a JSON text, that of spacy-transformers a dictionary.
    config = json.loads(own["config"]) if isinstance(own["config"], str) else own["config"]
    config |= values
    own["config"] = json.dumps(config) if isinstance(own["config"], str) else config


def _set_tokenizer(own: dict[str, Any], **values: Any) -> None:
    settings = json.loads(own["tokenizer"]["tokenizer_config.json"])
    own["tokenizer"]["tokenizer_config.json"] = json.dumps({**settings, **values}).encode()


def packed_map_config(own: dict[str, Any]) -> None:
    own["tokenizer"]["evil.py"] = CODE.encode()
    _set_config(own, model_type="evil", auto_map={"AutoConfig": "evil.EvilConfig"})


def packed_map_model(own: dict[str, Any]) -> None:
    own["tokenizer"]["evil.py"] = CODE.encode()
    _set_config(own, auto_map={"AutoModel": "evil.EvilModel"})


def packed_map_tokenizer(own: dict[str, Any]) -> None:
    own["tokenizer"]["evil.py"] = CODE.encode()
    mapped = {"AutoTokenizer": ["evil.EvilTokenizer", "evil.EvilTokenizer"]}
    _set_tokenizer(own, tokenizer_class="EvilTokenizer", auto_map=mapped)


def packed_trusted_tokenizer(own: dict[str, Any]) -> None:
    """spacy-transformers hands these settings on to transformers."""
    packed_map_tokenizer(own)
    own["tokenizer"].setdefault("kwargs", {"use_fast": True})["trust_remote_code"] = True


def packed_custom_tokenizer(own: dict[str, Any]) -> None:
    _set_tokenizer(own, tokenizer_class="EvilTokenizer")


def packed_python(own: dict[str, Any]) -> None:
    own["tokenizer"]["evil.py"] = CODE.encode()


def packed_traversal(own: dict[str, Any]) -> None:
    own["tokenizer"]["../../../escaped.txt"] = b"escaped"


def packed_windows_traversal(own: dict[str, Any]) -> None:
    own["tokenizer"]["..\\escaped.txt"] = b"escaped"


def packed_absolute(own: dict[str, Any]) -> None:
    own["tokenizer"]["/tmp/escaped-from-a-pipeline.txt"] = b"escaped"


def packed_pickle(own: dict[str, Any]) -> None:
    own["state"] = pickle.dumps(Exploit())


PACKED: dict[Callable[[dict[str, Any]], None], tuple[str, str]] = {
    packed_map_config: ("H580", "auto_map"),
    packed_map_model: ("H580", "auto_map"),
    packed_map_tokenizer: ("H580", "auto_map"),
    packed_trusted_tokenizer: ("H580", ""),
    packed_custom_tokenizer: ("H580", "tokenizer_config.json"),
    packed_python: ("H580", "evil.py"),
    packed_traversal: ("H581", "../../../escaped.txt"),
    packed_windows_traversal: ("H581", "escaped.txt"),
    packed_absolute: ("H581", "escaped-from-a-pipeline.txt"),
    packed_pickle: ("H584", ""),
}

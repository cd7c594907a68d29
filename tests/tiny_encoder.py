"""A tiny transformer with random weights in the format of `save_pretrained`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import BertConfig, BertModel, BertTokenizerFast

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789.,'\""


def write_encoder(folder: Path) -> Path:
    """A folder with a BERT of two layers that spells words out in letters."""
    folder.mkdir(parents=True)
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS, *(f"##{letter}" for letter in LETTERS)]
    (folder / "vocab.txt").write_text("\n".join(pieces))
    BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=64).save_pretrained(folder)
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
    dropout = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    config = BertConfig(vocab_size=len(pieces), max_position_embeddings=64, **sizes, **dropout)
    BertModel(config).save_pretrained(folder)
    return folder


def transformer_block(encoder: Path | str) -> dict[str, Any]:
    """Settings of spacy-transformers' pipe `transformer` with an encoder of some folder, which others may listen to."""
    spans = {"@span_getters": "spacy-transformers.strided_spans.v1", "window": 30, "stride": 20}
    model = {"@architectures": "spacy-transformers.TransformerModel.v3", "name": str(encoder), "get_spans": spans}
    return {"model": model}


# Settings of an embedding that listens to it.
LISTENER = {
    "@architectures": "spacy-transformers.TransformerListener.v1",
    "grad_factor": 1.0,
    "pooling": {"@layers": "reduce_mean.v1"},
    "upstream": "*",
}


def encoder_block(encoder: Path, **settings: Any) -> dict[str, Any]:
    """Settings of `spacy_hmtl.Transformer.v1` with an encoder of some folder."""
    defaults = {"frozen": True, "window": 30, "pooling": "mean", "lr_scale": 0.1, "cache_mb": 1}
    block = {"@architectures": "spacy_hmtl.Transformer.v1", "name": str(encoder), "mixed_precision": False}
    return {**block, "scalar_mix": False, **defaults, **settings}

"""Metadata, and the table of every public name."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = re.search(r'__version__ = "(.+)"', (HERE / "spacy_hmtl/__init__.py").read_text(encoding="utf8"))[1]

# The demo page and its API.
SERVE = ["fastapi>=0.115", "uvicorn>=0.30"]

# Pictures of the study, and classifiers that probe what levels know.
EXPERIMENTS = ["matplotlib>=3.7", "scikit-learn>=1.3"]

# Until the project has a public address, it is the paper's whose model this is. The same stands in CITATION.cff,
# universe.json and the pipelines' cards (tests/test_metadata.py).
URL = "https://doi.org/10.1609/aaai.v33i01.33016949"

# What reads the published ELMo weights; a packaged pipeline that holds them does without.
ELMO = ["h5py>=3.10"]

setup(
    name="spacy-hmtl",
    version=VERSION,
    description="Names, mentions, coreference and relations in one spaCy component",
    long_description=(HERE / "README.md").read_text(encoding="utf8"),
    long_description_content_type="text/markdown",
    license="MIT",
    author="The spacy-hmtl founders",
    url=URL,
    keywords=[
        *["spacy", "nlp", "named entity recognition", "entity mentions", "coreference resolution"],
        *["relation extraction", "information extraction", "multi-task learning"],
    ],
    # The configs lie in a folder of their own, and travel in the package.
    packages=[*find_packages(include=["spacy_hmtl", "spacy_hmtl.*"]), "spacy_hmtl.configs"],
    package_dir={"spacy_hmtl.configs": "configs"},
    package_data={"spacy_hmtl": ["py.typed", "serve/static/*"], "spacy_hmtl.configs": ["*.cfg"]},
    python_requires=">=3.10,<3.15",
    install_requires=[
        # Earlier ones want a confection that thinc 8.3.12 cannot be installed with.
        "spacy>=3.8.13,<3.9",
        "thinc>=8.3.12,<8.4",
        "spacy-transformers>=1.4,<1.5",
        "torch>=2.6",
        "pytorch-crf>=0.7.2,<0.8",
        # transformers wants it; with 0.4.0 pip tries every release of transformers.
        "safetensors>=0.4.3",
        # Earlier ones could hold a file that another process had removed.
        "filelock>=3.21",
        "pydantic>=2,<3",
        "scipy>=1.10",
        "tomli>=2; python_version < '3.11'",
    ],
    extras_require={
        "elmo": ELMO,
        "serve": SERVE,
        # `hmtl push`; transformers brings it, too.
        "hub": ["huggingface_hub>=0.30,<3"],
        # 2.64 is to drop the only way to limit how often a batch is tried again.
        "ray": ["ray[data]>=2.60,<2.64"],
        "dask": ["dask[dataframe]>=2024.5"],
        "spark": ["pyspark>=3.5", "pandas>=2", "pyarrow>=15"],
        "experiments": EXPERIMENTS,
        "parquet": ["pyarrow>=15"],
        "pandas": ["pandas>=2"],
        "polars": ["polars>=1", "pyarrow>=15"],
        # The site, `make docs`.
        "docs": ["mkdocs>=1.6,<2", "mkdocs-material>=9.7", "mkdocstrings[python]>=1.0", "mike>=2.1"],
        # The browser tests drive Chromium with selenium; networkx reads what `graph` writes; pages show pandas;
        # nbclient runs the notebooks; schemathesis holds the server to its description.
        "test": [
            *["pytest>=8", "pytest-cov>=5", "pytest-xdist>=3.6", "hypothesis>=6", "ruff", "mypy", "build"],
            *ELMO,
            *EXPERIMENTS,
            *[*SERVE, "httpx", "selenium>=4.20", "networkx", "pandas>=2", "schemathesis>=4,<5"],
            *["nbclient>=0.10", "nbformat>=5.10", "ipykernel>=6.29"],
        ],
    },
    entry_points={
        "spacy_factories": [
            "hmtl = spacy_hmtl.pipeline.factory:make_hmtl_pipe",
            "hmtl_retokenizer = spacy_hmtl.helpers.component:make_retokenizer",
        ],
        "spacy_architectures": [
            "spacy_hmtl.HMTL.v1 = spacy_hmtl.bridge.model:make_hmtl",
            "spacy_hmtl.BiLSTM.v1 = spacy_hmtl.bridge.settings:make_bilstm",
            "spacy_hmtl.CRFTagger.v1 = spacy_hmtl.bridge.settings:make_tagger",
            "spacy_hmtl.MultiHeadSelection.v1 = spacy_hmtl.bridge.settings:make_relation",
            "spacy_hmtl.SpanPairs.v1 = spacy_hmtl.bridge.settings:make_span_pairs",
            "spacy_hmtl.SpanRanking.v1 = spacy_hmtl.bridge.settings:make_coref",
            "spacy_hmtl.Concat.v1 = spacy_hmtl.bridge.embeddings.concat:make_concat",
            "spacy_hmtl.HashEmbedding.v1 = spacy_hmtl.bridge.embeddings.concat:make_hash_embedding",
            "spacy_hmtl.CharCNN.v1 = spacy_hmtl.bridge.embeddings.characters:make_char_cnn",
            "spacy_hmtl.ELMo.v1 = spacy_hmtl.bridge.embeddings.elmo:make_elmo",
            "spacy_hmtl.WordVectors.v1 = spacy_hmtl.bridge.embeddings.vectors:make_word_vectors",
            "spacy_hmtl.Transformer.v1 = spacy_hmtl.bridge.embeddings.transformer:make_transformer",
        ],
        "spacy_readers": ["spacy_hmtl.MultiTaskCorpus.v1 = spacy_hmtl.training.corpus:make_multi_task_corpus"],
        "spacy_batchers": ["spacy_hmtl.TaskBatcher.v1 = spacy_hmtl.training.batcher:make_task_batcher"],
        "spacy_callbacks": [
            "spacy_hmtl.Checkpoint.v1 = spacy_hmtl.pipeline.factory:make_checkpoint",
            "spacy_hmtl.NewLabels.v1 = spacy_hmtl.training.new_labels:make_new_labels",
            "spacy_hmtl.ModelCard.v1 = spacy_hmtl.pipeline.factory:make_model_card",
        ],
        "spacy_scorers": ["spacy_hmtl.Scorer.v1 = spacy_hmtl.scoring.scorer:make_hmtl_scorer"],
        "spacy_loggers": ["spacy_hmtl.ConsoleLogger.v1 = spacy_hmtl.training.logger:make_console_logger"],
        "spacy_displacy_colors": ["spacy_hmtl = spacy_hmtl.visualize.colors:COLORS"],
        "spacy_cli": ["hmtl = spacy_hmtl.cli.app:register"],
        "console_scripts": ["hmtl = spacy_hmtl.cli.app:app"],
    },
    classifiers=[
        "Development Status :: 4 - Beta",
        "Environment :: Console",
        "Intended Audience :: Developers",
        "Intended Audience :: Science/Research",
        "License :: OSI Approved :: MIT License",
        # Those that the tests have run with, and no others.
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.13",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Topic :: Text Processing :: Linguistic",
        "Typing :: Typed",
    ],
)

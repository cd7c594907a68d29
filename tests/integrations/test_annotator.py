"""`Annotator`: one callable for dicts, frames and iterators of frames, that travels by name."""

import importlib.util
import pickle
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import numpy
import pytest
import spacy
from integrations.annotated import alike

from spacy_hmtl.annotate import worker
from spacy_hmtl.annotations.jsonl import to_line
from spacy_hmtl.integrations import Annotator


def needs(package, extra):
    missing = importlib.util.find_spec(package) is None
    return pytest.mark.skipif(missing, reason=f'needs pip install "spacy-hmtl[{extra}]"')


@pytest.fixture(scope="session")
def model_path(model_path):
    """The tiny pipeline by its name, as jobs are given it."""
    return str(model_path)


@pytest.fixture
def expected(model_path, texts):
    """The JSON of each text, one at a time."""
    nlp = spacy.load(model_path)
    return [to_line(nlp(text)).rstrip("\n") for text in texts]


def test_arrays_get_two_columns_more(model_path, texts, expected):
    batch = {"text": numpy.array(texts, dtype=object), "n": numpy.arange(len(texts))}
    found = Annotator(model_path, batch_size=3)(batch)
    assert list(found) == ["text", "n", "hmtl", "hmtl_error"]
    assert list(batch) == ["text", "n"]
    alike(found["hmtl"], expected)
    assert list(found["hmtl_error"]) == [None] * len(texts)
    assert Annotator(model_path)({"text": numpy.array([], dtype=object)})["hmtl"].tolist() == []


def test_what_fails_has_an_error_in_its_row(model_path):
    texts = ["Anna left.", None, "a" * 1_000_001, "Ben."]
    found = Annotator(model_path).annotate(texts)
    assert [one.json is None for one in found] == [False, True, True, False]
    assert found[1].error == "expected a text, found NoneType"
    assert "[H625]" in str(found[2].error)


def test_it_travels_by_name_and_loads_when_used(model_path):
    annotator = Annotator(model_path)
    worker._forget()
    assert len(pickle.dumps(annotator)) < 1000
    again = pickle.loads(pickle.dumps(annotator))
    assert not worker._workers
    assert again.annotate(["Anna left."]) == annotator.annotate(["Anna left."])
    assert len(worker._workers) == 1


def test_threads_take_turns(model_path, texts):
    annotator = Annotator(model_path, batch_size=2)
    worker._forget()
    alone = annotator.annotate(texts)
    worker._forget()
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(annotator.annotate, [texts] * 8)) == [alone] * 8
    assert len(worker._workers) == 1


def test_a_missing_pipeline_is_named():
    with pytest.raises(ValueError, match="no_such_model: could not load"):
        Annotator("no_such_model").annotate(["Anna."])


def test_importing_it_loads_no_framework():
    code = """
        import sys
        import spacy.cli, spacy_transformers  # these may import pandas themselves
        frameworks = {"ray", "dask", "pyspark", "pandas", "pyarrow"}
        before = frameworks & set(sys.modules)
        import spacy_hmtl.integrations
        print(*(frameworks & set(sys.modules)) - before)
        """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


@needs("pandas", "spark")
def test_frames_keep_their_rows_and_index(model_path, texts, expected):
    import pandas

    frame = pandas.DataFrame({"n": range(len(texts)), "body": texts}, index=range(100, 100 + len(texts)))
    annotator = Annotator(model_path, text="body", output="layers")
    found = annotator(frame)
    assert list(found.columns) == ["n", "body", "layers", "layers_error"]
    assert list(found.index) == list(frame.index)
    assert "layers" not in frame
    alike(found["layers"], expected)
    frames = list(annotator(iter([frame.iloc[:5], frame.iloc[5:5], frame.iloc[5:]])))
    assert [len(part) for part in frames] == [5, 0, len(texts) - 5]
    alike([row for part in frames for row in part["layers"]], expected)
    assert list(annotator.empty(frame).columns) == list(found.columns)


@pytest.mark.filterwarnings("ignore")
@needs("dask", "dask")
def test_dask_map_partitions(model_path, texts, expected):
    import dask.dataframe
    import pandas

    frame = pandas.DataFrame({"text": texts})
    annotator = Annotator(model_path)
    parts = dask.dataframe.from_pandas(frame, npartitions=3)
    found = parts.map_partitions(annotator, meta=annotator.empty(frame)).compute(scheduler="threads")
    alike(found["hmtl"], expected)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@needs("pyspark", "spark")
def test_spark_map_in_pandas(model_path, texts, expected):
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1")
    spark = builder.getOrCreate()
    try:
        rows = spark.createDataFrame(list(enumerate(texts)), "n int, text string").repartition(2)
        schema = "n int, text string, hmtl string, hmtl_error string"
        found = rows.mapInPandas(Annotator(model_path), schema).orderBy("n").collect()
    finally:
        spark.stop()
    alike([row.hmtl for row in found], expected)

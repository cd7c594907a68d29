"""Messages of errors and warnings, each with a code: what was expected, what was found, where, what to do."""

from __future__ import annotations


class WithCodes(type):
    """A message begins with its code, `[H204] levels is empty ...`, by which docs/errors.md and the web find it."""

    def __getattribute__(cls, name: str) -> str:
        message: str = super().__getattribute__(name)
        return f"[{name}] {message}" if name[:1] in "HW" and name[1:].isdigit() else message


class Errors(metaclass=WithCodes):
    # Data: H1xx
    H101 = "{path}: no such file or folder. Check the path, or run the step that makes it."
    H102 = "{path}: not a {format} file: {reason}. Check the FORMAT argument of `convert`."
    H103 = "{where}: {fault}"
    H104 = "{path}: found no documents. A corpus must hold at least one."
    H105 = "{where}: span [{start}, {end}) lies outside the document of {length} tokens."
    H106 = "{where}: names [{a}] and [{b}] overlap, but doc.ents is flat. Keep one of them, or store both as mentions."
    H107 = "{where}: a relation argument [{start}, {end}) is not among the mentions or names of the document. Add it to the mentions."
    H108 = "{where}: mentions [{a}] and [{b}] of the same cluster cross. Correct the annotation; spans of a cluster may nest but not cross."
    H109 = (
        "{where}: mention [{start}, {end}) occurs twice in the clusters. Merge the two clusters or remove one mention."
    )
    H111 = "{where}: a span [{start}, {end}) is empty or reversed; a span holds at least one token."
    H120 = "{path}: not UTF-8 text: {reason}. Save the file as UTF-8, for example with `iconv -f {encoding} -t UTF-8`."
    H121 = "Unknown format {format!r}. Known formats: {known}."
    H122 = "The format {format} takes no option {option!r}. Its options: {known}."
    H123 = "{path}: the output is a folder. Name a file in it, such as {path}/train.spacy."
    H124 = "{path}: lists no document ids. Write one id per line."
    H125 = "{name} must be at least 1, found {value}."
    H126 = "{path}: cannot be read or written: {reason}. Check the path, its permissions and the space on the disk."
    H127 = "{path}: the output is an input too, and would be overwritten. Name another file."
    H128 = "{path}: found no documents: the folder has no file named {files}. Check the path and the FORMAT argument of `convert`."
    H130 = "{name} must be one of {known}, found {value!r}."
    H140 = 'No tokenizer {tokenizer!r}: {reason}. Give a language of spaCy, such as "en", or "whitespace".'
    H141 = "Unknown export format {format!r}. Known export formats: {known}."
    H142 = "{path}: the output is a file, but this format needs a folder. Name a new or an empty folder."
    H143 = "{path}: the output folder is not empty. Name a new or an empty folder."
    H144 = "{path}: the format {format} can hold none of the documents. See the faults for the layer that it needs."
    H150 = "{path}:{line}: {reason} ({text!r}). Give the column, counted from 1, with {option} N, or check the FORMAT argument of `convert`."
    H151 = "{path}: no {what} could be read ({n:,} faults, the first: {first}). Nothing is written: correct the file, or check the FORMAT argument of `convert`."
    H170 = "{name}: no graph could be made of this document: {reason}. Annotate it again, or remove its damaged layer."
    H171 = "{path}: cannot tell whether the ends of its spans are inclusive: {reason}. Say so with --ends inclusive or --ends exclusive."
    H172 = "{path}: no known format fits, found {found}. Name the format: `convert FORMAT INPUT OUTPUT`; see docs/formats.md for what each looks like."
    H173 = "{path}: several formats fit equally ({found}). Name the one that is meant: `convert FORMAT INPUT OUTPUT`."
    H174 = "{path}: no document has a layer that could be read: {found}. Nothing is written: correct the file, or check the FORMAT argument of `convert`; docs/formats.md says what each format reads."
    H175 = '{where}: not a label map: {reason}. Write an object by layer, such as {{"ner": {{"PERSON": "PER", "DATE": null}}}}.'

    # Model and config: H2xx
    H201 = "levels names the unknown task {task!r}. Known tasks: {known}. Set it in [components.{pipe}.model] levels."
    H202 = "levels names the task {task!r} twice. Each task has one encoder and one place."
    H203 = "levels holds an empty level (number {index}). Remove it, or name at least one task of {known}."
    H204 = 'levels is empty. Name at least one task, for example [["ner"]].'
    H205 = "{key} must be {expected}, found {value!r}. Set it in {section}."
    H206 = "The task {task!r} is not in levels {levels}, but {what} asks for it. Add it to [components.hmtl.model] levels, or remove {what} (an empty path removes it)."
    H207 = "The encoder folder {path} {reason}. Give the folder of a transformer saved by `save_pretrained`, or a model name that is on this machine."
    H208 = "The model has no labels yet: call nlp.initialize() with training examples, or load a trained pipeline."
    H209 = "The saved weights do not fit the config: {reason}. Load with the config they were trained with, as spacy.load does."
    H210 = "heads has settings for unknown tasks {tasks}. Known tasks: {known}."
    H211 = "levels {levels} names {task!r}, but there is no [components.hmtl.model.heads.{task}]. Add the section, or remove the task from levels."
    H212 = 'The head of {task} needs what the level {need} finds, but levels {levels} has no {need}. Add it, or change what the head needs in [components.hmtl.model.heads.{task}] (coreference: candidates = "spans").'

    # Word representations: H22x and H23x
    H220 = "{path}: no such file. Give the path of a published ELMo file (options.json, weights.hdf5); see docs/embeddings.md for where to get them."
    H221 = "{path}: not the options of an ELMo model: {reason}. Give the options.json that belongs to the weights."
    H222 = "{path}: the weights cannot be read, the file is damaged or not HDF5: {reason}. Fetch it again and compare its size."
    H223 = "{path}: the weights do not fit the options: {reason}. Give options.json and weights.hdf5 of the same ELMo model."
    H224 = "{path}: h5py is needed to read ELMo weights. Install it with: pip install h5py"
    H225 = "{path}: these are not the ELMo weights that the pipeline was trained with (their fingerprint is {found}, not {expected}). Put the file of the training back, or train again."
    H226 = "The {embedding} embedding has no weights yet: call nlp.initialize(), or load a trained pipeline."
    H227 = "options and weights of the ELMo embedding must both be paths, found {options!r} and {weights!r}. Set them in {section}, or on the command line: --paths.elmo_options options.json --paths.elmo_weights weights.hdf5."
    H228 = "A stateful ELMo gives a sentence different vectors each time, so that none can be kept. Set cache_mb = 0 and cache_dir = null in {section}, or stateful = false."
    H230 = "{path}: the cache folder is a file. Name a folder, which need not exist."
    H231 = "{path}: a folder of vectors is named for an encoder that changes in training. Set cache_dir = null or frozen = true in {section}."
    H232 = "The pipeline has no word vectors, but spacy_hmtl.WordVectors.v1 needs them. Make a folder with `python -m spacy init vectors LANG VECTORS FOLDER` and set [initialize] vectors = FOLDER."
    H233 = "The table of word vectors has the width {found}, but the embedding was trained with {expected}. Load the pipeline with the vectors of its training; to join two pipelines, add the other's components to this one, nlp.add_pipe(NAME, source=OTHER), or say vectors = THIS PIPELINE in [initialize] of the config."
    H234 = "The word vectors embedding knows no width yet: call nlp.initialize(), or load a trained pipeline."
    H235 = (
        "last_layers is {n}, but {reason}. Set it in {section}; 0 trains all layers of an encoder with frozen = false."
    )
    H236 = "layers of spacy_hmtl.Concat.v1 is empty. Name at least one embedding layer below it."
    H237 = 'precision = {value!r} needs an encoder of its own, but the embeddings have no spacy_hmtl.Transformer.v1; all else stays in float32. Set precision = "float32" in [components.hmtl.model].'
    H238 = "precision = {value!r} does not run on this device ({device}): int8 is for a CPU, float16 for a GPU. Set another one of {known} in [components.hmtl.model]."
    H240 = "The task {task!r} needs a head that finds {kind}, but [components.hmtl.model.heads.{task}] is {found}. Name an architecture of the right kind there: {known}."
    H241 = "The heads of {tasks} cannot be decoded: {reason}. Change what they need in [components.hmtl.model.heads]."
    H260 = "n_layers is {n}, but the encoder is {found}. Set it in {section}; 0 runs all layers."
    H261 = "The schema of relations names the label {label!r}, which the training data lack. Known labels: {known}. Set it in [components.hmtl.model.heads.relation.schema]."
    H262 = "The schema of relations lets {label!r} have arguments of the type {type!r}, which the training data lack. Known types: {known}. Set it in [components.hmtl.model.heads.relation.schema]."
    H263 = 'arguments = {task!r} takes the arguments of relations from {task}, whose labels ({known}) lack the types {unknown}. Set arguments = "own" in [components.hmtl.model.heads.relation], or give both tasks one label set.'
    H264 = "The schema of the relation {label!r} has {reason}. Known keys: heads, tails (lists of types), symmetric, one_per_head (true or false), inverse (a label). Set it in [components.hmtl.model.heads.relation.schema.{label}]."
    H266 = "A checkpoint of [training.before_update] serves a pipeline in which one component hmtl is trained and nothing else, but these are trained: {names}. Freeze the others, or remove the callback."
    H267 = "{path}: the checkpoint cannot be read: {reason}. Remove it to begin the training from the start."
    H268 = "{path}: the checkpoint is of a training with another config. Give the config and the overrides of that training, or remove the file to begin from the start."

    # Training: H3xx
    H280 = "{path}: too little was found to fit a temperature: a layer needs at least 50 spans or links that the gold data cover, right and wrong ones. Give more gold data, or train the pipeline longer."
    H281 = "{path}: the output folder holds something that is not a pipeline. Name a new or an empty folder."
    H301 = 'A batch of {n} examples mixes the tasks {tasks}, but one batch trains one head. Use @batchers = "spacy_hmtl.TaskBatcher.v1" in [training.batcher].'
    H302 = "No example {has} the task {task!r}, which is in levels {levels} (annotated: {counts}). Give it a corpus with that layer, or remove it from levels."
    H304 = "{path}: no document is annotated for {task!r} ({layer}). Point the block to a file with that layer."
    H305 = 'sampling must be "proportional" or "uniform", found {value!r}. Set it in [training.batcher].'
    H306 = "The batch size of {task!r} must be at least 1, found {value}. Set it in [training.batcher.size]."
    H307 = "The batcher got examples of the task {task!r} but has no size for it. Add {task} to [training.batcher.size]; it has {known}."
    H308 = 'The batcher got examples that carry no task. Use @readers = "spacy_hmtl.MultiTaskCorpus.v1" in [corpora.train].'
    H309 = 'The label {label!r} of task {task!r} is not known: {known}. Before training goes on, call nlp.get_pipe("hmtl").add_labels_of(examples), or add_label({label!r}, {task!r}): what is learnt is kept. In a config: [initialize] before_init = {{"@callbacks": "spacy_hmtl.NewLabels.v1"}}.'
    H310 = "A label is added to one task, found add_label({label!r}, {task!r}). Tasks that have labels: {tasks}. Write {example}."
    H311 = "The component {name!r} needs training examples to initialize (got none). Pass get_examples, or labels from `spacy init labels`."
    H312 = "A corpus with the blocks {blocks} is empty. Each block needs a path; see [corpora.train]."

    # Annotation on Docs: H34x
    H320 = "None of the {n} Docs so far is annotated for a task of {name!r} ({tasks}), so that nothing can be learnt. Give names by doc.set_ents, mentions by doc.spans['mentions'], and the others by doc._.coref_clusters and doc._.relations; an empty list says that there is nothing there."
    H340 = "{where}: tokens were merged or split after the group {key!r} was written, so that its spans lie elsewhere now. Use the component hmtl_retokenizer in place of merge_entities, or spacy_hmtl.helpers.retokenized: both move all layers along."
    H341 = "{where}: doc._.{name} takes Spans, found {found} ({kind}). Write doc[start:end], in tokens, or doc.char_span(start, end), in characters."
    H342 = "{where}: doc._.{name} takes Spans of this Doc, but {text!r} belongs to another. Write doc[span.start:span.end]."
    H343 = "{where}: doc._.relations: {fault}. Give (head, label, tail) or (head, label, tail, score): Spans of the Doc, a text, a score in [0, 1]."
    H344 = 'spans_keys: {fault}. Give each layer ({known}) a group of its own, such as {{"emd": "mentions"}}, in [components.hmtl.spans_keys].'
    H345 = "{name}: gold mentions are given when scores are made, but the output of the transformer is gone by then. Set keep_trf_data = true in [components.{name}]."
    H346 = "frozen names {found}. Give a list of {known}, or of some of them, in {section}."
    H347 = "Weights of {what} do not fit: {reason}. Both pipelines need the same settings for what is taken; levels above it may differ."
    H348 = "Levels cannot be taken ({tasks}): {theirs} in the source, {ours} here. A level is taken with all that it reads, which must be the same levels in both."
    H349 = "The pipeline {source} has no hmtl component {name!r} (components: {known}). Name it by component = NAME in [initialize.components.hmtl.transfer], or hand the component itself to transfer()."

    # Scoring: H4xx
    H401 = "Document {index}: the mention {mention!r} occurs twice in the {side} clusters. A mention belongs to one cluster."

    # Commands and pages: H5xx
    H501 = "{where}: not a JSON object: {reason}. Write one object per line."
    H502 = "{where}: expected a text under the key {key!r}, found {found}."
    H503 = "{where}: {layer}: characters [{start}, {end}) do not fall on token boundaries. Correct the offsets."
    H504 = "{path}: cannot read files of this kind. Give a .txt, .jsonl or .spacy file, or a folder of them."
    H505 = "{path}: cannot write files of this kind. Let OUTPUT end in {expected}."
    H506 = "{path}: line {line} was made from another text than {name}. Use --no-resume to start again."
    H507 = "Unknown layers {layers}. Known layers: {known}."
    H508 = "{model}: could not load this pipeline: {reason}. Give a folder made by nlp.to_disk or `spacy train`, or the name of an installed package."
    H509 = "{model}: no component hmtl in the pipeline, only {pipes}. {what} needs one."
    H510 = "{where}: not a document as `annotate` writes it: {reason}. For other JSON lines, use `convert jsonl`."

    # The server: H519 to H529
    H519 = "The pipeline failed with {kind}. Try another text, or tell the person who runs this server."
    H520 = "Cannot listen on {host}, port {port}: {reason}. Choose another one with --port or --host; --port 0 takes a free port."
    H521 = "The body has more than {limit:,} bytes. Send less at once, or start the server with a larger --max-bytes."
    H522 = "The batch has {found:,} texts, at most {limit:,} are taken at once. Send several batches."
    H523 = 'The body is not JSON: {reason}. Send an object such as {{"text": "Anna left Oslo."}}, in UTF-8.'
    H524 = "The body must be declared as JSON, found the content type {found}. Send the header `Content-Type: application/json`."
    H525 = "The JSON is not what is expected: {reason}. See /docs."
    H526 = "{what} within {seconds:g} seconds. Send less at once, or try again later."
    H527 = "No pipeline to serve: none with the component hmtl is installed. Name a folder or a package."
    H528 = "No such model here. Models: {known}."
    H529 = "{n:,} requests are already waiting. Try again in {seconds} s."

    # Annotating at scale: H540 to H549
    H540 = '{what} needs {package}, which is not installed. Run `pip install "{install}"`.'
    H541 = (
        "{path}: another run is writing this output (it holds {partial}). Wait for it, stop it, or name another OUTPUT."
    )
    H542 = "{path}: not a Parquet file, or a damaged one: {reason}."
    H543 = "A worker process ended without an answer (killed, or out of memory). Start the same command again: it goes on from here. A lower --n-process or --batch-size needs less memory."
    H544 = "{path}: no column {column!r}, only {found}. Rename the column that holds the texts."
    H545 = "n_process must be -1 (one per core) or at least 1, found {value}."
    H546 = "Ray could not finish: {reason}. Start the same command again: it goes on from here."

    # The paper's experiments: H551 to H559
    H551 = 'No setup {setup!r}. Known setups: {known}; or "all".'
    H553 = "{argument!r} is not an override of the config. Write --section.key VALUE, or section.key=VALUE."

    # Helpers: H560 to H569
    H560 = "Tokens [{start}, {end}) do not lie in a document of {length} tokens. Give 0 <= start <= end <= {length}."
    H561 = "The parts {parts} do not make up token {token}, {text!r}. Put together, they must be its text, and none may be empty."
    H562 = "No Docs to join. Give at least one."

    # The golden sample: H570 to H574
    H570 = "{model}: carries no golden sample. Store one with `python -m spacy hmtl check {model} --write SAMPLE.txt` before packaging."
    H571 = "{path}: not a golden sample: {reason}. Store it again with `check MODEL --write SAMPLE.txt`."
    H572 = "{path}: the sample holds no text. Give texts in which the pipeline finds something in every layer."

    # What is refused of files from elsewhere: H580 to H589
    H580 = "{path}: brings code of its own ({found}), and a model's code is never run. Use a model whose classes are part of transformers, without auto_map, custom classes and program files."
    H581 = "{path}: {found} leads out of the folder. A model is read from its own folder only: put the file itself there, under a plain name."
    H582 = "{path}: the weights in {name} are a pickle, which can run code when it is read. Save them as safetensors: model.save_pretrained(FOLDER, safe_serialization=True)."
    H583 = "{path}: {key} = {value!r} asks for a model, a library or a kernel from elsewhere. Use an encoder of text that is complete in its folder."
    H584 = "The saved weights cannot be read: {reason}. They are damaged, or are not safetensors: save the pipeline again, or fetch it again from where it was made."

    # What a command is given: H590 to H595
    H590 = "{path}: no such file or folder. Check the path.{remedy}"
    H591 = "{path}: a text holds no annotation. Name the pipeline that is to annotate it first, or give a .spacy, .jsonl or .parquet file with annotation."
    H592 = "{path}: no document is annotated for a layer that is scored. Give gold data: .spacy, .jsonl or .parquet files with annotation."
    H593 = "{path}: no document is left to show. See the errors above."
    H594 = "{name}: could not be annotated: {reason}. It is left out."

    # Settings of one call: H600 to H609
    H600 = "{name}: component_cfg cannot change {found} for one call; it can change {known}. Change the others for all calls, in nlp.get_pipe({name!r}).cfg or in [components.{name}]."

    # Files that are refused: H610 to H624
    H610 = "{path}: the file is packed ({kind}). Unpack it first, for example with gunzip, unzip, bunzip2 or unxz."

    # What a text may cost: H625 to H630
    H625 = "A run of {found:,} characters without white space begins at character {place:,}; at most {limit:,} are taken, because the time that a run takes grows with its square. Put white space between them, or raise --max-run (0 for no limit)."
    H626 = "Long runs of punctuation without white space, up to the one at character {place:,}, would take too long together: as much as {limit:,} marks in one run, and more than a text of this length may. Put white space between them, or raise --max-run (0 for no limit)."
    H627 = "The text has {found:,} tokens, at most {limit:,} are taken. Cut it into parts, or raise --max-tokens (0 for no limit)."
    H628 = "The text took longer than {seconds:g} seconds and was given up. Cut it into parts, or raise --timeout."
    H629 = "timeout must be more than 0 seconds, found {value:g}. Leave it out for no limit."
    H630 = "A time limit for each text needs processes of this machine: use --engine local, or leave --timeout out."

    # The server's workers and names: H631 to H634
    H631 = "A worker process ended while it loaded the pipeline (killed, or out of memory). A lower --workers needs less memory."
    H632 = (
        "This server is not called {found}. Use one of the names that it knows, or start it with --allowed-host NAME."
    )
    H633 = "The server is shutting down. Send the request to another one, or try again in {seconds} s."
    H634 = "The body must not be encoded, found the content encoding {found!r}. Send plain JSON in UTF-8."

    # Faults in what is saved, in gold and in training: H640 to H659
    H640 = "{path}: is not what was written: its checksum is {found}, not {expected}. The file was damaged or changed: fetch the pipeline again from where it was made, or save it again."
    H641 = "{path}: cannot be loaded: {reason}. The file is damaged, or of another pipeline: fetch the pipeline again from where it was made, or save it again."
    H642 = "{path}: is missing. Fetch the pipeline again from where it was made, or save it again."
    H643 = "{path}: holds weights that are not finite numbers ({n} tensors, such as {names}), with which every prediction would be wrong. Use a pipeline that was saved before, or train again with a lower learning rate."
    H644 = "The saved description of the network is damaged: {fault}. Fetch the pipeline again from where it was made, or save it again."
    H645 = "{where}: the attrs of the group {key!r}, which holds {n} spans, {reason}. Correct the annotation: doc._.coref_clusters and doc._.relations write such groups as they must be."
    H646 = "The {what} of {tasks} is {value}, not a finite number, so nothing is learnt from this batch and training stops; the weights are those before it. Its documents: {documents}. Check their annotation; otherwise lower the learning rate, or set max_grad_norm above 0."

    # Grids of experiments: H660 to H679
    H660 = "{path}: {axis} has {name!r}, which nothing describes. Known: {known}. Add a table [{table}.{name}], or correct the name."
    H661 = "{path}: not a grid, it has {found}. Correct it as docs/experiments.md shows. {cure}"
    H662 = (
        "{where}: the config that this makes is wrong: {reason}. Correct the overrides of the grid or of the command."
    )
    H663 = "{path}: not a table of results, or a damaged one. Restore it, or name another folder with --results."
    H664 = "{n} trainings failed: {runs}. The others are done. See the logs, correct what they name, and start the same command again: it goes on from here."
    H665 = "Pictures need matplotlib. Install it with `pip install matplotlib`, or give --no-pictures."
    H666 = '{path}: no {name} there. Train with `--training.logger.training_log FOLDER/training.jsonl` (@loggers = "spacy_hmtl.ConsoleLogger.v1"); what was not recorded cannot be shown.'
    H667 = "{path}: not the record of a training, or a damaged one: {reason}. Give the training.jsonl that the logger wrote."
    H668 = "{path}:{line}: expected the 10 columns of CoNLL-U, found {n}. Give files of a treebank (.conllu)."
    H669 = "{path}:{line}: expected part (tr, va or te), answer and sentence, with tabs between them. Correct the line, or name another folder of SentEval's probing files."
    H670 = "Probing needs scikit-learn. Install it with `pip install scikit-learn`."

    # Publishing, and what commands take when they are given nothing: H685 to H699
    H685 = "{path}: not a model card: {reason}. Write a JSON object with the keys description, author, url, license and sources."
    H686 = (
        "No pipeline is named, and the pretrained en_hmtl_web_md is not installed. Name one, or install that: "
        "python -m pip install --no-deps assets/pipelines/en_hmtl_web_md-0.1.0-py3-none-any.whl (docs/pipelines.md)."
    )
    H687 = "{path} exists already. Name another file, or give --force to overwrite it."
    H688 = "The encoder {name} is not on this machine. Fetch it once with `hf download {name}`, or name the folder of one saved by `save_pretrained`: --paths.encoder FOLDER."
    H689 = "{model}: the folder holds no pipeline (config.cfg and meta.json). Name a folder made by nlp.to_disk or `spacy train`, or an installed package."
    H690 = "{repo} is not the name of a repository. Write OWNER/NAME, such as anna/en_letters."
    H691 = "The hub has refused the upload: {reason}. Log in with `hf auth login`, and check the name and your rights."
    H692 = "{model}: the meta says no {fields}. Complete meta.json (or the card of `spacy_hmtl.ModelCard.v1`), or give --force."
    H693 = "Document {number} of the gold documents is missing or has other tokens. Name the file that was annotated: `visualize MODEL gold.spacy OUT.html --gold gold.spacy`."

    # What the offsets of a corpus count: H700 to H719
    H700 = "{path}: its offsets seem to count tokens from 1, and nothing proves it: {reason}. Subtract 1 from them, or give --ends inclusive or --ends exclusive to take them from 0."
    H701 = "{path}: cannot tell whether its offsets count tokens in the document or in the sentence: {reason}. Say so with --offsets document or --offsets sentence."

    # What a request may cost: H720 to H729
    H720 = "The texts of the request have more than {limit:,} tokens together. Send fewer of them at a time, or start the server with a higher --max-request-tokens (0 for no limit)."
    H735 = "{name!r} listens to another component, but {n} of {total} Docs have no output of one: it would read zeros. Put {kind} before it in the pipeline, keep its output where a listener came before (keep_trf_data = true), or give {name!r} a copy: spacy_hmtl.helpers.replace_listeners(nlp, {kind!r}, {name!r})."


class Warnings(metaclass=WithCodes):
    W101 = "{n} of {total} gold {what} do not align with the predicted tokens or cross a sentence end or a blank line; they are skipped (said once). Use gold tokens (gold_preproc = true) or correct the boundaries."
    W103 = (
        "The extension {kind}._.{name} is owned by another package; spacy_hmtl serves its own as {kind}._.hmtl_{name}."
    )
    W104 = "{path}: split into parts of at most {max_length} tokens, which cut {mentions} mentions, {links} coreference links and {relations} relations."
    W105 = "The tagger of {task!r} has {layers} layer(s) and cannot hold all nested spans: it keeps {kept} of {total} gold spans from the {keep} level on ({percent:.1f} % recall at most). Raise [components.hmtl.model.heads.{task}] layers to hold more."
    W120 = "{path}: vectors can no longer be kept there: {reason}. Training goes on without."
    W121 = "The tokenizer of the encoder cuts text differently from the one it was trained with ({reason}; transformers {then} then, {now} now), so that predictions may be wrong. Install the versions of the training."
    W122 = "The encoder was trained with transformers {then}, but this is {now}; its code may differ. Install transformers {then} if predictions look wrong."
    W130 = "{path}: a link that leads out of its folder is not read ({n} in all). Name the file itself, or put it into the folder."
    W150 = "The joined Doc is without {layers}: not all of the Docs have them."
    W160 = "The learning rate is 0, so that updates teach {name!r} nothing (said once). The schedule in [training.optimizer.learn_rate] has ended or never rises: raise its total_steps, or give `nlp.update` an optimizer such as Adam(0.001)."
    W161 = "{name!r} does not rehearse: `nlp.rehearse` teaches it nothing (said once). To keep what it knows, mix old examples into the batches, or Docs that the loaded pipeline annotated: Example(nlp.make_doc(text), old_nlp(text))."
    W162 = "None of the {n} Docs of the first batch is annotated for a task of {name!r} ({tasks}), but for other components. Training stops if that holds for {patience} batches."
    W170 = "The group {key!r} of a Doc holds {n} spans, but its attrs {reason}: it is read as not annotated (said once). Doc.from_docs and Doc.from_json lose attrs; spacy_hmtl.helpers.join_docs, and doc_to_json and json_to_doc of spacy_hmtl.jsonl, keep them."
    W171 = "{n} of {total} gold spans for the task {task!r} begin or end with white space, which is left out (said once). Correct the boundaries to avoid this warning."
    W172 = '{name!r} joins the names and mentions that other components find, but these Docs have none (said once). Put it after such a component, add {needs} to levels, or let its heads find their own: candidates = "spans" in heads.coref, arguments = "own" in heads.relation.'
    W173 = '{name!r} is trained and keeps its weights; new labels: {new} (said once). To begin from random weights, make the component again: nlp.replace_pipe({name!r}, "hmtl", config=...), then nlp.initialize.'
    W174 = "{name!r}: {task} is frozen, but what it reads learns on ({below}), so its predictions change (said once). Name these in frozen, too, where they should not."
    W180 = '{path}: the label map does not name {labels}, which stay as they are. Name them, or let "*" say what becomes of others.'
    W181 = "{path}: no document has {labels}, which the label map names. Correct their spelling, or take them out of the map."
    W194 = "{name!r} is saved with weights that are not finite numbers ({n} tensors, such as {names}), and cannot be loaded. Go back to what was saved before, and train with a lower learning rate."
    W195 = '{n} weights of the encoder ({names}) are beyond the range of {dtype} and are saved as its largest value, {most:g}. Set save_dtype = "bfloat16" or "float32" in the Transformer embedding to keep them.'
    W196 = "The word vectors of the vocabulary are not those that {name!r} was saved with, so that predictions may be wrong. Load it with the vectors of its training, or save it again with these."
    W220 = "{name!r}: relation_threshold = {value} decides nothing, since every relation label has a threshold of its own (said once). Change relation_thresholds.LABEL, or have one threshold for all: nlp.get_pipe({name!r}).cfg['relation_thresholds'] = {{}}."
    W221 = "{name!r} replaces {n} spans that something else has put into the group {key!r} of a Doc (said once). Let one of the two write elsewhere: spans_keys = {{{task!r}: KEY}} in [components.{name}], or the other's spans_key."

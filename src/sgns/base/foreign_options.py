"""What options of gensim, word2vec.c and fastText are called here, or what to do without them. For error messages."""

import re

WORD_MODEL = "here it is [model skipgram] or [model cbow]"
DOCUMENT_MODEL = "here it is [model dm] or [model dbow]"
LOSS = "here it is [loss hierarchical] or [loss negatives]"
NGRAMS = "here it is [ngrams 3-6]"
POSITIONAL = "the text is given without a name: {train}"
BY_ENDING = "the ending of the output chooses the format: {bin}"

# option of another tool, in small letters without - and _: (name here or "", what to do instead)
FOREIGN_OPTIONS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("size", "vectorsize", "embeddingsize", "embeddingdim", "layer1size", "dimension", "dimensions",
                     "vectordim"), ("dim", "")),
    **dict.fromkeys(("iter", "iters", "iterations", "epoch", "niter", "numepochs"), ("epochs", "")),
    **dict.fromkeys(("workers", "thread", "numthreads", "numworkers", "nthreads"), ("threads", "")),
    **dict.fromkeys(("alpha", "startalpha", "learningrate", "eta"), ("lr", "")),
    **dict.fromkeys(("minalpha", "endalpha", "minlearningrate"), ("min_lr", "")),
    **dict.fromkeys(("sample", "t", "subsampling", "samplingthreshold"), ("subsample", "")),
    **dict.fromkeys(("negative", "neg", "ns", "numneg", "negativesamples", "k"), ("negatives", "")),
    **dict.fromkeys(("nsexponent", "noiseexponent"), ("noise_power", "")),
    **dict.fromkeys(("ws", "windowsize", "contextsize"), ("window", "")),
    **dict.fromkeys(("mincount", "minfreq"), ("min_count", "")),
    **dict.fromkeys(("maxfinalvocab", "maxvocabsize", "maxvocab", "vocabsize"), ("max_vocabulary", "")),
    **dict.fromkeys(("randomseed", "randomstate"), ("seed", "")),
    **dict.fromkeys(("lower", "lowercased"), ("lowercase", "")),
    **dict.fromkeys(("device", "gpu", "cuda", "usecuda"), ("engine", "cuda is one of its values")),
    **dict.fromkeys(("train", "input", "file", "infile", "corpus", "corpusfile", "text", "data"), ("", POSITIONAL)),
    **dict.fromkeys(("o", "output", "out", "outfile", "save", "savevectors", "outputfile"), ("output", "{save}")),
    **dict.fromkeys(("sg", "cbow", "skipgram"), ("", WORD_MODEL)),
    **dict.fromkeys(("dm", "dbow"), ("", DOCUMENT_MODEL)),
    **dict.fromkeys(("cbowmean", "dmmean"), ("combine", "mean and sum are its values")),
    **dict.fromkeys(("dbowwords", "dmconcat", "dmtagcount"), ("", "it is not here; leave it out")),
    "hs": ("", LOSS),
    **dict.fromkeys(("minn", "maxn", "maxngrams"), ("", NGRAMS)),
    "bucket": ("buckets", "rows of n-grams, which [ngrams 3-6] gives"),
    "wordngrams": ("", "fastText uses it for classifiers alone; leave it out"),
    **dict.fromkeys(("binary", "savebinary"), ("", BY_ENDING)),
    "computeloss": ("", 'the loss is always computed, see metadata["losses"] of the vectors; leave it out'),
    **dict.fromkeys(("callbacks", "callback"), ("", "on_epoch of sgns.train is called after each epoch; leave it out")),
    "savevocab": ("", "a vector file holds words and counts, and sgns vocabulary writes them; leave it out"),
    "readvocab": ("vocabulary_file", ""),
    "pretrainedvectors": ("start", ""),
    **dict.fromkeys(("stopwords", "stoplist"), ("drop_words", "")),
    **dict.fromkeys(("bigrams", "ngramphrases"), ("phrases", "1 joins pairs of words")),
    **dict.fromkeys(("verbose", "debug"), ("quiet", "progress is shown unless it is given")),
    **dict.fromkeys(("batchsize", "batchwords", "hashfxn", "sortedvocab", "trimrule", "nullword",
                     "classes", "label", "lrupdaterate", "maxsentencelength"),
                    ("", "leave it out")),
}  # fmt: skip
"""Names of options in gensim, word2vec.c and fastText. `[model cbow]` stands for an option of ours with a value."""


def foreign_option(name: str, in_python: bool = True) -> str | None:
    """What an option of another tool is called here, as the end of a sentence, or what to do without it.

    Args:
        name: As it was typed, such as `--vector-size` or `vector_size`.
        in_python: Names and examples are those of `sgns.train`; else those of the command line.

    Returns:
        None for a name that no other tool has.
    """
    found = FOREIGN_OPTIONS.get(name.replace("-", "").replace("_", "").lower())
    if found is None:
        return None
    ours, note = found
    examples = {
        "train": "sgns.train('corpus.txt')" if in_python else "sgns train corpus.txt",
        "bin": "vectors.save('vectors.bin')" if in_python else "-o vectors.bin",
        "save": "vectors.save('vectors.bin') writes the result" if in_python else "",
    }
    note = re.sub(r"\[(\w+) ([\w-]+)\]", r"\1='\2'" if in_python else r"--\1 \2", note).format(**examples)
    if not ours or (ours == "output" and in_python):
        return note
    shown = ours if in_python else f"--{ours.replace('_', '-')}"
    return f"here it is {shown}{'; ' if note else ''}{note}"

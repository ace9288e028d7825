"""Does this revision still give the same bits? Run it before and after a change that must change nothing.

    python tests/same_bits.py --record   keep the digests of everything below in same_bits.json
    python tests/same_bits.py            compare with them: a line an item, exit code 1 on a difference
    python tests/same_bits.py --only train --lanes 8    (or 4, or 16: AVX-512 without bfloat16)

Every text and every vector is made here from a seed; nothing outside this file decides a digest but the package, the
libraries' versions (they are recorded, and a difference is said) and, for what is trained, the width of the processor's
vectors: float32 sums of 16 lanes round otherwise than sums of 8. So trained matrices are recorded for each width, and
--lanes compiles for a narrower processor than this one. Kernels are compiled anew in each run (a minute in all), for
Numba's cache does not notice every change. Digests are of values in their order, never of JSON keys, and what has
another name in another revision is looked for under all its names, so one script runs on both sides of a rename.
"""

# ruff: noqa: E402
import os

for _threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_threads] = "1"  # before NumPy: sums of several threads may round otherwise

import argparse
import bz2
import gzip
import hashlib
import json
import lzma
import platform
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

import sgns

RECORD = Path(__file__).with_suffix(".json")
Digests = dict[str, str]

# --- names: the only lines that know what a revision calls things -----------------------------------------------------


def first(thing: Any, *names: str) -> Any:
    """The first of several attributes that `thing` has."""
    for name in names:
        if hasattr(thing, name):
            return getattr(thing, name)
    raise AttributeError(f"{thing!r} has none of {', '.join(names)}")


FIELDS = sgns.Config.__dataclass_fields__
VALIDATION = next(name for name in ("validation", "heldout") if name in FIELDS)  # of Config; --NAME on the command line


def validation_losses(metadata: dict[str, Any]) -> list[float]:
    return next(metadata[name] for name in ("validation_losses", "heldout_losses") if name in metadata)


def most_similar(v: sgns.Vectors, *arguments: Any, **options: Any) -> Any:
    return first(v, "most_similar", "similar")(*arguments, **options)


def most_similar_each(v: sgns.Vectors, *arguments: Any, **options: Any) -> Any:
    return first(v, "most_similar_each", "similar_each")(*arguments, **options)


def doesnt_match(v: sgns.Vectors, words: list[str]) -> Any:
    """The answers, oddest first; gensim's method of this name gives the oddest word alone."""
    return first(v, "odd_one_out", "odd", "doesnt_match")(words)


def rank_of(v: sgns.Vectors, a: str, b: str) -> int:
    return first(v, "rank_of", "rank")(a, b)


def command(*arguments: Any, environment: dict[str, str] | None = None, folder: Path, start: Iterable[str] = ()) -> str:
    """What `python -m sgns …` prints."""
    done = subprocess.run(
        [sys.executable, *(start or ["-m", "sgns"]), *map(str, arguments)],
        env=os.environ | {"PYTHONWARNINGS": "ignore"} | (environment or {}),
        cwd=folder, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, arguments))}: {done.stderr.strip()[-1_000:]}")
    return done.stdout


def communication_dtype(folder: Path) -> str:
    """The option that rounds what ranks send each other."""
    said = command("train", "--help", folder=folder)
    return next(option for option in ("--communication-dtype", "--wire") if option in said)


TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "sgns"]

# --- digests ----------------------------------------------------------------------------------------------------------


def digest(*parts: Any) -> str:
    """16 hexadecimal digits of bytes, arrays (type, shape, numbers) and plain values (by repr, keys left out)."""
    found = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            part = np.ascontiguousarray(part)
            found.update(f"{part.dtype.str}{part.shape}".encode() + part.tobytes())
        elif isinstance(part, bytes):
            found.update(part)
        else:
            found.update("\n".join(map(repr, leaves(part))).encode())
        found.update(b"\x00")
    return found.hexdigest()[:16]


def leaves(value: Any) -> Iterator[Any]:
    """The values of nested lists and objects in their order."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from leaves(item)
    else:
        yield value.item() if isinstance(value, np.generic) else value


def of_corpus(corpus: sgns.Corpus) -> str:
    """Everything but the hash, which names the version of the encoding too."""
    vocabulary = corpus.vocabulary
    ids, ends = np.asarray(corpus.ids, "<i4"), np.asarray(corpus.sentence_ends, "<i8")
    counts = np.asarray(vocabulary.counts, "<i8")
    return digest(ids, ends, counts, list(vocabulary.words), corpus.raw_tokens)


def of_vectors(v: sgns.Vectors) -> str:
    parts = [np.asarray(v.E, "<f4")]
    parts += [] if v.C is None else [np.asarray(v.C, "<f4")]
    parts += [] if v.counts is None else [np.asarray(v.counts, "<i8")]
    return digest(*parts, list(v.words))


def of_run(v: sgns.Vectors) -> str:
    """E, C, words, counts, and the figures of the run that are no times."""
    facts = [v.metadata[name] for name in ("tokens", "raw_tokens", "sentences", "words", "pairs", "losses")]
    return digest(of_vectors(v), facts)


AVX2 = ["sse", "sse2", "sse3", "ssse3", "sse4.1", "sse4.2", "popcnt", "avx", "avx2", "fma", "bmi", "bmi2", "f16c"]
AVX512 = ["avx512f", "avx512dq", "avx512bw", "avx512vl", "avx512cd"]
NARROWER = {  # as in tests/conformance/test_processors.py; 16 is without products of bfloat16
    16: {"NUMBA_CPU_NAME": "skylake-avx512", "NUMBA_CPU_FEATURES": ",".join(f"+{name}" for name in AVX2 + AVX512)},
    8: {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": ",".join(f"+{name}" for name in AVX2)},
    4: {"NUMBA_CPU_NAME": "generic"},
}


def lanes() -> str:
    """Floats in a vector of this processor, as the kernels see it, and whether it multiplies bfloat16."""
    from sgns.training.engines.cpu.llvm import BFLOAT16, LANES

    return f"{LANES} lanes" + ", bfloat16" * BFLOAT16


# --- texts ------------------------------------------------------------------------------------------------------------

SYLLABLES = [
    "ka",
    "lo",
    "mi",
    "ra",
    "tu",
    "ne",
    "so",
    "vi",
    "pe",
    "du",
    "an",
    "el",
    "or",
    "ist",
    "ein",
    "ung",
    "che",
    "qua",
]
BEYOND = [
    "Straße",
    "naïve",
    "ŁÓDŹ",
    "Ἀθῆναι",
    "мир",
    "Ünïcode",
    "東京都",
    "서울",
    "e\u0301te\u0301",
    "ﬁre",
    "İzmir",
    "x²",
]
RAW = [b"caf\xe9", b"\xff\xfe", b"a\x00b", b"long" * 50, "字".encode() * 90, b"12,5", b"3.14", b"---", b"don't"]
EDGES = [b"%s", b"%s", b"%s", b"%s,", b"%s.", b'"%s"', b"(%s)", b"%s!", b"%s-like", b"and/%s", b"'%s'", b"%s's"]


def words_of(n: int, rng: np.random.Generator) -> list[bytes]:
    """n words; 1 in 7 in upper or title case, 1 in 11 beyond ASCII."""
    words = []
    for k in range(n):
        word = "".join(rng.choice(SYLLABLES, rng.integers(1, 5))) + (str(k) if k % 13 == 5 else "")
        if k % 11 == 3:
            word = BEYOND[k // 11 % len(BEYOND)] + (word if k > 200 else "")
        word = word.upper() if k % 14 == 2 else word.title() if k % 14 == 9 else word
        words.append(word.encode())
    return words


def zipf_text(tokens: int, seed: int, words: int = 8_000) -> bytes:
    """A text of about so many tokens: topics, Zipf's law, punctuation, blank lines, \\r\\n, bytes that are no UTF-8."""
    rng = np.random.default_rng(seed)
    known = words_of(words, rng)
    chances = 1 / np.arange(2, words + 2)
    drawn = rng.choice(words, tokens, p=chances / chances.sum())
    topic = np.repeat(rng.integers(0, 40, tokens // 50 + 1), 50)[:tokens]
    near = rng.random(tokens) < 0.4
    drawn[near] = (topic[near] * 25 + drawn[near] % 25 + 100) % words
    edges, odd, gaps = rng.integers(0, 40, tokens), rng.integers(0, 3_000, tokens), rng.integers(0, 400, tokens)
    parts = []
    for word, edge, strange, gap in zip(drawn.tolist(), edges.tolist(), odd.tolist(), gaps.tolist(), strict=True):
        spelling = known[word]
        if edge < len(EDGES):
            spelling = EDGES[edge] % spelling
        parts.append(RAW[strange] if strange < len(RAW) else spelling)
        if gap < 24:
            parts.append(
                b"\r\n" if gap < 4 else b"\r" if gap == 4 else b"\n\n" if gap < 8 else b"\n \t\n" if gap == 8 else b"\n"
            )
        else:
            parts.append(b"\t" if gap == 30 else b"  " if gap == 31 else b"\xc2\xa0" if gap == 32 else b" ")
    return b"".join(parts)


def plain_text(tokens: int, seed: int, words: int = 300) -> bytes:
    """Lines of ten words whose numbers lie near each other."""
    rng = np.random.default_rng(seed)
    topics = rng.integers(0, words // 10, tokens // 10)
    numbers = topics[:, None] * 10 + np.minimum(9, rng.geometric(0.3, (tokens // 10, 10)) - 1)
    return "".join(" ".join(f"w{n}" for n in line) + "\n" for line in numbers).encode()


def made_vectors(n: int = 600, dim: int = 24) -> sgns.Vectors:
    """Words w0, w1, … in groups of 20 that point the same way, with C and counts."""
    rng = np.random.default_rng(11)
    centres = np.repeat(rng.normal(size=(n // 20, dim)), 20, axis=0)
    E, C = (centres + 0.7 * rng.normal(size=(n, dim))).astype("f4"), rng.normal(size=(n, dim)).astype("f4")
    words = [BEYOND[k] if k < len(BEYOND) else f"W{k}" if k % 17 == 0 else f"w{k}" for k in range(n)]
    return sgns.Vectors(words, E, C, np.arange(3 * n, 2 * n, -1), {"config": {"negatives": 5, "lr": 0.03}})


# --- what is digested -------------------------------------------------------------------------------------------------


def text(folder: Path) -> Iterator[tuple[str, str]]:
    """Text to ids: the plain encoder (texts below 4 MB) and the kernels, files packed and not, token lists."""
    small, filler, large = folder / "small.txt", folder / "filler.txt", folder / "large.txt"
    small.write_bytes(zipf_text(200_000, seed=1))
    filler.write_bytes(b"filler filler filler\n" * 240_000)  # 5 MB: with it even the small text goes through kernels
    large.write_bytes(zipf_text(900_000, seed=2, words=60_000))

    hashes = []

    def encoded(paths: Any, cache: bool = True, **options: Any) -> str:
        corpus = sgns.Corpus.from_files(paths, sgns.Config(**options), cache=cache)
        hashes.append(corpus.hash)
        return of_corpus(corpus)

    for sentences, lowercase, punctuation in product(("line", "paragraph", "none"), (True, False), (True, False)):
        options = {"sentences": sentences, "lowercase": lowercase, "punctuation": punctuation}
        name = f"{sentences}{'' if lowercase else ', case kept'}{', punctuation kept' if punctuation else ''}"
        yield f"plain: {name}", encoded(small, min_count=2, **options)
        yield f"kernels, small text: {name}", encoded([small, filler], min_count=2, **options)
    for sentences in ("line", "paragraph", "none"):
        yield f"kernels, {large.stat().st_size / 1e6:.0f} MB: {sentences}", encoded(large, sentences=sentences)
    yield "kernels, 1 thread", encoded(large, min_count=1, threads=1, cache=False)
    yield "kernels, 3 threads", encoded(large, min_count=1, threads=3, cache=False)
    yield "from the cache", encoded(large, sentences="none")
    for most in (10, 1_000):
        yield f"plain: max_vocabulary {most}", encoded(small, min_count=1, max_vocabulary=most)
        yield f"kernels: max_vocabulary {most}", encoded(large, min_count=1, max_vocabulary=most)
    cut = small.read_bytes()[:300_000]
    for ending, pack in {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}.items():
        packed = folder / f"packed.txt.{ending}"
        packed.write_bytes(pack(cut))
        yield f"packed: {ending}", encoded(packed, min_count=1)
    (folder / "large.txt.gz").write_bytes(gzip.compress(large.read_bytes(), 1))
    yield "kernels: packed", encoded(folder / "large.txt.gz")
    many = folder / "many"
    (many / "below").mkdir(parents=True)
    for k, place in enumerate(("b.txt", "a.txt", "below/c.txt", ".hidden")):
        (many / place).write_bytes(cut[k * 50_000 : (k + 1) * 50_000])
    yield "a folder", encoded(many, min_count=1)
    lists = [line.split() for line in cut.decode("utf-8", "replace").splitlines()]
    listed = sgns.Corpus.from_sentences(lists, sgns.Config(min_count=2))
    yield "token lists", of_corpus(listed)
    yield "Corpus.hash of all these", digest(hashes, listed.hash)
    yield (
        "token lists: max_vocabulary",
        of_corpus(sgns.Corpus.from_sentences(iter(lists), sgns.Config(min_count=1, max_vocabulary=50))),
    )
    vocabulary = sgns.Corpus.from_files(small, sgns.Config(min_count=2)).vocabulary
    yield (
        "threshold, keep, noise",
        digest(
            vocabulary.threshold(None),
            first(vocabulary, "keep_probability", "keep_probabilities")(1e-4),
            first(vocabulary, "noise_distribution", "noise")(0.75),
        ),
    )


def train(folder: Path) -> Iterator[tuple[str, str]]:
    """E, C and the losses of every way to train that repeats."""
    small, lines, tiny = folder / "zipf.txt", folder / "lines.txt", folder / "tiny.txt"
    small.write_bytes(zipf_text(200_000, seed=1))
    lines.write_bytes(plain_text(60_000, seed=7))
    tiny.write_bytes(plain_text(3_000, seed=7, words=100))
    base = {"dim": 20, "epochs": 2, "min_count": 2, "threads": 1, "engine": "cpu", "lr": 0.04, "min_lr": 1e-4}

    def trained(source: Path = small, **options: Any) -> sgns.Vectors:
        return sgns.train(source, quiet=True, **(base | options))

    yield "1 thread", of_run(trained())
    yield (
        "1 thread, another shape",
        of_run(trained(dim=33, window=3, negatives=7, subsample=0.0, noise_power=1.0, seed=2, lr=0.025)),
    )
    yield "deterministic, 1 thread", of_run(trained(deterministic=True))
    yield "deterministic, 2 threads", of_run(trained(deterministic=True, threads=2))
    yield "sharing window", of_run(trained(sharing="window"))
    yield "sharing pair", of_run(trained(sharing="pair"))
    validated = trained(**{VALIDATION: 0.05})
    yield "validation share .05", of_run(validated)
    yield "validation losses", digest(validation_losses(validated.metadata))
    validated = trained(deterministic=True, sharing="window", **{VALIDATION: 0.05})
    yield "deterministic, window, validation", digest(of_run(validated), validation_losses(validated.metadata))
    reference = trained(tiny, engine="reference", epochs=1, min_count=1, **{VALIDATION: 0.05})
    yield "reference engine", digest(of_run(reference), validation_losses(reference.metadata))
    for how in ({}, {"deterministic": True, "threads": 2}):
        options = {"epochs": 40, VALIDATION: 0.05} | how
        name = "deterministic" if how else "1 thread"
        yield f"40 epochs, {name}", of_run(trained(lines, **options))
        yield (
            f"interrupted and resumed, {name}",
            of_run(resumed(folder, lambda **more: trained(lines, **more), options)),
        )
    yield "the command line", of_run(by_command(folder, lines))
    validated = by_command(folder, lines, f"--{VALIDATION}", 0.05, start=TORCHRUN)
    yield "two ranks under torchrun", digest(of_run(validated), validation_losses(validated.metadata))
    rounded = by_command(folder, lines, communication_dtype(folder), "bfloat16", start=TORCHRUN)
    yield "two ranks, bfloat16 between them", of_run(rounded)
    yield (
        "cuda engine, interpreted",
        of_run(by_command(folder, tiny, "--engine", "cuda", environment={"TRITON_INTERPRET": "1"})),
    )


def resumed(folder: Path, train: Callable[..., sgns.Vectors], options: dict[str, Any]) -> sgns.Vectors:
    """A run that Ctrl-C interrupts once a checkpoint is there, and that then goes on from it."""
    output = folder / "resumed.safetensors"
    over = threading.Event()

    def interrupt() -> None:
        while not over.is_set() and not list(folder.glob("*.checkpoint")):
            time.sleep(0.002)
        if not over.is_set():
            os.kill(os.getpid(), signal.SIGINT)

    watcher = threading.Thread(target=interrupt)
    watcher.start()
    try:
        half = train(**options, checkpoint=output, checkpoint_every="2blocks")
    finally:
        over.set()
        watcher.join()
    if not half.metadata["interrupted"]:
        raise RuntimeError("the run was over before it could be interrupted; give it more epochs")
    whole = train(**options, checkpoint=output, resume=True)
    if whole.metadata["interrupted"] or list(folder.glob("*.checkpoint")):
        raise RuntimeError("the resumed run did not end well")
    return whole


def by_command(folder: Path, source: Path, *arguments: Any, **how: Any) -> sgns.Vectors:
    output = folder / "command.safetensors"
    usual = ["--lr", 0.04, "--min-lr", 0.0001, "--threads", 1, "--epochs", 2, "--min-count", 2, "--dim", 20]
    command("train", source, "-o", output, *usual, "--json", "--quiet", *arguments, folder=folder, **how)
    return sgns.load(output)


def files(folder: Path) -> Iterator[tuple[str, str]]:
    """Vector files: what is written, and what comes back."""
    v = made_vectors()
    for ending in ("safetensors", "bin", "txt", "glove", "vec", "tsv", "npz", "txt.gz", "bin.gz"):
        path = folder / f"v.{ending}"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            v.save(path)
            back = sgns.load(path)
        yield f"written: {ending}", written(path)
        yield f"read: {ending}", of_vectors(back)
        if ending not in ("safetensors", "npz", "tsv"):
            plain = gzip.decompress(path.read_bytes()) if ending.endswith(".gz") else path.read_bytes()
            torn = folder / f"torn.{ending.removesuffix('.gz')}"
            torn.write_bytes(plain[: len(plain) * 2 // 3])
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield f"repaired: {ending}", of_vectors(sgns.load(torn, repair=True))
    command("convert", "v.safetensors", "c.bin", "--normalize", "--restrict", 50, "--json", folder=folder)
    yield "convert --normalize --restrict", written(folder / "c.bin")
    command("convert", "v.safetensors", "c.npz", "--space", "E+C", "--all-but-the-top", 2, "--json", folder=folder)
    yield "convert --space E+C --all-but-the-top", written(folder / "c.npz")


def written(path: Path) -> str:
    """The content of a vector file, without the header that says who wrote it."""
    if path.suffix == ".safetensors":
        from safetensors.numpy import load_file

        arrays = load_file(path)
        return digest(*(part for name in sorted(arrays) for part in (name, arrays[name])))
    if path.suffix == ".npz":
        with np.load(path) as arrays:
            return digest(*(part for name in sorted(arrays) if name != "metadata" for part in (name, arrays[name])))
    beside = path.with_name(f"{path.stem}_metadata.tsv")
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return digest(content, beside.read_bytes() if path.suffix == ".tsv" else b"")


def questions(folder: Path) -> Iterator[tuple[str, str]]:
    """Answers, as Python gives them and as the command line does."""
    v = made_vectors()
    v.save(folder / "v.safetensors")
    for name, asked in {"in memory": v, "from a file": sgns.load(folder / "v.safetensors")}.items():
        yield (
            f"{name}: most_similar",
            digest(
                most_similar(asked, "w20", n=5),
                most_similar(asked, ["w20", "w41"], ["w60"], n=30),
                most_similar(asked, asked["w33"], n=3),
            ),
        )
        yield (
            f"{name}: most_similar_each",
            digest(most_similar_each(asked, ["w20", "w41", "мир"], n=7), most_similar_each(asked, v.E[:50], n=3)),
        )
        yield (
            f"{name}: analogy",
            digest(asked.analogy("w20", "w21", "w40"), asked.analogy("w20", "w21", "w40", method="mul")),
        )
        yield f"{name}: doesnt_match", digest(doesnt_match(asked, ["w20", "w21", "w22", "w300", "w23"]))
        yield (
            f"{name}: similarity, rank_of, closer_than",
            digest(asked.similarity("w20", "w21"), rank_of(asked, "w20", "w33"), asked.closer_than("w20", "w39")),
        )
        yield (
            f"{name}: other spaces",
            digest(
                *(most_similar(asked.space(which), "w20", n=4) for which in ("C", "E+C")),
                most_similar(asked.all_but_the_top(2), "w20", n=4),
                first(asked, "centroid")("w20 W34 nowhere w21"),
                asked.normalized().E,
            ),
        )
    for verb, *arguments in (
        ("similar", "w20", "w41", "--minus", "w60", "-n", 4),
        ("analogy", "w20", "w21", "w40", "--method", "mul"),
        ("odd", "w20", "w21", "w300"),
    ):
        answer = json.loads(command(verb, "v.safetensors", *arguments, "--json", folder=folder))
        yield f"command: {verb}", digest(answer["answers"])


def evaluation(folder: Path) -> Iterator[tuple[str, str]]:
    """Figures on made-up gold sets, unrounded, with their intervals and coverage; two models compared."""
    v, rng = made_vectors(), np.random.default_rng(3)
    other = sgns.Vectors(v.words, v.E + rng.normal(size=v.E.shape).astype("f4"), v.C, v.counts, v.metadata)
    v.save(folder / "v.safetensors")
    other.save(folder / "other.safetensors")
    pairs = [(*rng.choice(v.words[:300], 2), round(float(rng.uniform(0, 10)), 1)) for _ in range(120)]
    pairs += [("w20", "w21", 9.5), ("w21", "w20", 8), ("w20", "nowhere", 3), ("W20", "w22", 9)]
    (folder / "pairs.tsv").write_text("".join(f"{a}\t{b}\t{score}\n" for a, b, score in pairs))
    asked = [": first"] + [" ".join(f"w{k}" for k in rng.integers(20, 120, 4)) for _ in range(60)]
    asked += [": gram2"] + [f"w{k} w{k + 1} w{k + 100} w{k + 101}" for k in range(20, 60)] + ["w20 w21 w22 nowhere"]
    (folder / "asked.txt").write_text("\n".join(asked) + "\n")
    groups = [f"{word}\tgroup{k // 20}" for k, word in list(enumerate(v.words))[20:200:3]] + ["nowhere\tgroup1"]
    (folder / "groups.tsv").write_text("\n".join(groups) + "\n")
    sets = ["--similarity", "pairs.tsv", "--analogy", "asked.txt", "--categories", "groups.tsv", "--json"]
    found = json.loads(command("evaluate", "v.safetensors", *sets, folder=folder))
    for name in ("similarity", "analogy", "categories"):
        yield name, digest(found[name])
    options = ["--restrict", 100, "--method", "mul", "--duplicates", "merge", "--match-case", "--space", "E+C"]
    found = json.loads(command("evaluate", "v.safetensors", *sets, *options, folder=folder))
    yield "other options", digest([found[name] for name in ("similarity", "analogy", "categories")])
    models = ["v.safetensors", "other.safetensors"]
    yield "compare", digest(json.loads(command("compare", *models, *sets, folder=folder)))


GRAPHS = [
    ("x**2 * (c*x)", "x=2", "c=3"),
    ("s = sigmoid(x); s * (1 - s)", "x=1"),
    ("-log(sigmoid(dot(w, c))) - log(sigmoid(-dot(w, n)))", "w=[1,-2]", "c=[.5,3]", "n=[1,1]"),
    ("sum(a * v + 1) / tanh(x)", "a=2", "v=[1,2,3]", "x=.3"),
    ("relu(x) + exp(y)**2", "x=-2", "y=.1"),
]


def learn(folder: Path) -> Iterator[tuple[str, str]]:
    """Derivations, graphs, a step of SGD: formulas and numbers apart from the sentences around them."""
    for topic in ("parameters", "sigmoid", "loss", "gradients", "all"):
        found = json.loads(command("derive", topic, "--vocabulary", 1234, "--dim", 50, "--json", folder=folder))
        chains = found["derivations"]
        formulas = [[c["left"], [[s["formula"], s["latex"]] for s in c["steps"]], c["checked_by"]] for c in chains]
        yield f"derive {topic}: formulas", digest(formulas)
        yield (
            f"derive {topic}: sentences",
            digest([[c["title"], [s["reason"] for s in c["steps"]]] for c in chains], found["tables"]),
        )
    for expression, *at in GRAPHS:
        found = json.loads(command("graph", expression, "--at", *at, "--json", folder=folder))
        yield f"graph {expression}", digest(found)
        yield (
            f"graph {expression}: step 3, as text",
            digest(command("graph", expression, "--at", *at, "--step", 3, folder=folder)),
        )
    made_vectors().save(folder / "v.safetensors")
    found = json.loads(command("step", "w20", "w21", "--model", "v.safetensors", "--seed", 3, "--json", folder=folder))
    yield "step", digest(found)
    root = Path(sgns.__file__).parents[2]
    if (root / "analysis.py").exists():
        arguments = ["--vectors", "v.safetensors", "--save_vectors", "a.tsv", "--json", "--quiet"]
        said = json.loads(command(*arguments, start=[str(root / "analysis.py")], folder=folder))
        yield "analysis.py", digest(said)
        yield "analysis.py: --save_vectors", written(folder / "a.tsv")


GROUPS: dict[str, tuple[Callable[[Path], Iterator[tuple[str, str]]], bool]] = {
    # name: (its items, whether the width of the processor's vectors decides them)
    "text": (text, False),
    "files": (files, False),
    "questions": (questions, False),
    "evaluation": (evaluation, False),
    "learn": (learn, False),
    "train": (train, True),
}

# --- the command ------------------------------------------------------------------------------------------------------


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", action="store_true", help="keep the digests instead of comparing them")
    parser.add_argument("--only", nargs="+", choices=GROUPS, default=list(GROUPS), help="these groups alone")
    parser.add_argument("--lanes", type=int, choices=NARROWER, help="compile for a narrower processor than this one")
    parser.add_argument("--json", action="store_true", help="print the digests as JSON, compare nothing")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"NUMBA_CACHE_DIR": folder} | NARROWER.get(chosen.lanes, {})  # before Numba is imported
        signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background a shell has it ignored
        return run(chosen, lanes())


def run(chosen: argparse.Namespace, width: str) -> int:
    """Digest the chosen groups; record or compare."""
    made_with = {name: version(name) for name in ("numpy", "numba", "llvmlite", "torch", "sympy")}
    made_with |= {"python": platform.python_version(), "machine": platform.machine()}
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {"made with": {}}
    say = sys.stderr if chosen.json else sys.stdout
    print(f"sgns at {Path(sgns.__file__).parent}, {width}", file=say)
    for name, value in made_with.items():
        if not chosen.record and (kept := record["made with"].get(name, value)) != value:
            print(f"note: {name} is {value}, the record was made with {kept}", file=say)
    found: dict[str, Digests] = {}
    different = failed = 0
    for group in chosen.only:
        items, by_width = GROUPS[group]
        place = width if by_width else "any width"
        with tempfile.TemporaryDirectory() as folder:
            os.environ["SGNS_CACHE"] = str(Path(folder) / "cache")
            (Path(folder) / "work").mkdir()
            began = time.monotonic()
            try:
                for item, value in items(Path(folder) / "work"):
                    item = f"{group}: {item}"
                    found.setdefault(place, {})[item] = value
                    kept = record.get(place, {}).get(item)
                    word = "not recorded for this width" if kept is None else "same" if kept == value else "DIFFERENT"
                    different += word == "DIFFERENT"
                    word = "recorded" if chosen.record else word
                    print(f"{word:<10} {value}  {item}  ({time.monotonic() - began:.1f} s)", file=say, flush=True)
                    began = time.monotonic()
            except Exception:  # the other groups have their turn
                failed += 1
                traceback.print_exc()
                print(f"FAILED     {group}: what follows was not reached", file=say, flush=True)
    if chosen.json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return 1 if failed else 0
    if chosen.record:
        if failed:
            print("nothing is recorded: a group failed")
            return 1
        for place, digests in found.items():  # items of other groups and other widths stay
            groups = {item.partition(":")[0] for item in digests}
            rest = {
                item: value for item, value in record.get(place, {}).items() if item.partition(":")[0] not in groups
            }
            record[place] = rest | digests
        record["made with"] = made_with
        RECORD.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n")
        return 0
    missing = [
        item
        for place in found
        for item in record.get(place, {})
        if item.partition(":")[0] in chosen.only and item not in found[place]
    ]
    for item in missing:
        print(f"MISSING    {item}")
    wrong = {"different": different, "missing": len(missing), "groups failed": failed}
    said = ", ".join(f"{n} {what}" for what, n in wrong.items() if n)
    print(said or "everything recorded is the same")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())

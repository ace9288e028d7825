"""What gensim has and sgns has not: the error that says so."""


def missing(module: str, name: str) -> AttributeError:
    """The error for a name of gensim that is not here."""
    if name.startswith("__"):
        return AttributeError(f"module {module!r} has no attribute {name!r}")
    return AttributeError(
        f"module {module!r} has no attribute {name!r}: sgns takes the place of gensim's Word2Vec, FastText, Doc2Vec, "
        "KeyedVectors and Phrases; docs/from-gensim.md lists what is not here",
        name=name,
    )

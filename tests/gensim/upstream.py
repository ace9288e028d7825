"""A plugin for pytest: gensim's own tests, of an installed gensim, run on sgns.

    python -m pytest -c /dev/null -p upstream --pyargs gensim.test.test_word2vec        with tests/gensim in PYTHONPATH
"""

import sgns.gensim

sgns.gensim.install()

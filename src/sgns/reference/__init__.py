"""The readable implementations in PyTorch: samples in words (`data`), samples as tensors (`batches`), SGNS and its
training loop (`word2vec`). Its relatives change one part each: inputs of several rows (`windows`, `cbow`), inputs made
of n-grams (`subwords`), documents as inputs (`documents`), a tree in place of the negatives (`hierarchical`)."""

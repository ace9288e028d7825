"""The readable implementation of SGNS in PyTorch: samples in words (`data`), samples as tensors (`batches`), the model
and its training loop (`word2vec`)."""

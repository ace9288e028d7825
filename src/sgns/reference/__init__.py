"""SGNS to be read: samples in words (`data`), the model and its loop (`word2vec`), samples in tensors (`batches`)."""

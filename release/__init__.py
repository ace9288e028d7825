"""What is done before a version is published: `python -m release.oldest`, `python -m release.wheels`."""

"""Pages for the browser, one HTML file each: a computation graph and a training to step through."""

"""Opens pages in Chromium."""

import pytest


@pytest.fixture
def open_page(browser):
    """Opens a page from disk; fails when it throws, or asks for anything but itself."""
    pages, errors, requests = [], [], []

    def go(path, width=1280):
        page = browser.new_page(viewport={"width": width, "height": 800}, reduced_motion="reduce")
        pages.append(page)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: requests.append(request.url))
        page.goto(f"file://{path}")
        return page

    yield go
    for page in pages:
        page.close()
    assert errors == []
    assert len(requests) == len(pages)
    assert all(url.startswith("file://") for url in requests)

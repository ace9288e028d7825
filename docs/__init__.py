"""Pages for people; `docs.site` makes the site of them."""

// The search box: completions as you type, chosen with the arrow keys, flown to with Enter.

class Search {
  constructor(input, list, model, choose) {
    Object.assign(this, { input, list, model, choose, found: [], at: 0 });
    input.addEventListener("input", () => this.update());
    input.addEventListener("focus", () => this.update());
    input.addEventListener("blur", () => setTimeout(() => this.close(), 150));
    input.addEventListener("keydown", (event) => this.key(event));
  }

  update() {
    const text = this.input.value.trim();
    this.found = text ? this.model.complete(text) : [];
    this.at = 0;
    this.render(text);
  }

  render(text) {
    this.list.replaceChildren(
      ...this.found.map((id, i) => {
        const item = document.createElement("li");
        item.id = `completion-${i}`;
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", String(i === this.at));
        item.append(this.model.words[id]);
        const count = document.createElement("small");
        count.textContent = this.model.counts ? this.model.counts[id].toLocaleString("en") : `rank ${id + 1}`;
        item.append(count);
        item.addEventListener("mousedown", (event) => {
          event.preventDefault();
          this.take(i);
        });
        return item;
      }),
    );
    if (text && !this.found.length) {
      const item = document.createElement("li");
      item.className = "error";
      item.textContent = `${text} is not on this map`;
      this.list.append(item);
    }
    this.list.hidden = !text;
    this.input.setAttribute("aria-expanded", String(!!text));
    if (this.found.length) this.input.setAttribute("aria-activedescendant", `completion-${this.at}`);
    else this.input.removeAttribute("aria-activedescendant");
  }

  key(event) {
    const text = this.input.value.trim();
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const n = this.found.length;
      if (n) this.at = (this.at + (event.key === "ArrowDown" ? 1 : n - 1)) % n;
      this.render(text);
    } else if (event.key === "Enter" && this.found.length) {
      event.preventDefault();
      this.take(this.at);
    } else if (event.key === "Escape") {
      event.stopPropagation();
      this.input.value = "";
      this.close();
      this.input.blur();
    }
  }

  take(i) {
    const id = this.found[i];
    this.input.value = this.model.words[id];
    this.close();
    this.input.blur();
    this.choose(id);
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
  }
}

// The search box: completions while typing; arrow keys choose one, Enter shows it.

const MOST = 8;

// Returns the completions of the first model, then those of words that only the second has.
const completions = (text) => {
  const found = new Map();
  for (const model of models) {
    for (const id of model.complete(text, MOST)) {
      const seen = model.counts ? model.counts[id].toLocaleString("en") : `rank ${id + 1}`;
      if (!found.has(model.words[id])) found.set(model.words[id], { word: model.words[id], seen });
    }
  }
  return [...found.values()].slice(0, MOST);
};

class Search {
  constructor(input, list, choose) {
    Object.assign(this, { input, list, choose, found: [], at: 0 });
    input.addEventListener("input", () => this.update());
    input.addEventListener("focus", () => this.update());
    input.addEventListener("blur", () => setTimeout(() => this.close(), 150));
    input.addEventListener("keydown", (event) => this.key(event));
  }

  update() {
    const text = this.input.value.trim();
    this.found = text ? completions(text) : [];
    this.at = 0;
    this.render(text);
  }

  render(text) {
    this.list.replaceChildren(
      ...this.found.map(({ word, seen }, i) => {
        const item = document.createElement("li");
        item.id = `completion-${i}`;
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", String(i === this.at));
        item.append(word);
        const count = document.createElement("small");
        count.textContent = seen;
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
    const { word } = this.found[i];
    this.input.value = word;
    this.close();
    this.input.blur();
    this.choose(word);
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
  }
}

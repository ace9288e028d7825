// The panel beside the map: neighbours of a word, answers of an analogy, the words of a lasso.

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

class Panel {
  constructor(element, choose) {
    this.element = element;
    this.choose = choose;
  }

  // answers: [{ id, cosine }]
  list(pane, answers) {
    const rows = answers.map(({ id, cosine }) => {
      const bar = make("span", { className: "bar" }, make("i"));
      bar.firstChild.style.width = `${Math.max(0, cosine) * 100}%`;
      const button = make(
        "button",
        { type: "button", onclick: () => this.choose(pane, id) },
        make("span", { className: "word", textContent: pane.model.words[id] }),
        bar,
        make("span", { className: "value", textContent: cosine.toFixed(4) }),
      );
      return make("li", {}, button);
    });
    return make("ol", { className: "list answers" }, ...rows);
  }

  word(word, answers) {
    const parts = [make("h2", { textContent: word })];
    for (const { pane, id, found } of answers) {
      const { model } = pane;
      if (answers.length > 1) parts.push(make("h3", { textContent: model.name }));
      if (id === undefined) {
        parts.push(make("p", { textContent: "not among the words of this model" }));
        continue;
      }
      const count = model.counts ? `${model.counts[id].toLocaleString("en")} times in the text, ` : "";
      parts.push(make("p", { textContent: `${count}rank ${(id + 1).toLocaleString("en")}` }));
      parts.push(make("h3", { textContent: `Nearest of ${model.words.length.toLocaleString("en")} words, by cosine` }));
      parts.push(this.list(pane, found));
    }
    this.element.replaceChildren(...parts);
  }

  analogy(text, answers) {
    const parts = [make("h2", { textContent: text })];
    for (const { pane, found, error } of answers) {
      if (answers.length > 1) parts.push(make("h3", { textContent: pane.model.name }));
      parts.push(error ? make("p", { className: "error", textContent: error }) : this.list(pane, found));
    }
    this.element.replaceChildren(...parts);
  }

  group(pane, ids) {
    const { model } = pane;
    const name = make("input", { type: "text", value: model.words[ids[0]], ariaLabel: "Name of the group" });
    const save = make("button", { type: "button", textContent: "Download", id: "download" });
    save.onclick = () => {
      const title = name.value.trim().replace(/[:\s]+/g, " ") || "group";
      const text = `${title}: ${ids.map((id) => model.words[id]).join(" ")}\n`;
      const link = make("a", { download: `${title.replace(/[^\p{L}\p{N}_-]+/gu, "_")}.txt` });
      link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    };
    const rows = ids.slice(0, 500).map((id) => {
      const word = make("span", { className: "word", textContent: model.words[id] });
      return make("li", {}, make("button", { type: "button", onclick: () => this.choose(pane, id) }, word));
    });
    const more = ids.length > 500 ? [make("p", { textContent: `and ${(ids.length - 500).toLocaleString("en")} more in the file` })] : [];
    this.element.replaceChildren(
      make("h2", { textContent: `${ids.length.toLocaleString("en")} words` }),
      make("div", { className: "group" }, name, save),
      make("p", { textContent: "The file is one line, name: words. sgns map --colour and sgns plot --words read it." }),
      make("ol", { className: "list group-words" }, ...rows),
      ...more,
    );
  }

  wait(text) {
    this.element.replaceChildren(make("h2", { textContent: text }), make("p", { textContent: "Reading the vectors …" }));
  }

  overview() {
    const total = models.map((model) => model.words.length.toLocaleString("en")).join(" and ");
    this.element.replaceChildren(
      make("h2", { textContent: `${total} words` }),
      make("p", { textContent: `${DATA.note}. Click a word for its nearest neighbours, or press / to find one.` }),
      make("p", { textContent: "Press ? for help." }),
    );
  }
}

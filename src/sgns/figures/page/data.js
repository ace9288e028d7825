// The models of this page: words, coordinates, colours; neighbours and analogies computed from their vectors.

const bytesOf = (text) => {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return bytes;
};
const numbers = (text, Kind) => new Kind(bytesOf(text).buffer);

// Returns the text of an element and removes the element, which frees its memory.
const takeText = (id) => {
  const element = document.getElementById(id);
  const text = element.textContent;
  element.remove();
  return text;
};

class Model {
  constructor(raw, number) {
    this.name = raw.name;
    this.words = raw.words;
    this.counts = raw.counts;
    this.dim = raw.dim;
    this.row = new Map(raw.words.map((word, i) => [word, i]));
    this.folded = null; // words in lower case, computed at the first search
    const xy = numbers(raw.xy, Float32Array);
    this.x = Float32Array.from({ length: raw.words.length }, (_, i) => xy[2 * i]);
    this.y = Float32Array.from({ length: raw.words.length }, (_, i) => xy[2 * i + 1]);
    this.colourings = raw.colourings.map((each) => ({ ...each, of: bytesOf(each.of) }));
    this.number = number;
    this.unit = null; // computed when first needed, so that the page opens at once
  }

  // Returns the unit rows (n, d): (256 · high + low) · scale, scaled to length 1; a zero row stays zero.
  vectors() {
    if (this.unit) return this.unit;
    const high = numbers(takeText(`high-${this.number}`), Int16Array);
    const low = bytesOf(takeText(`low-${this.number}`));
    const scales = numbers(takeText(`scales-${this.number}`), Float32Array);
    const { dim } = this;
    const unit = new Float32Array(high.length);
    for (let i = 0; i < scales.length; i++) {
      let square = 0;
      for (let j = i * dim; j < (i + 1) * dim; j++) {
        const value = (256 * high[j] + low[j]) * scales[i];
        unit[j] = value;
        square += value * value;
      }
      const length = Math.sqrt(square) || 1;
      for (let j = i * dim; j < (i + 1) * dim; j++) unit[j] /= length;
    }
    this.unit = unit;
    return unit;
  }

  // Returns the n words nearest to Σ weight · unit row of the terms, without these: [{ id, cosine }], nearest first.
  mostSimilar(terms, n = 10) {
    const unit = this.vectors();
    const { dim } = this;
    const query = new Float64Array(dim);
    for (const { id, weight } of terms) {
      for (let j = 0; j < dim; j++) query[j] += weight * unit[id * dim + j];
    }
    const length = Math.hypot(...query);
    if (!(length > 1e-6)) return [];
    const asked = new Set(terms.map((term) => term.id));
    const best = []; // nearest first; ties in the order of rows
    for (let i = 0, at = 0; i < this.words.length; i++, at += dim) {
      let dot = 0;
      for (let j = 0; j < dim; j++) dot += query[j] * unit[at + j];
      const cosine = dot / length;
      if (best.length === n && cosine <= best[n - 1].cosine) continue;
      if (asked.has(i)) continue;
      let position = best.length;
      while (position > 0 && best[position - 1].cosine < cosine) position--;
      best.splice(position, 0, { id: i, cosine: Math.max(-1, Math.min(1, cosine)) });
      if (best.length > n) best.pop();
    }
    return best;
  }

  // Returns up to n words that begin with `text`, then words that contain it, the most frequent first.
  complete(text, n) {
    this.folded ??= this.words.map((word) => word.toLowerCase());
    const asked = text.toLowerCase();
    const begins = [];
    const contains = [];
    if (this.row.has(text)) begins.push(this.row.get(text));
    for (let i = 0; i < this.words.length && begins.length < n; i++) {
      const found = this.folded[i].indexOf(asked);
      if (found === 0) {
        if (i !== begins[0]) begins.push(i);
      } else if (found > 0 && contains.length < n) contains.push(i);
    }
    return [...begins, ...contains].slice(0, n);
  }
}

// Parses `king - man + woman` into terms; throws a message for the user. Signs need blanks around them, since words may
// contain hyphens.
const parseAnalogy = (text, model) => {
  const terms = [];
  let weight = 1;
  let wantsWord = true;
  for (const token of text.trim().split(/\s+/)) {
    if (token === "+" || token === "-" || token === "−") {
      if (wantsWord && terms.length) throw new Error(`a word is missing before ${token}`);
      weight = token === "+" ? 1 : -1;
      wantsWord = true;
      continue;
    }
    if (!wantsWord) throw new Error(`a + or - is missing before ${token}`);
    const id = model.row.get(token) ?? model.row.get(token.toLowerCase());
    if (id === undefined) throw new Error(`${token} is not on this map`);
    terms.push({ id, weight });
    wantsWord = false;
  }
  if (wantsWord) throw new Error("a word is missing at the end");
  return terms;
};

const DATA = JSON.parse(takeText("data"));
const models = DATA.models.map((raw, number) => new Model(raw, number));

// The list of recipients of a policy: a search field that suggests people, groups and domains, and one row for each
// recipient with what they may do and until when.  Its markup is templates/pages/_recipients_editor.html.

const WAIT = 150; // Milliseconds without a key before the service is asked.
const ADDRESS = /^[^\s@]+@[^\s@]+$/;
const DOMAIN = /^(?:@|domain:)(?<domain>[^\s@]+\.[^\s@]+)$/;

const element = (name, properties, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

export class RecipientsEditor {
  #root; #input; #list; #level; #rows; #template; #suggest; #changed;
  #entries = new Map(); // By who they are: { rights, until, name, address, meaning }; until is the last day, "" for no end.
  #shown = [];
  #active = -1;
  #asking = null;
  #timer = 0;

  /** `suggest(text, signal)` returns suggestions as the API does; `changed()` is called after each change. */
  constructor(root, { suggest, changed = () => {} }) {
    this.#root = root;
    this.#suggest = suggest;
    this.#changed = changed;
    this.#input = root.querySelector("[role=combobox]");
    this.#list = root.querySelector("[role=listbox]");
    this.#level = root.querySelector("[data-level]");
    this.#rows = root.querySelector("[data-rows]");
    this.#template = root.querySelector("template");
    this.#input.addEventListener("input", () => this.#typed());
    this.#input.addEventListener("keydown", (event) => this.#pressed(event));
    this.#input.addEventListener("blur", () => this.#close());
    this.#list.addEventListener("pointerdown", (event) => event.preventDefault()); // The field keeps the focus.
    this.#list.addEventListener("click", ({ target }) => this.#choose([...this.#list.children].indexOf(target.closest("[role=option]"))));
    root.querySelector("[data-add]").addEventListener("click", () => this.addTyped() && this.#input.focus());
    root.hidden = false;
  }

  get entries() {
    return [...this.#entries].map(([who, { rights, until }]) => ({ who, rights, until }));
  }

  get names() {
    return [...this.#entries.values()].map(({ name }) => name);
  }

  get hasText() {
    return this.#input.value.trim() !== "";
  }

  /** Name a recipient who is known already; a stored entry, say, whose rights may be those of no level. */
  put({ who, rights, until }) {
    const name = this.#named(who);
    this.#entries.set(who, { rights, until, name, address: name, meaning: "" });
    this.#show();
  }

  clear() {
    this.#entries.clear();
    this.#show();
  }

  /** Say at an entry's row what is wrong with it, until it is mended or removed; false if there is no such row. */
  blame(who, text, control = "button") {
    if (!this.#entries.has(who)) return false;
    this.#entries.get(who).wrong = text;
    this.#show();
    this.#rowOf(who).querySelector(control).focus();
    return true;
  }

  #rowOf(who) {
    return [...this.#rows.children].find((one) => one.dataset.who === who);
  }

  /** Say that the list has changed, after `put` did it. */
  tell() {
    this.#changed();
  }

  /** Add what stands in the field; false, with the mistake shown, when it names nobody. */
  addTyped() {
    const text = this.#input.value.trim().toLowerCase();
    const parsed = this.#parsed(text);
    const called = this.#shown.filter(({ kind, address, name }) => kind !== "slip" && [address, name].some((one) => one.toLowerCase() === text));
    // Two people may have one name; which of them is meant, the person has to choose.
    const known = this.#shown.find(({ who }) => who === parsed) ?? (called.length === 1 ? called[0] : null);
    const who = known?.who ?? parsed;
    if (!who) return this.#complain(this.#root.dataset.wrong);
    return this.#add(known ?? { who, name: this.#named(who), address: this.#named(who), meaning: "" });
  }

  #parsed(text) {
    const domain = DOMAIN.exec(text)?.groups.domain;
    if (domain) return `domain:${domain}`;
    return ADDRESS.test(text) ? `address:${text}` : null;
  }

  #named(who) {
    const { organization, organizationName, everybodyAt, anybody } = this.#root.dataset;
    if (who === `organization:${organization}`) return organizationName;
    if (who === "authenticated") return anybody;
    if (who.startsWith("domain:")) return everybodyAt.replace("{domain}", who.slice(7));
    return who.replace(/^address:/, "");
  }

  #add({ who, name, address, meaning }) {
    if (this.#entries.has(who)) {
      this.#rowOf(who).querySelector("select").focus();
      return this.#complain(this.#root.dataset.twice.replace("{name}", name));
    }
    this.#entries.set(who, { rights: this.#level.value, until: "", name, address, meaning });
    this.#input.value = "";
    this.#close();
    this.#complain("");
    this.#show();
    this.#changed();
    return true;
  }

  #complain(text) {
    this.#root.querySelector("[role=alert]").textContent = text;
    this.#input.setAttribute("aria-invalid", String(Boolean(text)));
    return false;
  }

  // The rows

  #show() {
    this.#rows.replaceChildren(...[...this.#entries].map(([who, entry]) => this.#row(who, entry)));
  }

  #row(who, { rights, until, name, address, meaning, wrong = "" }) {
    const row = this.#template.content.cloneNode(true).firstElementChild;
    row.dataset.who = who;
    row.querySelector("[data-name]").textContent = name;
    row.querySelector("[data-meaning]").textContent = [address === name ? "" : address, meaning].filter(Boolean).join(" · ");
    const select = row.querySelector("select");
    select.append(...[...this.#level.options].map(({ value, text }) => new Option(text, value)));
    if (![...select.options].some(({ value }) => value === rights)) select.append(new Option(rights, rights));
    select.value = rights;
    select.setAttribute("aria-label", select.dataset.label.replace("{name}", name));
    select.addEventListener("change", () => {
      this.#entries.get(who).rights = select.value;
      this.#changed();
    });
    const day = row.querySelector("input");
    day.value = until;
    day.setAttribute("aria-label", day.dataset.label.replace("{name}", name));
    day.addEventListener("change", () => {
      Object.assign(this.#entries.get(who), { until: day.value, wrong: "" });
      row.querySelector(".errors")?.remove();
      this.#changed();
    });
    const remove = row.querySelector("button");
    remove.setAttribute("aria-label", remove.dataset.label.replace("{name}", name));
    if (wrong) {
      const said = element("p", { className: "errors", id: `${this.#list.id}_wrong_entry` }, wrong);
      row.append(said);
      remove.setAttribute("aria-describedby", said.id);
    }
    remove.addEventListener("click", () => {
      this.#entries.delete(who);
      if (wrong) this.#input.value = address; // It is mended rather than written again.
      this.#show();
      this.#changed();
      this.#input.focus();
    });
    return row;
  }

  // The suggestions

  #typed() {
    this.#complain("");
    clearTimeout(this.#timer);
    this.#asking?.abort();
    const text = this.#input.value.trim();
    if (text.length < 2) return this.#close();
    this.#timer = setTimeout(() => this.#ask(text), WAIT);
  }

  async #ask(text) {
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    // Without suggestions the field still takes addresses, so a service that does not answer is no mistake here.
    const found = await this.#suggest(text, signal).catch(() => []);
    if (signal.aborted || document.activeElement !== this.#input) return;
    this.#shown = found;
    this.#active = -1;
    this.#list.replaceChildren(
      ...found.map(({ name, address, meaning, kind }, number) => {
        const second = [address === name ? "" : address, meaning].filter(Boolean).join(" · ");
        const option = element("li", { id: `${this.#list.id}_${number}`, className: kind }, element("strong", {}, name), element("span", { className: "soft" }, second));
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        return option;
      }),
    );
    this.#list.hidden = !found.length;
    this.#input.setAttribute("aria-expanded", String(found.length > 0));
  }

  #close() {
    clearTimeout(this.#timer);
    this.#asking?.abort();
    this.#list.hidden = true;
    this.#active = -1;
    this.#input.setAttribute("aria-expanded", "false");
    this.#input.removeAttribute("aria-activedescendant");
  }

  #choose(number) {
    if (number >= 0) this.#add(this.#shown[number]);
  }

  #move(step) {
    const options = [...this.#list.children];
    this.#active = (this.#active + step + options.length + (this.#active < 0 && step < 0 ? 1 : 0)) % options.length;
    options.forEach((option, number) => option.setAttribute("aria-selected", String(number === this.#active)));
    options[this.#active].scrollIntoView({ block: "nearest" });
    this.#input.setAttribute("aria-activedescendant", options[this.#active].id);
  }

  #pressed(event) {
    const open = !this.#list.hidden;
    if (event.key === "Enter") {
      event.preventDefault();
      if (open && this.#active >= 0) this.#choose(this.#active);
      else if (this.hasText) this.addTyped();
    } else if (open && event.key === "Escape") {
      this.#close();
    } else if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      this.#move(event.key === "ArrowDown" ? 1 : -1);
    }
  }
}

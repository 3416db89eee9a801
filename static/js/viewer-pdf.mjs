// Shows a PDF file in the frame of the viewer by PDF.js, which runs no script of the document and follows no link.  Pages
// are drawn when they come into sight and dropped when they are far from it, so that long files need little memory.

const MOST_PIXELS = 2 ** 26; // Of one picture in a file; larger ones are left out.
const MOST_CANVAS_BYTES = 2 ** 28;
const NEAR = "150% 0%"; // How far from sight a page is kept drawn.

const element = (name, className) => Object.assign(document.createElement(name), { className });

/** Tables and decoders that PDF.js asks for by name: the frame has no network, so the page fetches them. */
function factory(ask) {
  return class {
    async fetch({ kind, filename }) {
      return ask({ kind, filename });
    }
  };
}

class Sheet {
  constructor(pdf, TextLayer, number, size, title) {
    Object.assign(this, { pdf, TextLayer, number, drawing: null });
    this.node = element("section", "sheet");
    this.node.setAttribute("aria-label", title.replace("{number}", number).replace("{count}", pdf.numPages));
    this.#fit(size);
  }

  #fit({ width, height }) {
    this.node.style.setProperty("--width", `${width}px`);
    this.node.style.setProperty("aspect-ratio", `${width} / ${height}`);
  }

  draw() {
    this.drawing ??= this.#draw().catch(() => { this.drawing = null; });
    return this.drawing;
  }

  async #draw() {
    const page = await this.pdf.getPage(this.number);
    this.#fit(page.getViewport({ scale: 1 }));
    const scale = this.node.clientWidth / page.getViewport({ scale: 1 }).width;
    const viewport = page.getViewport({ scale });
    const density = Math.min(devicePixelRatio || 1, 3);
    const canvas = element("canvas", "");
    canvas.width = Math.floor(viewport.width * density);
    canvas.height = Math.floor(viewport.height * density);
    canvas.setAttribute("aria-hidden", "true");
    const transform = density === 1 ? undefined : [density, 0, 0, density, 0, 0];
    await page.render({ canvas, viewport, transform }).promise;
    const text = element("div", "textLayer");
    this.node.style.setProperty("--total-scale-factor", `${scale}`);
    this.node.replaceChildren(canvas, text);
    await new this.TextLayer({ textContentSource: page.streamTextContent(), container: text, viewport }).render();
    page.cleanup();
  }

  drop() {
    this.drawing = null;
    const canvas = this.node.querySelector("canvas");
    if (canvas) canvas.width = canvas.height = 0; // Frees the pixels at once.
    this.node.replaceChildren();
  }
}

/** Return an element that shows the file, and a function that draws every page, for printing. */
export async function showPdf(parts, { library, worker, title, ask }) {
  const [{ getDocument, TextLayer }, handler] = await Promise.all([import(library), import(worker)]);
  globalThis.pdfjsWorker = handler; // A frame without an origin can start no worker; its work is done here.
  const data = new Uint8Array(await new Blob(parts).arrayBuffer());
  const pdf = await getDocument({
    data,
    verbosity: 0, // What is wrong with a document is no fault of this page.
    BinaryDataFactory: factory(ask),
    cMapUrl: "cmaps/", // What is asked for goes by kind; the addresses only have to be there.
    standardFontDataUrl: "fonts/",
    wasmUrl: "wasm/",
    useWorkerFetch: false,
    useSystemFonts: false,
    enableXfa: false,
    disableWorkerRendering: true,
    maxImageSize: MOST_PIXELS,
    canvasMaxAreaInBytes: MOST_CANVAS_BYTES,
  }).promise;
  const first = (await pdf.getPage(1)).getViewport({ scale: 1 });
  const sheets = Array.from({ length: pdf.numPages }, (_, index) => new Sheet(pdf, TextLayer, index + 1, first, title));
  const byNode = new Map(sheets.map((sheet) => [sheet.node, sheet]));
  const seen = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) byNode.get(target)[isIntersecting ? "draw" : "drop"]();
    },
    { rootMargin: NEAR },
  );
  const made = element("div", "pages");
  made.append(...sheets.map(({ node }) => node));
  for (const { node } of sheets) seen.observe(node);
  return {
    made,
    drawAll: async () => {
      seen.disconnect();
      for (const sheet of sheets) await sheet.draw();
    },
  };
}

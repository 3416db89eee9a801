// Takes a sealed file from the page that carries it, in a file of the person's own, and goes on to the page that opens files.
//
// Whoever opened this window is unknown and stays so: a file on a disk has no origin.  Therefore nothing is read here, the
// next page asks the person, and that page is out of the opener's reach (its Cross-Origin-Opener-Policy).

import { keepHanded } from "./chancery-handed.mjs";

const MOST = 12 * 1024 ** 2;
const { opener } = window;

window.addEventListener("message", async ({ source, data }) => {
  const sealed = data?.sealed;
  if (!opener || source !== opener || !(sealed instanceof Uint8Array) || sealed.length > MOST) return;
  await keepHanded(new Blob([sealed]));
  window.location.replace("/open/");
});

document.getElementById(opener ? "waiting" : "nothing").hidden = false;
opener?.postMessage("chancery-ready", "*");

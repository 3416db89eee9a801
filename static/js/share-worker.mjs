// Keeps a file that the system's share menu hands to the installed app, in the browser.  It acts on this one address, answers
// nothing else and caches nothing; the page that opens files asks the person then.

import { keepHanded } from "/static/js/chancery-handed.mjs";

async function keep(request) {
  const file = (await request.formData()).get("file");
  if (file instanceof File) await keepHanded(file);
  return Response.redirect("/open/", 303);
}

self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method === "POST" && new URL(url).pathname === "/open/shared/") event.respondWith(keep(event.request));
});
